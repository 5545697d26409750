#include "actors/turn_news.hpp"

#include "actors/limits/limit_keeper.hpp"
#include "actors/notify/message_post.hpp"
#include "actors/tracing/tracer.hpp"
#include "actors/worker_news.hpp"
#include "base/log.hpp"
#include "workflow/lifecycle.hpp"
#include "workflow/sensitive.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

/// The `facts` of the turn, of which `last` is the sequence of the last one.
lifecycle_facts lifecycle_now(const open_turn& turn,
                              const std::vector<event>& facts, sequence last,
                              const machine& flow) {
  return {.facts = facts,
          .first = last + 1 - facts.size(),
          .at = turn.at,
          .after = flow.state(),
          .of = flow.flow(),
          .known = turn.known};
}

} // namespace

void publish_lifecycle(const context& ctx, open_turn& turn,
                       const machine& flow) {
  const auto& chosen = ctx.options.events.lifecycle;
  if (chosen == "none")
    return;
  const auto events = lifecycle_of(
    lifecycle_now(turn, turn.events, flow.state().last, flow),
    chosen == "tasks" ? lifecycle_scope::tasks : lifecycle_scope::workflows);
  turn.emitted.insert(turn.emitted.end(), events.begin(), events.end());
}

void complete_record(const context& ctx, open_turn& turn, const machine& flow) {
  turn.record.note = take_note(turn, flow);
  if (auto told = note_of_worker(turn, turn.record.events))
    turn.record.note = std::move(told);
  if (!ctx.post->wanted())
    return;
  const auto events = lifecycle_of(
    lifecycle_now(turn, turn.record.events, flow.state().last, flow),
    lifecycle_scope::tasks);
  turn.record.outgoing
    = ctx.post->address({flow.state(), turn.record.after.status}, events);
}

void tell_of_lifecycle(context& ctx, const open_turn& turn, sequence last,
                       const machine& flow) {
  ctx.post->posted(turn.record.outgoing);
  if (!ctx.lifecycle.wanted())
    return;
  const auto& s = flow.state();
  ctx.lifecycle.publish(
    {.of = s.workflow,
     .instance = s.id,
     .status = shown_status(s, flow.flow()),
     .state = s.business_state,
     .labels = s.labels,
     .index = s.index,
     .started = s.started},
    lifecycle_of(lifecycle_now(turn, turn.record.events, last, flow),
                 lifecycle_scope::tasks));
}

bool tell_broker(context& ctx, const open_turn& turn, const footing& stands,
                 const machine& flow, bool turned_away) {
  const auto& state = flow.state();
  const auto broker = ctx.broker.get();
  const bool has_room = state.inbox.size() < ctx.limits().inbox_max;
  if (!turn.record.subscribed.empty() || (turned_away && has_room)) {
    listens all{.what = {}, .seen = state.arrived};
    for (const auto& l : stands.listens)
      all.what.push_back({.key = turn.record.key,
                          .frame = l.frame,
                          .ns = state.ns,
                          .type = l.type,
                          .since = l.since});
    if (!all.what.empty())
      caf::anon_send(broker, std::move(all));
  }
  if (!turn.record.emitted.empty()) {
    caf::anon_send(broker, events_arrived{});
    caf::anon_send(ctx.scheduler.get(), events_arrived{});
  }
  return turned_away && !has_room;
}

void witness::begin(const context& ctx, const machine& flow,
                    std::optional<timestamp> state_since) {
  figures.begin(flow, state_since);
  if (ctx.traces->on())
    spans.begin(flow);
}

void stop_detached(context& ctx, const instance_key& key, instance_status is) {
  if (is == instance_status::cancelling || is == instance_status::cancelled
      || is == instance_status::faulted)
    ctx.programs.stop_detached(key);
}

void count_turn(context& ctx, const storage::turn& written, witness& seen,
                const machine& flow) {
  if (ctx.traces->on())
    ctx.traces->add(seen.spans.after(written.events, written.at, flow));
  ctx.measured.facts(written.events);
  ctx.figures.saw(seen.figures.after(written.events, written.at, flow),
                  written.at);
  ctx.limiting->saw(flow.state().ns, written.key, !ended(written.after.status));
}

void say(const log_line& line, const machine& flow, const redactor_ptr& known) {
  const auto& of = flow.state();
  const masker hides{of, flow.flow(), known};
  const auto level = log::parse_level(line.level);
  log::write(
    level ? *level : log::level::info, "workflow.log",
    {{"namespace", of.ns},
     {"instance", of.id},
     {"task", line.task},
     {"message",
      hides.idle()
        ? line.message
        : std::string{hides.anything(json::value(line.message)).as_string()}}});
}

} // namespace pawl::actors
