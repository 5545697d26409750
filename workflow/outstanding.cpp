#include "workflow/folder.hpp"
#include "workflow/machine.hpp"
#include "workflow/planner.hpp"
#include "workflow/trace.hpp"

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
  const auto key = effect_key(s, f, of);
  return {.frame = f.id,
          .dispatch = f.dispatch,
          .attempt = f.attempt,
          .task = node.pointer,
          .effect_key = key,
          .node = &node,
          .arguments = with_late_data(f),
          .traceparent = traceparent_of(s, key, f.attempt)};
}

// Whether its effect is in hands that go on with it by themselves, for days
// maybe: it is told of a pause, whatever the mode, and of it alone it is known
// whether there is anything to wait for.
bool goes_on_alone(const task& node) {
  return awaited_child(node) != nullptr
         || std::holds_alternative<tasks::worker_job>(node.kind);
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
  // What a worker brings now would be thrown away.
  if (s.status == instance_status::faulted
      && std::holds_alternative<tasks::worker_job>(of.tasks[*f.node].kind))
    stop.how = giving_up::interrupt;
  if (goes_on_alone(of.tasks[*f.node])) {
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
    const bool alone = goes_on_alone(of.tasks[*f.node]);
    if (stop || ((pausing || faulted) && alone))
      all.emplace_back(stop_of(s, f, of));
    else if (pausing)
      all.emplace_back(commands::keep_effect{id, f.dispatch});
    else if (!faulted)
      all.emplace_back(order_of(s, f, of));
  }
  return all;
}

} // namespace pawl
