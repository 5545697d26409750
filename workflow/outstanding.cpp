#include "workflow/folder.hpp"
#include "workflow/machine.hpp"
#include "workflow/planner.hpp"

#include <boost/json/array.hpp>

namespace pawl {

namespace {

// What late expressions see as `.` is the task's input, which need not be
// journaled a second time.
datum with_late_data(const frame& f) {
  const auto* object = f.arguments->if_object();
  if (object == nullptr || !object->contains("late"))
    return f.arguments;
  auto arguments = *object;
  for (auto& one : arguments["late"].as_array())
    one.as_object()["data"] = *f.input;
  return make_datum(std::move(arguments));
}

commands::perform order_of(const instance_state& s, const frame& f,
                           const definition& of) {
  const auto& node = of.tasks[*f.node];
  return {.frame = f.id,
          .dispatch = f.dispatch,
          .attempt = f.attempt,
          .task = node.pointer,
          .effect_key = effect_key(s, f, of),
          .node = &node,
          .arguments = with_late_data(f)};
}

giving_up way_of(const instance_state& s) {
  if (s.status == instance_status::cancelling && !moves(s))
    return giving_up::for_good;
  return s.status == instance_status::suspending
             && s.mode == pause_mode::interrupt
           ? giving_up::interrupt
           : giving_up::drain;
}

commands::stop_effect stop_of(const instance_state& s, const frame& f,
                              const definition& of) {
  commands::stop_effect stop{f.id, f.dispatch, way_of(s)};
  if (awaited_child(of.tasks[*f.node]) != nullptr) {
    stop.child = order_of(s, f, of);
    stop.child->begins = false;
  }
  return stop;
}

} // namespace

std::vector<command> outstanding_of(const instance_state& s,
                                    const definition& of) {
  std::vector<command> all;
  const bool faulted = s.status == instance_status::faulted;
  if ((ended(s.status) && !faulted) || s.status == instance_status::suspended)
    return all;
  const bool pausing = s.status == instance_status::suspending;
  const bool stop = way_of(s) != giving_up::drain;
  for (const auto& [id, f] : s.frames) {
    if (!effect_is_out(f))
      continue;
    // It stands still with its parent, whatever the mode: it could go on for
    // days.
    const bool child = awaited_child(of.tasks[*f.node]) != nullptr;
    if (stop || ((pausing || faulted) && child))
      all.emplace_back(stop_of(s, f, of));
    else if (pausing)
      all.emplace_back(commands::keep_effect{id, f.dispatch});
    else if (!faulted)
      all.emplace_back(order_of(s, f, of));
  }
  return all;
}

} // namespace pawl
