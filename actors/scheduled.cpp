#include "actors/scheduled.hpp"

#include "actors/context.hpp"
#include "base/log.hpp"

namespace pawl::actors {

bool is_lack(errc why) {
  switch (why) {
  case errc::overloaded:
  case errc::shutting_down:
  case errc::disk_low:
  case errc::timed_out:
  case errc::conflict:
  case errc::io:
    return true;
  default:
    return false;
  }
}

namespace {

waiting_start start_of(const scheduled& e, std::function<void()> wake) {
  const auto& run = e.runs.front();
  return {run.due, key_of(e.kept.ns, run.instance), std::move(wake)};
}

} // namespace

wish wish_for(const scheduled& e, const planned_run& run, answer_ptr slot) {
  return {.key = key_of(e.kept.ns, run.instance),
          .what = requests::create{.ns = e.kept.ns,
                                   .id = run.instance,
                                   .input = run.input,
                                   .labels = schedule_labels(e.kept),
                                   .fault_if_invalid = true},
          .flow = e.flow,
          .reply = std::move(slot)};
}

std::optional<storage::kept_answer>
answer_to_keep(const schedule_wish& w, const answer& said, timestamp until) {
  if (!w.once)
    return std::nullopt;
  return storage::kept_answer{.scope = w.once->scope,
                              .body_digest = w.once->body_digest,
                              .status = said.status,
                              .location = {},
                              .body = said.body,
                              .expires = until};
}

limit_keeper::start_permit admit_run(const context& ctx, const scheduled& e,
                                     std::function<void()> wake) {
  // Several at once were planned before there was any limit.
  if (!ctx.limiting->limits_starts() || e.runs.size() != 1)
    return {};
  const auto who = start_of(e, std::move(wake));
  if (ctx.store.read_head(who.key))
    return {}; // It is there from before a crash.
  return ctx.limiting->admit_start(e.kept.ns, who.key, &who);
}

void drop_step(const context& ctx, scheduled& e) {
  if (!std::exchange(e.waits, false))
    return;
  ctx.limiting->leave_line(e.kept.ns, start_of(e, {}));
  e.runs.clear();
  e.planned.reset();
}

void tell_held(const scheduled& e, const start_refusal& why) {
  log::warn("schedule.held", {{"schedule", schedule_id(e.kept)},
                              {"limit", why.of.name},
                              {"instance", e.runs.front().instance},
                              {"due", to_text(e.runs.front().due)},
                              {"detail", sentence_of(why)}});
}

bool steps_singly(const context& ctx, const scheduled& e) {
  return !e.by->what.may_overlap || ctx.limiting->limits_starts();
}

bool sheds_starts(const context& ctx) {
  const auto& o = ctx.options;
  return shed(lane::start,
              {.queued_bytes = ctx.journal.queued_bytes(),
               .overdue = ctx.journal.overdue(journal_gauge::steady::now()),
               .free_bytes = ctx.store.free_bytes(),
               .hot = ctx.hot,
               .draining = ctx.draining},
              {.queue_bytes_max = o.journal.queue_bytes_max,
               .shed_after = o.journal.shed_after,
               .disk_low = o.storage.disk_low,
               .disk_critical = o.storage.disk_critical,
               .hot_max = o.instances.hot_max})
    .has_value();
}

} // namespace pawl::actors
