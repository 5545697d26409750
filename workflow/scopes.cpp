#include "workflow/folder.hpp"
#include "workflow/planner.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <set>

/// What runs tasks for another task: lanes side by side, and extensions around
/// it.
namespace pawl {

namespace {

std::span<const task_index> segment_of(const definition& of, const frame& f) {
  const auto& w = f.wrap.value();
  const auto count = static_cast<std::uint32_t>(w.extensions.size());
  if (w.segment == count)
    return {&of.tasks[*f.node].index, 1};
  if (w.segment < count)
    return of.extensions[w.extensions[w.segment]].before;
  return of.extensions[w.extensions[2 * count - w.segment]].after;
}

} // namespace

bool owns_lanes(const definition& of, const frame& f) {
  if (!f.node || f.role != frame_role::task)
    return false;
  const auto& kind = of.tasks[*f.node].kind;
  const auto* loop = std::get_if<tasks::for_each>(&kind);
  return std::holds_alternative<tasks::fork>(kind)
         || (loop != nullptr && loop->concurrency > 0);
}

std::span<const task_index> body_of(const definition& of, const frame& f) {
  if (!f.node)
    return of.body;
  if (f.role == frame_role::wrap)
    return segment_of(of, f);
  if (f.role == frame_role::redo && f.lane == 0)
    return {&of.tasks[*f.node].index, 1};
  if (f.role == frame_role::undo)
    return of.tasks[*f.node].compensation;
  if (f.role == frame_role::cleanup)
    return of.tasks[*f.node].cleanup;
  const auto& kind = of.tasks[*f.node].kind;
  if (const auto* block = std::get_if<tasks::do_block>(&kind))
    return block->body;
  if (const auto* loop = std::get_if<tasks::for_each>(&kind))
    return loop->body;
  if (const auto* fork = std::get_if<tasks::fork>(&kind))
    return f.role == frame_role::lane
             ? std::span{&fork->branches[f.lane - 1], 1}
             : std::span<const task_index>{};
  if (const auto* call = std::get_if<tasks::call_function>(&kind))
    return {&call->function, 1};
  if (const auto* listen = std::get_if<tasks::listen>(&kind))
    return listen->body;
  const auto* guard = std::get_if<tasks::try_catch>(&kind);
  if (guard == nullptr)
    return {}; // A task alone, with its cleanup below it.
  return f.handling ? guard->handler : guard->body;
}

bool is_container(const definition& of, const frame& f) {
  if (!f.node || f.role != frame_role::task)
    return true;
  const auto& kind = of.tasks[*f.node].kind;
  const auto* listen = std::get_if<tasks::listen>(&kind);
  return (listen != nullptr && listen->has_each)
         || std::holds_alternative<tasks::do_block>(kind)
         || std::holds_alternative<tasks::for_each>(kind)
         || std::holds_alternative<tasks::fork>(kind)
         || std::holds_alternative<tasks::call_function>(kind)
         || std::holds_alternative<tasks::try_catch>(kind);
}

void planner::advance_lanes(const frame& f) {
  const auto& node = of_.tasks[*f.node];
  const auto lanes = lanes_of(f, node);
  if (lanes.compete && !f.gathered.empty())
    return finish(f, f.gathered.begin()->second);
  if (f.iterations < lanes.total && running_lanes(f) < lanes.at_once) {
    plan.emplace_back(events::branch_started{
      .frame = state_.next_frame,
      .parent = f.id,
      .task = node.pointer,
      .number = static_cast<std::uint32_t>(f.iterations) + 1});
    return;
  }
  if (lanes.total == 0 && std::holds_alternative<tasks::for_each>(node.kind))
    return finish(f, f.input);
  json::array outputs;
  for (const auto& [number, output] : f.gathered)
    outputs.push_back(*output);
  const auto all = make_datum(std::move(outputs));
  if (auto why = values_.unfit(*all, seen_from(f)))
    return fail(f, *why);
  finish(f, all);
}

bool planner::extend(const frame& parent, const entry& e) {
  auto seen = e;
  seen.input = e.raw;
  std::vector<std::uint32_t> apply;
  for (const auto place : e.node->extended_by) {
    const auto& when = of_.extensions[place].when;
    if (when) {
      auto wanted = values_.holds(*when, *e.raw, seen_from(seen));
      if (!wanted) {
        (void)start(seen, false);
        fail(seen, wanted.error());
        return true;
      }
      if (!*wanted)
        continue;
    }
    apply.push_back(place);
  }
  if (apply.empty())
    return false;
  plan.emplace_back(events::task_extended{.frame = e.id,
                                          .parent = parent.id,
                                          .task = e.node->pointer,
                                          .visit = e.visit,
                                          .extensions = std::move(apply)});
  limit_all(seen);
  return true;
}

// The timeout of a task covers what runs around it. One that cannot be told yet
// is the task's own to fail on, when it begins.
void planner::limit_all(entry e) {
  const auto& node = *e.node;
  if (!node.timeout)
    return;
  if (node.input.from) {
    auto at = seen_from(e);
    at.input = nullptr;
    auto transformed = values_.evaluate(*node.input.from, *e.raw, at);
    if (!transformed)
      return;
    e.input = *transformed;
  }
  if (auto length = values_.evaluate(*node.timeout, *e.input, seen_from(e)))
    arm(e.id, timer_purpose::timeout, add(now_, *length));
}

void planner::advance_wrap(const frame& f) {
  const auto& w = f.wrap.value();
  const auto count = static_cast<std::uint32_t>(w.extensions.size());
  const auto& pointer = of_.tasks[*f.node].pointer;
  // `exit` in what comes before leaves out the task and all within this
  // extension; those around it still have what comes behind.
  const bool leaves_out = w.segment < count && f.cursor == cursor_end;
  const auto next = leaves_out ? 2 * count - w.segment + 1 : w.segment + 1;
  if (next > 2 * count)
    plan.emplace_back(events::extension_closed{f.id, pointer});
  else
    plan.emplace_back(events::extension_moved{f.id, pointer, next});
}

// Says of every active task below `scope` that it ends with it, except for
// `but_around` and what that one runs within.
void planner::cancel_below(frame_id scope, frame_id but_around, beside redos) {
  if (state_.frames.size() <= 2)
    return;
  std::set<frame_id> spared;
  for (const auto& fact : plan) // An inner scope may have said so already.
    if (const auto* gone = std::get_if<events::task_cancelled>(&fact))
      spared.insert(gone->frame);
  for (auto id = but_around; id != 0;) {
    spared.insert(id);
    const auto found = state_.frames.find(id);
    id = found == state_.frames.end() ? 0 : found->second.parent;
  }
  std::set<frame_id> holders;
  std::set<frame_id> below{scope};
  for (const auto& [id, f] : state_.frames) {
    if (id == scope || !below.contains(f.parent)
        || (redos == beside::stays && f.role == frame_role::redo))
      continue;
    below.insert(id);
    holders.insert(f.parent);
  }
  for (const auto id : below) {
    const auto found = state_.frames.find(id);
    if (id == scope || holders.contains(id) || spared.contains(id)
        || found == state_.frames.end())
      continue;
    const auto& f = found->second;
    if (f.role == frame_role::task && f.at != phase::faulted)
      plan.emplace_back(
        events::task_cancelled{id, of_.tasks[*f.node].pointer, false});
  }
}

// Whether a lane that fails only loses its race: others are still in it.
bool planner::leaves_race(const frame& lane, frame_id around,
                          const raised& why) {
  const auto& owner = state_.frames.at(lane.parent);
  const auto& node = of_.tasks[*owner.node];
  const auto lanes = lanes_of(owner, node);
  if (!lanes.compete
      || (running_lanes(owner) <= 1 && owner.iterations >= lanes.total))
    return false;
  cancel_below(lane.id, around);
  plan.emplace_back(events::branch_faulted{lane.id, node.pointer, lane.lane,
                                           make_datum(why.problem)});
  return true;
}

} // namespace pawl
