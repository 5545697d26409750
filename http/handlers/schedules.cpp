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
  auto once = once_of(from, from.message.body);
  if (!once)
    return refuse(once.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::act_on_schedule wish{.which = schedule_named(from),
                               .what = what,
                               .reason = members.text("reason").value_or(""),
                               .once = std::move(*once)};
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{
    [&daemon = from.daemon, wish = std::move(wish)](auto done) mutable {
      daemon.act_on_schedule_of(std::move(wish), std::move(done));
    }};
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
  return order{[&daemon = from.daemon, wish = std::move(wish)](auto done) {
    daemon.list_schedules_of(wish, std::move(done));
  }};
}

outcome read_schedule(const call& from) {
  actors::read_schedule wish{.which = schedule_named(from)};
  fault_list faults;
  if (from.parameter("next") != nullptr)
    wish.runs = count_of(from, "next", faults);
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{[&daemon = from.daemon, wish = std::move(wish)](auto done) {
    daemon.read_schedule_of(wish, std::move(done));
  }};
}

outcome pause_schedule(const call& from) {
  return act(from, verb::pause);
}
outcome resume_schedule(const call& from) {
  return act(from, verb::resume);
}

outcome trigger_schedule(const call& from) {
  auto once = once_of(from, from.message.body);
  if (!once)
    return refuse(once.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::trigger_schedule wish{.which = schedule_named(from),
                                .input = json::object{},
                                .once = std::move(*once)};
  if (const auto* input = members.take("input"))
    wish.input = *input;
  members.finish();
  if (!faults.empty())
    return refuse(std::move(faults).to_error(), from);
  return order{
    [&daemon = from.daemon, wish = std::move(wish)](auto done) mutable {
      daemon.trigger(std::move(wish), std::move(done));
    }};
}

outcome backfill_schedule(const call& from) {
  auto once = once_of(from, from.message.body);
  if (!once)
    return refuse(once.error(), from);
  auto body = body_of(from);
  if (!body)
    return refuse(body.error(), from);
  fault_list faults;
  member_reader members{*body, "", faults};
  actors::backfill_schedule wish{.which = schedule_named(from),
                                 .once = std::move(*once)};
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
  return order{
    [&daemon = from.daemon, wish = std::move(wish)](auto done) mutable {
      daemon.backfill(std::move(wish), std::move(done));
    }};
}

} // namespace pawl::http::handlers
