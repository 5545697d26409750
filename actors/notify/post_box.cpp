#include "actors/notify/post_box.hpp"

namespace pawl::actors {

namespace {

constexpr std::size_t reasons_max = 10;
constexpr std::size_t state_depth_max = 80;

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

std::string message_state(std::string_view event) {
  std::string out{R"({"event":)"};
  out.append(event).append("}");
  return out;
}

std::string dead_state(std::string_view event, std::string_view reason,
                       std::uint32_t tries, timestamp at) {
  const json::object why{
    {"reason", reason}, {"tries", tries}, {"at", to_text(at)}};
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
  message_read out{.event = std::move(event->get_object()), .reason = {}};
  boost::system::error_code none;
  if (const auto* why = parsed->find_pointer("/dead/reason", none);
      why != nullptr && why->is_string())
    out.reason = why->get_string();
  return out;
}

} // namespace pawl::actors
