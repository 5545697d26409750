#include "http/entrance.hpp"

#include "http/problem.hpp"
#include "http/websocket.hpp"

#include <algorithm>

namespace pawl::http {

namespace {

bool only_reads(const route& by) {
  return by.method == "GET";
}

access::need need_of(const route& by, const server_options& options) {
  return options.metrics_open && by.operation == "metrics" ? access::need::open
                                                           : by.needs;
}

// The queue that the path names, for its workers.
std::string_view queue_in(const router::match& match) {
  std::size_t index = 0;
  for (auto rest = match.found->pattern; !rest.empty();) {
    rest.remove_prefix(1);
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment == "{queue}")
      return match.names[index];
    if (segment.starts_with('{'))
      ++index;
  }
  return {};
}

// What a browser shows in place of the field Authorization, which it cannot
// set: a subprotocol of a WebSocket. "" if there are several.
std::optional<std::string> offered_token(const request& message) {
  std::optional<std::string> out;
  for (const auto& f : message.fields) {
    if (!same_word(f.name, "Sec-WebSocket-Protocol"))
      continue;
    for (auto rest = f.value; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      const auto one = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!one.starts_with(websocket_bearer))
        continue;
      if (out)
        return "";
      out = "Bearer ";
      out->append(one.substr(websocket_bearer.size()));
    }
  }
  return out;
}

std::optional<std::string> authorization_of(const request& message,
                                            const route& by) {
  const auto count = message.count("Authorization");
  if (count == 0)
    return by.operation == "followByWebSocket" ? offered_token(message)
                                               : std::nullopt;
  return count == 1 ? std::string{trimmed(message["Authorization"])} : "";
}

response refuse_caller(const access::denial& why, const target& where) {
  const auto code
    = why.retry_after ? refused::too_many_bad_tokens : refused::unauthenticated;
  auto out = problem(code, why.detail, where.path);
  if (why.retry_after) {
    const auto seconds
      = std::chrono::ceil<std::chrono::seconds>(*why.retry_after);
    for (auto& [name, value] : out.fields)
      if (name == "Retry-After")
        value = std::to_string(std::max<std::int64_t>(1, seconds.count()));
    return out;
  }
  out.fields.emplace_back("WWW-Authenticate",
                          why.bad_token
                            ? R"(Bearer realm="pawl", error="invalid_token")"
                            : R"(Bearer realm="pawl")");
  return out;
}

response refuse_role(access::need needs, const target& where) {
  const std::string role{access::role_for(needs)};
  const bool everywhere
    = needs == access::need::rule || needs == access::need::view_all;
  actors::refusal no{.what = {errc::invalid_request,
                              "This needs the role " + role
                                + (everywhere ? " in all namespaces."
                                              : ", which the token has not.")}};
  no.role = role;
  no.members["role"] = role;
  return problem(no, where.path);
}

} // namespace

std::variant<entrance, response>
enter(const service& serve, const request& message, const target& where,
      const router::match& match, const access::peer& from) {
  const auto& by = *match.found;
  const auto needs = need_of(by, serve.options);
  const auto& daemon = serve.daemon;
  if (!daemon.admit || needs == access::need::open)
    return entrance{};
  access::mandate note{.who = "anonymous",
                       .from = from.address,
                       .action = std::string{by.operation},
                       .role = std::string{access::role_for(needs)}};
  const auto said = daemon.admit(from, authorization_of(message, by));
  if (const auto* no = std::get_if<access::denial>(&said)) {
    auto out = refuse_caller(*no, where);
    if (no->bad_token || !only_reads(by))
      daemon.note_refusal(note, out.status);
    return out;
  }
  const auto& who = std::get<access::caller_ptr>(said);
  if (who->almighty && only_reads(by))
    return entrance{who, nullptr};
  note.who = who->name;
  if (const auto* reason = where.parameter("reason"))
    note.why = *reason;
  note.may = who->has(needs, queue_in(match));
  if (note.may.is_empty()) {
    if (!only_reads(by))
      daemon.note_refusal(note, status_of(refused::forbidden));
    return refuse_role(needs, where);
  }
  // Who is asked to decide sees what it is about.
  const bool asked
    = needs == access::need::decide || needs == access::need::consult;
  note.sees = who->has(asked ? access::need::consult : access::need::view);
  return entrance{who,
                  std::make_shared<const access::mandate>(std::move(note))};
}

} // namespace pawl::http
