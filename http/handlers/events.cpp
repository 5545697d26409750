#include "http/cloudevents.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/problem.hpp"

namespace pawl::http::handlers {

namespace {

// What an Idempotency-Key vouches for. In binary mode the attributes stand in
// fields, so the events themselves are what is repeated.
std::string content_of(const call& from,
                       const std::vector<json::value>& events) {
  if (event_mode_of(from.message) != event_mode::binary)
    return std::string{from.message.body};
  return to_canonical_text(events.front());
}

response no_event(const call& from, std::string_view detail) {
  return problem(refused::unsupported_media_type, detail, from.where.path);
}

} // namespace

outcome deliver_event(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  const auto mode = event_mode_of(from.message);
  if (mode == event_mode::none || mode == event_mode::batch)
    return no_event(from, "Send one CloudEvent, as "
                          "application/cloudevents+json or in ce-* fields.");
  auto events = read_events(from.message, mode);
  if (!events)
    return refuse(events.error(), from);
  auto found = guards_of(from, content_of(from, *events));
  if (!found)
    return refuse(found.error(), from);
  fault_list faults;
  actors::deliver_event wish;
  wish.buffer = flag_of(from, "buffer", faults).value_or(true);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  wish.which = std::move(*which);
  wish.event = std::move(events->front());
  wish.if_match = found->if_match;
  wish.once = std::move(found->once);
  return ask(from, &actors::gateway::deliver, std::move(wish));
}

outcome send_named_event(const call& from) {
  auto which = instance_of(from);
  if (!which)
    return refuse(which.error(), from);
  auto found = guards_of(from, from.message.body);
  if (!found)
    return refuse(found.error(), from);
  actors::deliver_event wish;
  if (!from.message.body.empty()) {
    auto data = body_of(from);
    if (!data)
      return refuse(data.error(), from);
    wish.event = std::move(*data);
  }
  wish.which = std::move(*which);
  wish.route = from.names.back();
  wish.buffer = false; // Whoever orders a step wants it now or not at all.
  wish.if_match = found->if_match;
  wish.once = std::move(found->once);
  return ask(from, &actors::gateway::deliver, std::move(wish));
}

outcome publish_events(const call& from) {
  const auto mode = event_mode_of(from.message);
  if (mode == event_mode::none)
    return no_event(from, "Send CloudEvents, as application/cloudevents+json, "
                          "application/cloudevents-batch+json or in ce-* "
                          "fields.");
  auto events = read_events(from.message, mode);
  if (!events)
    return refuse(events.error(), from);
  auto once = once_of(from, content_of(from, *events));
  if (!once)
    return refuse(once.error(), from);
  actors::publish_events wish{std::move(*events), text_of(from, "namespace"),
                              std::move(*once), from.by};
  return ask(from, &actors::gateway::publish, std::move(wish));
}

} // namespace pawl::http::handlers
