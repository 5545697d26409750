#include "actors/turn_news.hpp"

#include "base/log.hpp"
#include "workflow/lifecycle.hpp"

#include <caf/send.hpp>

namespace pawl::actors {

namespace {

/// The facts of the turn, of which `last` is the sequence of the last one.
lifecycle_facts lifecycle_now(const std::vector<event>& facts, sequence last,
                              timestamp at, const machine& flow) {
  return {.facts = facts,
          .first = last + 1 - facts.size(),
          .at = at,
          .after = flow.state(),
          .of = flow.flow()};
}

} // namespace

void publish_lifecycle(const context& ctx, open_turn& turn,
                       const machine& flow) {
  const auto& chosen = ctx.options.events.lifecycle;
  if (chosen == "none")
    return;
  const auto events = lifecycle_of(
    lifecycle_now(turn.events, flow.state().last, turn.at, flow),
    chosen == "tasks" ? lifecycle_scope::tasks : lifecycle_scope::workflows);
  turn.emitted.insert(turn.emitted.end(), events.begin(), events.end());
}

void tell_of_lifecycle(context& ctx, const open_turn& turn, sequence last,
                       const machine& flow) {
  if (ctx.lifecycle.wanted())
    ctx.lifecycle.publish(
      flow.state().workflow,
      lifecycle_of(lifecycle_now(turn.record.events, last, turn.at, flow),
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

void count_turn(context& ctx, const storage::turn& written, turn_watch& seen,
                const machine& flow) {
  ctx.measured.facts(written.events);
  ctx.figures.saw(seen.after(written.events, written.at, flow), written.at);
}

void say(const log_line& line, const instance_state& of) {
  const auto level = log::parse_level(line.level);
  log::write(level ? *level : log::level::info, "workflow.log",
             {{"namespace", of.ns},
              {"instance", of.id},
              {"task", line.task},
              {"message", line.message}});
}

} // namespace pawl::actors
