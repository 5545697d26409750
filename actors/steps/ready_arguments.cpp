#include "actors/steps/ready_arguments.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

denied failed(const error& why) {
  return {why.code == errc::invalid_input ? error_kind::expression
                                          : error_kind::runtime,
          why.detail};
}

std::optional<denied> forbidden(const definition& of, std::string_view name) {
  if (std::ranges::find(of.secrets, name) != of.secrets.end())
    return std::nullopt;
  return denied{error_kind::authorization,
                "The workflow does not name the secret '" + std::string{name}
                  + "' in `use.secrets`."};
}

/// The secrets that `arguments` read, by name.
std::variant<json::object, denied> find_secrets(const secrets::vault& vault,
                                                const definition& of,
                                                const json::object& arguments) {
  json::object out;
  for (const auto& name : secrets_read(of, arguments)) {
    if (auto no = forbidden(of, name))
      return std::move(*no);
    auto value = vault.find(name);
    if (!value)
      return denied{error_kind::authorization, value.error().detail};
    out.emplace(name, std::move(*value));
  }
  return out;
}

/// All that is known once the secrets are.
struct errand {
  definition_ptr of;
  json::object arguments;
  json::object secrets;
  std::function<void(std::variant<ready_arguments, denied>)> then;

  void finish(std::optional<authorized> access) {
    const json::value nothing;
    auto out = reveal(std::move(arguments), *of, secrets,
                      access ? access->authorization : nothing, clock::now());
    if (!out)
      return then(failed(out.error()));
    json::array hidden;
    for (auto& each : secrets)
      hidden.push_back(std::move(each.value()));
    if (access)
      hidden.insert(hidden.end(), access->secrets.begin(),
                    access->secrets.end());
    then(
      ready_arguments{std::move(*out), std::move(access), std::move(hidden)});
  }
};

} // namespace

void make_ready(
  const access_to& from, json::object arguments, definition_ptr of,
  std::string_view at,
  std::function<void(std::variant<ready_arguments, denied>)> then) {
  auto found = find_secrets(from.vault, *of, arguments);
  if (auto* no = std::get_if<denied>(&found))
    return then(std::move(*no));
  auto what = std::make_shared<errand>(
    errand{std::move(of), std::move(arguments),
           std::get<json::object>(std::move(found)), std::move(then)});
  json::value how;
  if (!at.empty()) {
    auto part = reveal_part(what->arguments, at, *what->of, what->secrets,
                            clock::now());
    if (!part)
      return what->then(failed(part.error()));
    how = std::move(*part);
  }
  if (how.is_null())
    return what->finish(std::nullopt);
  if (!how.is_object())
    return what->then(
      denied{error_kind::authentication, "The authentication is no object."});
  const auto& authentication = how.get_object();
  if (const auto* use = authentication.if_contains("use");
      use != nullptr && use->is_string())
    if (auto no = forbidden(*what->of, use->get_string()))
      return what->then(std::move(*no));
  from.authorizations.authorize(
    authentication, what->of->id.ns, [what](authorizer::outcome out) {
      if (auto* no = std::get_if<denied>(&out))
        return what->then(std::move(*no));
      what->finish(std::get<authorized>(std::move(out)));
    });
}

} // namespace pawl::actors
