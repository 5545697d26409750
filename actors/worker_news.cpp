#include "actors/worker_news.hpp"

#include "actors/tracing/span_watch.hpp"
#include "actors/tracing/tracer.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// When the time of the task, or of one around it, is up.
std::optional<timestamp> deadline_of(const instance_state& s, frame_id frame) {
  std::optional<timestamp> first;
  for (const auto& [id, t] : s.timers) {
    if (t.purpose != timer_purpose::timeout)
      continue;
    auto at = frame;
    while (at != t.frame && at != 0)
      at = s.frames.at(at).parent;
    if (at == t.frame && (!first || t.due < *first))
      first = t.due;
  }
  return first;
}

bool is_recorded(const std::vector<event>& facts, frame_id frame) {
  return !facts.empty()
         && std::none_of(facts.begin(), facts.end(), [&](const event& e) {
              const auto* stopped = std::get_if<events::task_cancelled>(&e);
              return stopped != nullptr && stopped->frame == frame;
            });
}

} // namespace

step_order order_of(const context& ctx, const commands::perform& what,
                    const machine& flow, const instance_key& key) {
  const auto& s = flow.state();
  step_order out{what, flow.shared_flow(), key, s.ns, s.id};
  if (ctx.traces->on())
    mark_recorded(out.what.traceparent, s);
  const auto frame = s.frames.find(what.frame);
  if (frame != s.frames.end()) {
    out.since = frame->second.started;
    out.deadline = deadline_of(s, what.frame);
  }
  return out;
}

report take_told(open_turn& turn, const effect_ended& of, worker_told what) {
  reports::effect_done done{of.frame, of.dispatch, std::move(what.what)};
  turn.told = std::move(what);
  turn.told_of = of.frame;
  return done;
}

std::optional<storage::kept_answer>
kept_for_worker(const open_turn& turn, const std::vector<event>& facts,
                duration kept_for) {
  if (!turn.told || !is_recorded(facts, turn.told_of))
    return std::nullopt;
  const auto& t = *turn.told;
  return storage::kept_answer{.scope = t.once.scope,
                              .body_digest = t.once.body_digest,
                              .status = t.said.status,
                              .location = {},
                              .body = t.said.body,
                              .expires = turn.at + kept_for};
}

std::optional<storage::audit_entry>
note_of_worker(const open_turn& turn, const std::vector<event>& facts) {
  return turn.told && is_recorded(facts, turn.told_of) ? turn.told->note
                                                       : std::nullopt;
}

void tell_queues(context& ctx, const storage::turn& written) {
  for (const auto frame : written.jobs_ended)
    ctx.queues.forget({written.key, frame});
}

void answer_worker(context& ctx, const instance_key& key, open_turn& turn) {
  if (!turn.told)
    return;
  const bool recorded = is_recorded(turn.record.events, turn.told_of);
  if (!recorded)
    ctx.queues.not_recorded({key, turn.told_of});
  turn.told->reply->give(recorded ? std::move(turn.told->said) : lost_lease());
}

void refuse_worker(const step_result& how) {
  if (const auto* told = std::get_if<worker_told>(&how))
    told->reply->give(lost_lease());
}

} // namespace pawl::actors
