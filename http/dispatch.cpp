#include "http/dispatch.hpp"

#include "http/entrance.hpp"
#include "http/fields.hpp"
#include "http/members.hpp"
#include "http/problem.hpp"

#include <algorithm>
#include <exception>

namespace pawl::http {

namespace {

constexpr std::size_t reason_max = 4096;

bool is_known_parameter(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    auto known = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (known == name)
      return true;
    if (known.ends_with('*')) {
      known.remove_suffix(1);
      if (name.size() > known.size() && name.starts_with(known))
        return true;
    }
  }
  return false;
}

void check_parameters(const route& by, const target& where,
                      fault_list& faults) {
  const auto& given = where.parameters;
  for (auto p = given.begin(); p != given.end(); ++p) {
    const auto& name = p->first;
    if (!is_known_parameter(by.parameters, name))
      faults.add(errc::invalid_request, "",
                 "The query parameter `" + name + "` is not known here.");
    else if (std::any_of(given.begin(), p,
                         [&](const auto& q) { return q.first == name; }))
      faults.add(errc::invalid_request, "",
                 "The query parameter `" + name + "` stands twice.");
    else if (name == "reason" && p->second.size() > reason_max)
      faults.add(errc::invalid_request, "",
                 "The query parameter `reason` is longer than "
                   + std::to_string(reason_max) + " bytes.");
  }
}

// Why the body cannot be read here; "" if it can.
std::string body_fault(const route& by, const request& message) {
  const auto encoding = trimmed(message["Content-Encoding"]);
  if (!encoding.empty() && !same_word(encoding, "identity"))
    return "Content-Encoding is not read here; send the body as it is.";
  const auto type = media_type(message["Content-Type"]);
  switch (by.body) {
  case body_kind::json:
    if (!is_json_type(type))
      return "The body must be declared as application/json.";
    break;
  case body_kind::definition:
    if (!type.empty() && !is_json_type(type) && !is_yaml_type(type))
      return "A definition is application/yaml or application/json.";
    break;
  case body_kind::form:
    if (!same_word(type, "application/x-www-form-urlencoded"))
      return "The body must be application/x-www-form-urlencoded.";
    break;
  case body_kind::none:
  case body_kind::event:
    break;
  }
  return {};
}

response method_problem(const router::match& match, const target& where) {
  auto out = problem(refused::method_not_allowed,
                     "This path answers to " + match.allowed + ".", where.path);
  out.fields.emplace_back("Allow", match.allowed);
  return out;
}

std::optional<response> refuse_route(const router::match& match,
                                     const target& where) {
  if (match.found != nullptr)
    return std::nullopt;
  if (!match.allowed.empty())
    return method_problem(match, where);
  return problem(error{errc::not_found, "There is nothing at this path."},
                 where.path);
}

std::optional<response> refuse_origin(const request& message,
                                      const target& where,
                                      const listening_place& at) {
  if (const auto fault = check_origin(message, at))
    return problem(fault->host ? refused::forbidden_host
                               : refused::forbidden_origin,
                   fault->detail, where.path);
  return std::nullopt;
}

// Checks what the route's line says about query and body.
std::optional<response> refuse_form(const route& by, const request& message,
                                    const target& where) {
  fault_list faults;
  check_parameters(by, where, faults);
  if (by.body == body_kind::none && !message.body.empty())
    faults.add(errc::invalid_request, "", "No body belongs here.");
  if (!faults.empty())
    return problem(std::move(faults).to_error(), where.path);
  if (message.body.empty())
    return std::nullopt;
  if (const auto why = body_fault(by, message); !why.empty())
    return problem(refused::unsupported_media_type, why, where.path);
  return std::nullopt;
}

} // namespace

response answer_response(const actors::answer& said) {
  response out{.status = said.status,
               .type = said.body.empty() ? "" : "application/json",
               .body = said.body,
               .fields = {}};
  if (!said.location.empty())
    out.fields.emplace_back("Location", said.location);
  if (said.etag)
    out.fields.emplace_back("ETag", "\"" + std::to_string(*said.etag) + "\"");
  if (said.replayed)
    out.fields.emplace_back("Idempotency-Replayed", "true");
  return out;
}

outcome refuse(error why, const call& from) {
  return problem(std::move(why), from.where.path);
}

dispatched dispatch(const service& serve, const request& message,
                    const target& where, const listening_place& at,
                    const access::peer& peer) {
  if (auto no = refuse_origin(message, where, at))
    return {nullptr, std::move(*no)};
  auto match = serve.table.find(message.method, where.segments);
  if (auto no = refuse_route(match, where))
    return {nullptr, std::move(*no)};
  auto entered = enter(serve, message, where, match, peer);
  if (auto* no = std::get_if<response>(&entered))
    return {match.found, std::move(*no)};
  if (auto no = refuse_form(*match.found, message, where))
    return {match.found, std::move(*no)};
  auto& let_in = std::get<entrance>(entered);
  const call from{
    message,       where,      std::move(match.names), serve.daemon,
    serve.options, let_in.who, std::move(let_in.by),   serve.places};
  try {
    dispatched out{match.found, match.found->handle(from)};
    if (auto* followed = std::get_if<stream>(&out.what);
        followed != nullptr && from.who != nullptr)
      followed->stands = [who = from.who, &daemon = serve.daemon] {
        return daemon.stands(*who);
      };
    return out;
  } catch (const std::exception& failure) {
    return {match.found,
            problem(error{errc::internal, failure.what()}, where.path)};
  }
}

std::optional<response>
refuse_early(const service& serve, const request& message, const target& where,
             const listening_place& at, const access::peer& from) {
  if (auto no = refuse_origin(message, where, at))
    return no;
  const auto match = serve.table.find(message.method, where.segments);
  if (auto no = refuse_route(match, where))
    return no;
  auto entered = enter(serve, message, where, match, from);
  if (auto* no = std::get_if<response>(&entered))
    return std::move(*no);
  if (const auto why = body_fault(*match.found, message); !why.empty())
    return problem(refused::unsupported_media_type, why, where.path);
  return std::nullopt;
}

} // namespace pawl::http
