#include "workflow/planner.hpp"

#include <algorithm>

/// Undoing what was done: rollbacks, sagas, and what is left to an operator
/// when retries are exhausted.
namespace pawl {

namespace {

bool is_within(const undoable& done, const rollback_state& r) {
  return done.completed > r.since
         && std::ranges::find(done.within, r.scope) != done.within.end();
}

} // namespace

bool may_roll_back(const instance_state& s) {
  return s.started && !s.rollback
         && (s.status == instance_status::running
             || s.status == instance_status::suspended
             || s.status == instance_status::faulted);
}

// The list that holds the task and has entered it: around what faulted, the
// innermost; else there must be one alone.
boost::system::result<frame_id, refused>
planner::scope_of(task_index target) const {
  const auto holds = [&](const frame& f) {
    const auto body = body_of(of_, f);
    return f.role != frame_role::redo && f.entered.contains(target)
           && std::ranges::find(body, target) != body.end();
  };
  for (auto id = state_.faulted_frame; id != 0;) {
    id = state_.frames.at(id).parent;
    if (holds(state_.frames.at(id)))
      return id;
  }
  std::vector<frame_id> found;
  for (const auto& [id, f] : state_.frames)
    if ((!f.node || is_container(of_, f)) && holds(f))
      found.push_back(id);
  if (found.size() == 1)
    return found.front();
  const auto& pointer = of_.tasks[target].pointer;
  return refused{
    {errc::invalid_request,
     found.empty()
       ? "'" + pointer + "' has not run, or the list that holds it is through"
       : "'" + pointer + "' runs in several branches or items at once"},
    {}};
}

planner::answer planner::roll_back(const requests::rollback& wish) {
  if (!may_roll_back(state_))
    return not_now("rollback");
  const auto named = of_.by_pointer.find(wish.to);
  if (named == of_.by_pointer.end())
    return refused{
      {errc::invalid_request, "the definition has no task '" + wish.to + "'"},
      {}};
  const auto scope = scope_of(named->second);
  if (!scope)
    return scope.error();
  if (!wish.input)
    return refused{
      {errc::invalid_request,
       "the history does not tell what flowed into '" + wish.to + "'"},
      {}};
  if (state_.status == instance_status::faulted)
    renew_limits(); // First: what ends here may have some.
  cancel_below(*scope);
  plan.emplace_back(events::rollback_started{.frame = *scope,
                                             .task = wish.to,
                                             .then = rollback_end::go_on,
                                             .since = wish.since,
                                             .input = *wish.input,
                                             .error = nullptr,
                                             .reason = wish.reason});
  return {};
}

void planner::begin_saga(rollback_end then, const datum& error) {
  cancel_below(0);
  plan.emplace_back(events::rollback_started{.frame = 0,
                                             .task = {},
                                             .then = then,
                                             .since = 0,
                                             .input = nullptr,
                                             .error = error,
                                             .reason = state_.reason});
}

bool planner::wants_saga() const {
  return of_.saga && !state_.undoables.empty() && !state_.rollback;
}

void planner::advance_rollback(const frame& scope) {
  const auto& r = *state_.rollback;
  const auto last = std::ranges::find_if(
    state_.undoables.rbegin(), state_.undoables.rend(),
    [&](const auto& done) { return is_within(done, r); });
  if (last != state_.undoables.rend()) {
    plan.emplace_back(
      events::compensation_started{.frame = state_.next_frame,
                                   .parent = scope.id,
                                   .task = of_.tasks[last->node].pointer,
                                   .number = r.begun + 1});
    return;
  }
  plan.emplace_back(events::rollback_completed{
    scope.id, r.target ? of_.tasks[*r.target].pointer : std::string{}});
  if (r.then == rollback_end::fault)
    plan.emplace_back(events::instance_faulted{r.error, 0});
  if (r.then == rollback_end::cancel)
    plan.emplace_back(events::instance_cancelled{state_.reason});
}

// What it has to be left to an operator for, once nothing has caught the error
// of `origin`; "" if the instance faults.
std::string planner::left_to_operator(frame_id origin,
                                      std::string_view pointer) const {
  if (origin == 0)
    return {};
  const auto scope = scope_around(origin);
  for (auto id = scope; id != 0; id = state_.frames.at(id).parent) {
    const auto& f = state_.frames.at(id);
    if (f.role == frame_role::undo)
      return "the compensation of '" + of_.tasks[*f.node].pointer
             + "' has failed";
  }
  auto rule = of_.tasks[of_.by_pointer.at(pointer)].on_exhausted;
  for (auto id = scope; id != 0 && !rule; id = state_.frames.at(id).parent)
    rule = of_.tasks[*state_.frames.at(id).node].on_exhausted;
  return rule.value_or(of_.on_exhausted) == exhausted_kind::suspend
           ? "nothing has caught its error"
           : std::string{};
}

// The scope of a task that is there, or that begins in this step.
frame_id planner::scope_around(frame_id task) const {
  if (const auto found = state_.frames.find(task); found != state_.frames.end())
    return found->second.parent;
  for (const auto& fact : plan)
    if (const auto* begun = std::get_if<events::task_started>(&fact);
        begun != nullptr && begun->frame == task)
      return begun->parent;
  return 0;
}

} // namespace pawl
