#include "actors/holds/instance_holds.hpp"

#include "actors/flags/flag_keeper.hpp"
#include "actors/open_turn.hpp"
#include "workflow/next_task.hpp"

namespace pawl::actors {

turn_context instance_holds::before_turn(const context& ctx,
                                         const machine& flow, timestamp at) {
  are_ = ctx.holds.book().of_turn(flow.flow());
  tasks_.clear();
  for (const auto& [pointer, ids] : are_.tasks)
    tasks_.insert(pointer);
  return {.now = at,
          .seed = random_seed(),
          .held = !are_.whole.empty(),
          .held_tasks = tasks_.empty() ? nullptr : &tasks_,
          .flags = ctx.flags->flags_of(flow.flow().id.ns)};
}

bool instance_holds::keep_all(const machine& flow) const {
  return !are_.whole.empty() && !ended(flow.state().status);
}

bool instance_holds::keep(const machine& flow) const {
  if (keep_all(flow))
    return true;
  const auto& s = flow.state();
  if (tasks_.empty() || !moves(s))
    return false;
  for (const auto& [id, f] : s.frames)
    if (const auto* next = next_task(s, flow.flow(), f);
        next != nullptr && tasks_.contains(next->pointer))
      return true;
  return false;
}

bool instance_holds::rest(context& ctx, const machine& flow) const {
  auto& in = ctx.holds.book();
  if (in.empty() && are_.whole.empty() && tasks_.empty())
    return true;
  in.leave(who_);
  if (keep_all(flow) && !in.rest(who_, 0, are_.whole))
    return false;
  const auto& s = flow.state();
  if (tasks_.empty() || !moves(s))
    return true;
  for (const auto& [id, f] : s.frames)
    if (const auto* next = next_task(s, flow.flow(), f); next != nullptr)
      if (const auto kept = are_.tasks.find(next->pointer);
          kept != are_.tasks.end() && !in.rest(who_, 0, kept->second))
        return false;
  return true;
}

bool instance_holds::rest(context& ctx, const effect_ended& e) const {
  return ctx.holds.book().rest(who_, e.frame, std::get<step_held>(e.how).by);
}

instance_status instance_holds::shown(const machine& flow,
                                      bool effects_are_out) const {
  const auto is = shown_status(flow.state(), flow.flow());
  return is == instance_status::running && !effects_are_out && keep(flow)
           ? instance_status::waiting
           : is;
}

} // namespace pawl::actors
