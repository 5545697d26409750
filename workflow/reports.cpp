#include "workflow/planner.hpp"

namespace pawl {

namespace {

// The frame whose effect this report is about; null if the report is late: of
// a closed frame, or of a dispatch that was given up.
const frame* effect_frame(const instance_state& s, frame_id id,
                          std::uint32_t dispatch) {
  const auto found = s.frames.find(id);
  if (found == s.frames.end() || !effect_is_out(found->second)
      || found->second.dispatch != dispatch || ended(s.status))
    return nullptr;
  return &found->second;
}

} // namespace

void planner::done(const reports::http_done& what) {
  const auto* f = effect_frame(state_, what.frame, what.dispatch);
  if (f == nullptr)
    return;
  const auto& node = of_.tasks[*f->node];
  if (what.outcome.body.size() > limits_.payload_max)
    return fail(*f, raised{std::in_place,
                           make_problem(error_kind::communication,
                                        "the answer is larger than "
                                        "instances.payload_max allows: "
                                          + std::to_string(limits_.payload_max)
                                          + " bytes",
                                        node.pointer)});
  auto output
    = read_http_outcome(what.outcome, std::get<tasks::call_http>(node.kind),
                        *f->arguments, node.pointer);
  if (!output)
    return fail(*f, output.error());
  finish(*f, make_datum(std::move(*output)));
}

void planner::failed(const reports::effect_failed& what) {
  if (const auto* f = effect_frame(state_, what.frame, what.dispatch))
    fail(*f,
         raised{std::in_place, make_problem(error_kind::runtime, what.detail,
                                            of_.tasks[*f->node].pointer)});
}

void planner::stopped(const reports::effect_stopped& what) {
  const auto* f = effect_frame(state_, what.frame, what.dispatch);
  if (f == nullptr)
    return;
  const bool again = state_.status != instance_status::cancelling;
  plan.emplace_back(
    events::task_cancelled{f->id, of_.tasks[*f->node].pointer, again});
}

void planner::settle() {
  for (const auto& [id, f] : state_.frames)
    if (effect_is_out(f))
      return;
  if (state_.status == instance_status::suspending)
    plan.emplace_back(events::instance_suspended{state_.reason});
  if (state_.status == instance_status::cancelling)
    plan.emplace_back(events::instance_cancelled{state_.reason});
}

} // namespace pawl
