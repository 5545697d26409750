#include "workflow/folder.hpp"
#include "workflow/listening.hpp"
#include "workflow/planner.hpp"
#include "workflow/sharing.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

/// Events that some have taken and others have not yet.
constexpr std::ptrdiff_t shared_max = 1000;

} // namespace

lane_plan lanes_of(const frame& owner, const task& node) {
  if (owner.role != frame_role::task)
    return {};
  if (const auto* fork = std::get_if<tasks::fork>(&node.kind))
    return {fork->branches.size(), fork->branches.size(), fork->compete};
  if (const auto* loop = std::get_if<tasks::for_each>(&node.kind);
      loop != nullptr && loop->concurrency > 0)
    return {owner.arguments->as_array().size(), loop->concurrency, false};
  return {};
}

std::uint64_t running_lanes(const frame& owner) {
  return owner.iterations - owner.gathered.size() - owner.lost;
}

// The owner takes a step when a lane can begin or when it is through.
void folder::settle_lanes(frame& owner) {
  const auto plan = lanes_of(owner, of_.tasks.at(*owner.node));
  const auto running = running_lanes(owner);
  const bool won = plan.compete && !owner.gathered.empty();
  const bool more = owner.iterations < plan.total && running < plan.at_once;
  owner.at = won || more || running == 0 ? phase::ready : phase::holding;
}

void folder::operator()(const events::branch_started& x) {
  const auto& node = node_of(x.task);
  auto& f = open_frame(x.frame, x.parent, node.index);
  auto& owner = frame_of(x.parent);
  f.role = frame_role::lane;
  f.lane = x.number;
  // Each lane starts from the owner's input, whatever the others make of it.
  f.input = owner.input;
  f.raw = owner.input;
  f.data = owner.input;
  f.at = phase::ready;
  owner.iterations = x.number;
  settle_lanes(owner);
}

void folder::operator()(const events::branch_completed& x) {
  const auto parent = frame_of(x.frame).parent;
  const bool left = frame_of(x.frame).cursor == cursor_end;
  close(x.frame);
  auto& owner = frame_of(parent);
  owner.gathered[x.number] = x.output;
  if (left)
    begin_no_more(owner);
  settle_lanes(owner);
}

// `exit` leaves a loop: of its items only those remain that have begun.
void folder::begin_no_more(frame& owner) {
  const auto& kind = of_.tasks.at(*owner.node).kind;
  if (!std::holds_alternative<tasks::for_each>(kind))
    return;
  const auto& items = owner.arguments->as_array();
  const auto begun = std::min<std::uint64_t>(owner.iterations, items.size());
  owner.arguments = make_datum(json::array(
    items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begun)));
}

void folder::operator()(const events::branch_faulted& x) {
  const auto parent = frame_of(x.frame).parent;
  close(x.frame);
  auto& owner = frame_of(parent);
  ++owner.lost;
  owner.error = x.error;
  settle_lanes(owner);
}

void folder::operator()(const events::task_extended& x) {
  const auto& node = node_of(x.task);
  auto& f = open_frame(x.frame, x.parent, node.index);
  auto& scope = frame_of(x.parent);
  scope.entered[node.index] = x.visit;
  scope.at = phase::holding;
  f.role = frame_role::wrap;
  f.visit = x.visit;
  f.input = f.raw;
  f.data = f.raw;
  f.wrap = wrap_state{.extensions = x.extensions,
                      .then = static_cast<std::uint32_t>(node.then.to),
                      .target = node.then.target};
  f.at = phase::ready;
}

void folder::operator()(const events::extension_moved& x) {
  auto& f = frame_of(x.frame);
  auto& w = f.wrap.value();
  const auto task_at = static_cast<std::uint32_t>(w.extensions.size());
  // `exit` in what comes before leaves the task out: what was made there stands
  // for its output.
  if (w.segment < task_at && x.segment > task_at)
    w.output = f.data;
  w.segment = x.segment;
  f.data = x.segment > task_at ? w.output : f.raw;
  f.cursor = 0;
  f.at = phase::ready;
}

void folder::operator()(const events::extension_closed& x) {
  auto& f = frame_of(x.frame);
  const auto& node = of_.tasks.at(*f.node);
  const auto& w = f.wrap.value();
  const auto task_at = static_cast<std::uint32_t>(w.extensions.size());
  const auto output = w.segment < task_at ? f.data : w.output;
  const flow to{static_cast<flow::kind>(w.then), w.target};
  const auto parent = f.parent;
  close(x.frame);
  move(parent, node, output, to);
}

void folder::operator()(const events::event_consumed& x) {
  const auto kept = std::ranges::find(s_.inbox, x.number, &inbox_event::number);
  require(kept != s_.inbox.end(), "an event that is not in the inbox");
  auto& f = frame_of(x.frame);
  const auto& what = std::get<tasks::listen>(of_.tasks.at(*f.node).kind);
  auto& l = f.listening.value();
  if (x.filter > 0 && std::ranges::count(l.matched, x.filter) == 0)
    l.matched.push_back(x.filter);
  if (x.correlation)
    l.correlation = x.correlation;
  if (!x.ends) {
    auto value = read_event(what.read, kept->event);
    ++f.iterations;
    if (what.has_each) {
      l.item = value;
      f.data = std::move(value);
      f.cursor = 0;
      f.at = phase::ready;
    } else {
      f.gathered[static_cast<std::uint32_t>(f.iterations)] = std::move(value);
    }
  }
  if (const auto share = share_of(s_, f, *kept))
    std::erase(kept->left_for, *share);
  kept->left_for.insert(kept->left_for.end(), x.also.begin(), x.also.end());
  if (kept->left_for.empty())
    s_.inbox.erase(kept);
  else
    bound_shared();
}

// Some branch may never come to listen for what is kept for it.
void folder::bound_shared() {
  const auto is_shared
    = [](const inbox_event& one) { return !one.left_for.empty(); };
  if (std::ranges::count_if(s_.inbox, is_shared) > shared_max)
    s_.inbox.erase(std::ranges::find_if(s_.inbox, is_shared));
}

void folder::operator()(const events::event_handled& x) {
  auto& f = frame_of(x.frame);
  f.gathered[static_cast<std::uint32_t>(f.iterations)] = x.output;
  if (x.context)
    s_.context = x.context;
  f.at = phase::waiting;
}

} // namespace pawl
