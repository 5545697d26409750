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

// A child that its parent waits for is paused with it, whatever the mode: it
// could go on for days.
bool is_awaited_child(const task& node) {
  const auto* run = std::get_if<tasks::run_workflow>(&node.kind);
  return run != nullptr && run->await;
}

} // namespace

std::vector<command> outstanding_of(const instance_state& s,
                                    const definition& of) {
  std::vector<command> all;
  if (ended(s.status) || s.status == instance_status::suspended)
    return all;
  const bool pausing = s.status == instance_status::suspending;
  const bool cancelling = s.status == instance_status::cancelling;
  const bool stop = cancelling || (pausing && s.mode == pause_mode::interrupt);
  for (const auto& [id, f] : s.frames) {
    if (!effect_is_out(f))
      continue;
    if (stop || (pausing && is_awaited_child(of.tasks[*f.node])))
      all.emplace_back(commands::stop_effect{id, f.dispatch, cancelling});
    else if (pausing)
      all.emplace_back(commands::keep_effect{id, f.dispatch});
    else
      all.emplace_back(order_of(s, f, of));
  }
  return all;
}

} // namespace pawl
