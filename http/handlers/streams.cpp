#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/problem.hpp"
#include "http/websocket.hpp"

#include <algorithm>

namespace pawl::http::handlers {

namespace {

stream journal_of(const call& from, const actors::instance_ref& which,
                  fault_list& faults) {
  return {.read =
            [&daemon = from.daemon, which](sequence after, std::uint32_t limit,
                                           auto done) {
              daemon.history(which, after, limit, std::move(done));
            },
          .observe =
            [&daemon = from.daemon, which](auto changed) {
              return daemon.observe(which, std::move(changed));
            },
          .after = after_of(from, faults)};
}

stream lifecycle_of(const call& from, fault_list& faults) {
  const auto of = workflow_of(from, faults);
  actors::lifecycle_filter want{
    .ns = of.ns.value_or(""),
    .workflow = of.name.value_or(""),
    .version = text_of(from, "version").value_or(""),
    .type = text_of(from, "type").value_or(""),
    .instance = text_of(from, "instance").value_or(""),
    .status = status_of(from, faults),
    .state = text_of(from, "state"),
    .labels = parameters_of(from, "label."),
    .index = parameters_of(from, "index."),
    .started_after = time_of(from, "startedAfter", faults),
    .started_before = time_of(from, "startedBefore", faults),
    .by = from.by};
  const bool tells = access::sees_all(from.by);
  return {.read =
            [&daemon = from.daemon, want = std::move(want)](
              sequence after, std::uint32_t limit, auto done) {
              daemon.lifecycle(want, after, limit, std::move(done));
            },
          .observe =
            [&daemon = from.daemon](auto changed) {
              return daemon.observe_lifecycle(std::move(changed));
            },
          .after = from.parameter("after") != nullptr
                     ? after_of(from, faults)
                     : from.daemon.lifecycle_position(from.by),
          // It counts what happens to all.
          .tells_position = tells};
}

outcome stream_or_faults(const call& from, stream out, fault_list& faults) {
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return out;
}

// Whether `word` stands in a field whose value is a list.
bool lists(const request& message, std::string_view name,
           std::string_view word) {
  return std::ranges::any_of(message.fields, [&](const field& f) {
    if (!same_word(f.name, name))
      return false;
    for (auto rest = f.value; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      if (same_word(trimmed(rest.substr(0, end)), word))
        return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
  });
}

response upgrade_required(const call& from, std::string_view detail) {
  auto out = problem(refused::upgrade_required, detail, from.where.path);
  out.fields.emplace_back("Upgrade", "websocket");
  out.fields.emplace_back("Connection", "Upgrade");
  out.fields.emplace_back("Sec-WebSocket-Version", "13");
  return out;
}

// What the handshake says (RFC 6455, 4.2.1), or why it is none.
std::variant<upgrade, response> read_upgrade(const call& from) {
  const auto& message = from.message;
  if (!same_word(message.method, "GET")
      || !lists(message, "Upgrade", "websocket")
      || !lists(message, "Connection", "Upgrade"))
    return upgrade_required(from, "Only a WebSocket begins here; GET "
                                  "/v1/events is the same as server-sent "
                                  "events.");
  if (trimmed(message["Sec-WebSocket-Version"]) != "13")
    return upgrade_required(from, "Version 13 of WebSocket is spoken here.");
  constexpr std::size_t key_size = 24; // 16 bytes in base64.
  const auto key = trimmed(message["Sec-WebSocket-Key"]);
  if (message.count("Sec-WebSocket-Key") != 1 || key.size() != key_size
      || !key.ends_with("=="))
    return problem(refused::bad_request,
                   "There must be one Sec-WebSocket-Key of 16 bytes.",
                   from.where.path);
  constexpr std::string_view protocols = "Sec-WebSocket-Protocol";
  const bool named = lists(message, protocols, websocket_protocol);
  if (message.count(protocols) > 0 && !named)
    return problem(refused::bad_request,
                   "Of the subprotocols only pawl.v1 is spoken here; offer it, "
                   "or none.",
                   from.where.path);
  return upgrade{.key = std::string{key}, .named = named};
}

} // namespace

outcome follow(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  fault_list faults;
  auto out = journal_of(from, *which, faults);
  read_last_event(from, faults, out);
  return stream_or_faults(from, std::move(out), faults);
}

outcome follow_lifecycle(const call& from) {
  fault_list faults;
  auto out = lifecycle_of(from, faults);
  read_last_event(from, faults, out);
  out.reconnects = false; // There is always more.
  return stream_or_faults(from, std::move(out), faults);
}

outcome follow_by_websocket(const call& from) {
  auto how = read_upgrade(from);
  if (auto* no = std::get_if<response>(&how))
    return std::move(*no);
  fault_list faults;
  auto& by = std::get<upgrade>(how);
  const auto one = text_of(from, "instance");
  by.numbers = !one;
  if (!one) {
    auto out = lifecycle_of(from, faults);
    out.websocket = std::move(by);
    return stream_or_faults(from, std::move(out), faults);
  }
  for (const auto& [name, value] : from.where.parameters)
    if (name != "instance" && name != "namespace" && name != "after")
      faults.add(errc::invalid_request, "",
                 "The query parameter `" + name
                   + "` does not go with `instance`: its journal is whole.");
  if (!valid_instance_id(*one))
    return refuse({errc::not_found, "No instance can have this id."}, from);
  auto out
    = journal_of(from, {*one, text_of(from, "namespace"), from.by}, faults);
  out.websocket = std::move(by);
  return stream_or_faults(from, std::move(out), faults);
}

} // namespace pawl::http::handlers
