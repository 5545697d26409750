#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

namespace {

using verb = actors::act_on_schedule::verb;

// What `limit` of a backfill can be raised to: the answer lists them all.
constexpr std::uint32_t backfill_max = 10'000;

actors::schedule_ref schedule_named(const call& from) {
  return {std::string{from.names[0]}, from.by};
}

outcome act(const call& from, verb what) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::act_on_schedule wish{.which = schedule_named(from),
                               .what = what,
                               .reason = members.text("reason").value_or(""),
                               .once = std::move(sent->once)};
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::act_on_schedule_of, std::move(wish));
}

} // namespace

outcome list_schedules(const call& from) {
  fault_list faults;
  actors::list_schedules wish;
  wish.ns = text_of(from, "namespace").value_or("");
  wish.by = from.by;
  wish.limit = limit_of(from, faults);
  wish.cursor = text_of(from, "cursor").value_or("");
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::list_schedules_of, std::move(wish));
}

outcome read_schedule(const call& from) {
  actors::read_schedule wish{.which = schedule_named(from)};
  fault_list faults;
  if (from.parameter("next") != nullptr)
    wish.runs = count_of(from, "next", faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::read_schedule_of, std::move(wish));
}

outcome pause_schedule(const call& from) {
  return act(from, verb::pause);
}
outcome resume_schedule(const call& from) {
  return act(from, verb::resume);
}

outcome trigger_schedule(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::trigger_schedule wish{.which = schedule_named(from),
                                .input = json::object{},
                                .once = std::move(sent->once)};
  if (const auto* input = members.take("input"))
    wish.input = *input;
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::trigger, std::move(wish));
}

outcome backfill_schedule(const call& from) {
  auto sent = mutation_of(from);
  if (!sent)
    return refuse(sent.error(), from);
  fault_list faults;
  member_reader members{sent->body, "", faults};
  actors::backfill_schedule wish{.which = schedule_named(from),
                                 .once = std::move(sent->once)};
  const auto begin = members.time("from");
  const auto end = members.time("to");
  if (!begin)
    members.blame(errc::invalid_request, "from", "A time is needed here.");
  if (!end)
    members.blame(errc::invalid_request, "to", "A time is needed here.");
  wish.from = begin.value_or(timestamp{});
  wish.to = end.value_or(timestamp{});
  wish.limit = members.count("limit").value_or(wish.limit);
  if (wish.limit > backfill_max)
    members.blame(errc::invalid_request, "limit",
                  "Is at most " + std::to_string(backfill_max) + '.');
  wish.dry_run = members.flag("dryRun").value_or(false);
  wish.reason = members.text("reason").value_or("");
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return ask(from, &actors::gateway::backfill, std::move(wish));
}

} // namespace pawl::http::handlers
