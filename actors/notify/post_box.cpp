#include "actors/notify/post_box.hpp"

namespace pawl::actors {

namespace {

constexpr std::size_t reasons_max = 10;
constexpr std::size_t state_depth_max = 80;

std::uint32_t number_in(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_int64()
           ? static_cast<std::uint32_t>(value->get_int64())
           : 0;
}

death death_of(const json::object& written) {
  death out{.reason = {},
            .tries = number_in(written, "tries"),
            .status = number_in(written, "status")};
  if (const auto* reason = written.if_contains("reason");
      reason != nullptr && reason->is_string())
    out.reason = reason->get_string();
  if (const auto* at = written.if_contains("at");
      at != nullptr && at->is_string())
    if (const auto time = parse_timestamp(at->get_string()); time)
      out.at = *time;
  return out;
}

} // namespace

std::string queue_id(const std::string& ns, const std::string& name) {
  return ns + ':' + name;
}

std::string dead_queue_id(const std::string& queue) {
  return queue + ":dead";
}

void message_post::box::count_reason(const std::string& reason,
                                     std::uint64_t many) {
  const bool known = reasons.contains(reason) || reasons.size() < reasons_max;
  reasons[known ? reason : "other"] += many;
}

void message_post::box::forget_reason(const std::string& reason) {
  auto found = reasons.find(reason);
  if (found == reasons.end())
    found = reasons.find("other");
  if (found != reasons.end() && --found->second == 0)
    reasons.erase(found);
}

std::string message_state(std::string_view event) {
  std::string out{R"({"event":)"};
  out.append(event).append("}");
  return out;
}

std::string dead_state(std::string_view event, const death& how) {
  const json::object why{{"reason", how.reason},
                         {"tries", how.tries},
                         {"status", how.status},
                         {"at", to_text(how.at)}};
  std::string out{R"({"event":)"};
  out.append(event).append(R"(,"dead":)");
  append_text(out, json::value(why));
  return out.append("}");
}

result<message_read> read_message(std::string_view state) {
  const error broken{errc::corrupt,
                     "a message to a subscriber does not decode"};
  auto parsed = parse_json(state, state_depth_max);
  if (!parsed || !parsed->is_object())
    return broken;
  auto& all = parsed->get_object();
  auto* event = all.if_contains("event");
  if (event == nullptr || !event->is_object()
      || !event->get_object().contains("id")
      || !event->get_object().contains("source"))
    return broken;
  message_read out{.event = std::move(event->get_object())};
  if (const auto* dead = all.if_contains("dead"); dead && dead->is_object())
    out.dead = death_of(dead->get_object());
  return out;
}

} // namespace pawl::actors
