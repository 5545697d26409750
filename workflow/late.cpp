#include "workflow/late.hpp"

#include <algorithm>

namespace pawl {

namespace {

/// One entry of the member `late`.
struct late_value {
  std::string_view at;
  const expression::program* program = nullptr;
  const json::value* data = nullptr;
  const json::object* variables = nullptr;
};

error foreign() {
  return {errc::internal, "The late values of the arguments do not belong to "
                          "this definition."};
}

result<late_value> read_entry(const json::value& entry, const definition& of) {
  const auto* fields = entry.if_object();
  if (fields == nullptr)
    return foreign();
  const auto* at = fields->if_contains("at");
  const auto* place = fields->if_contains("place");
  if (at == nullptr || !at->is_string() || place == nullptr
      || !place->is_string())
    return foreign();
  const auto found
    = of.late.find(std::string{std::string_view{place->get_string()}});
  if (found == of.late.end()
      || found->second->runs_on() != expression::engine::native)
    return foreign();
  late_value out{.at = at->get_string(), .program = found->second.get()};
  out.data = fields->if_contains("data");
  if (const auto* named = fields->if_contains("variables"))
    out.variables = named->if_object();
  return out;
}

result<std::vector<late_value>> entries_of(const json::object& arguments,
                                           const definition& of) {
  std::vector<late_value> out;
  const auto* all = arguments.if_contains("late");
  if (all == nullptr)
    return out;
  if (!all->is_array())
    return foreign();
  for (const auto& entry : all->get_array()) {
    auto read = read_entry(entry, of);
    if (!read)
      return read.error();
    out.push_back(*read);
  }
  return out;
}

/// What late expressions see, and what they may use up together.
struct sight {
  json::value secrets;
  const json::value& authorization;
  timestamp now;
  expression::budget left = {};
};

result<json::value> value_of(const late_value& what, sight& in) {
  std::vector<expression::variable> variables;
  if (what.variables != nullptr)
    for (const auto& named : *what.variables)
      variables.push_back({named.key(), &named.value()});
  variables.push_back({"secrets", &in.secrets});
  variables.push_back({"authorization", &in.authorization});
  const json::value nothing;
  auto value
    = expression::evaluate(*what.program,
                           {.data = what.data == nullptr ? &nothing : what.data,
                            .variables = variables,
                            .now = in.now},
                           in.left);
  if (value)
    return std::move(*value);
  // jq's messages quote what they complain about, so none of it is shown.
  constexpr std::size_t shown = 200;
  return error{errc::invalid_input, "The expression at " + std::string{what.at}
                                      + " fails on the secrets that it reads: "
                                      + what.program->text().substr(0, shown)};
}

/// Puts the value of `what` into `root`, whose own pointer is the first
/// `depth` characters of `what.at`.
result<> place(json::value& root, std::size_t depth, const late_value& what,
               sight& in) {
  auto value = value_of(what, in);
  if (!value)
    return value.error();
  boost::system::error_code missing;
  auto* spot = root.find_pointer(what.at.substr(depth), missing);
  if (spot == nullptr)
    return foreign();
  *spot = std::move(*value);
  return {};
}

bool stands_in(std::string_view at, std::string_view part) {
  return at.starts_with(part)
         && (at.size() == part.size() || at[part.size()] == '/');
}

} // namespace

std::vector<std::string> secrets_read(const definition& of,
                                      const json::object& arguments) {
  std::vector<std::string> names;
  const auto late = entries_of(arguments, of);
  if (!late)
    return names; // reveal() says so.
  for (const auto& each : *late)
    for (const auto& use : each.program->variables()) {
      if (use.name != "secrets")
        continue;
      const auto& read = use.whole ? of.secrets : use.keys;
      names.insert(names.end(), read.begin(), read.end());
    }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

result<json::object> reveal(json::object arguments, const definition& of,
                            const json::object& secrets,
                            const json::value& authorization, timestamp now) {
  const auto late = entries_of(arguments, of);
  if (!late)
    return late.error();
  // The entries point into the member, so it has to live until they are done.
  const auto* member = arguments.if_contains("late");
  if (member == nullptr)
    return arguments;
  json::object rest;
  for (auto& each : arguments)
    if (each.key() != "late")
      rest.emplace(each.key(), std::move(each.value()));
  json::value root = std::move(rest);
  sight in{.secrets = json::value(secrets),
           .authorization = authorization,
           .now = now};
  for (const auto& each : *late)
    if (auto done = place(root, 0, each, in); !done)
      return done.error();
  if (!root.is_object())
    return error{errc::invalid_input,
                 "The expression over secrets that stands for all of the "
                 "arguments yields no object."};
  return std::move(root.get_object());
}

result<json::value> reveal_part(const json::object& arguments,
                                std::string_view at, const definition& of,
                                const json::object& secrets, timestamp now) {
  const auto late = entries_of(arguments, of);
  if (!late)
    return late.error();
  json::value part;
  std::string_view key = at;
  const json::object* holder = &arguments;
  const json::value* found = nullptr;
  // Our pointers here are member names without escapes: "/document/
  // authentication".
  while (!key.empty() && holder != nullptr) {
    key.remove_prefix(1);
    const auto end = std::min(key.find('/'), key.size());
    found = holder->if_contains(key.substr(0, end));
    key.remove_prefix(end);
    holder = found == nullptr ? nullptr : found->if_object();
  }
  if (found == nullptr || !key.empty())
    return part;
  part = *found;
  const json::value unknown;
  sight in{
    .secrets = json::value(secrets), .authorization = unknown, .now = now};
  for (const auto& each : *late)
    if (stands_in(each.at, at))
      if (auto done = place(part, at.size(), each, in); !done)
        return done.error();
  return part;
}

} // namespace pawl
