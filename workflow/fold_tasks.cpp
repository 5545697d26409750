#include "base/overload.hpp"
#include "workflow/folder.hpp"
#include "workflow/planner.hpp"
#include "workflow/redo.hpp"

#include <algorithm>

namespace pawl {

namespace {

// The most specific word on where the flow goes wins.
flow flow_behind(const frame& f, const task& node, std::uint32_t branch) {
  if (branch > 0)
    return std::get<tasks::switch_on>(node.kind).cases.at(branch - 1).then;
  if (const auto* guard = std::get_if<tasks::try_catch>(&node.kind);
      guard != nullptr && f.handling && guard->then != flow{})
    return guard->then;
  return node.then;
}

} // namespace

bool holds_one(const frame& scope, const definition& of) {
  if (!scope.node)
    return false;
  const auto& kind = of.tasks[*scope.node].kind;
  if (scope.role == frame_role::undo || scope.role == frame_role::cleanup)
    return false;
  if (scope.role == frame_role::redo)
    return scope.lane == 0;
  if (scope.role == frame_role::wrap)
    return scope.wrap->segment == scope.wrap->extensions.size();
  return std::holds_alternative<tasks::call_function>(kind)
         || (scope.role == frame_role::lane
             && std::holds_alternative<tasks::fork>(kind));
}

const tasks::run_workflow* awaited_child(const task& node) {
  const auto* run = std::get_if<tasks::run_workflow>(&node.kind);
  return run != nullptr && run->await ? run : nullptr;
}

const task& folder::node_of(const std::string& pointer) const {
  const auto found = of_.by_pointer.find(pointer);
  require(found != of_.by_pointer.end(), "a task that is not defined");
  return of_.tasks[found->second];
}

frame& folder::open_frame(frame_id id, frame_id parent, task_index node) {
  auto& scope = frame_of(parent);
  const auto [place, fresh] = s_.frames.try_emplace(id);
  auto& f = place->second;
  if (fresh) {
    s_.next_frame = std::max(s_.next_frame, id + 1);
    f.raw = scope.data;
  }
  f.id = id;
  f.parent = parent;
  f.node = node;
  f.started = at_;
  return f;
}

void folder::operator()(const events::task_started& x) {
  const auto& node = node_of(x.task);
  const bool fresh = !s_.frames.contains(x.frame);
  auto& f = open_frame(x.frame, x.parent, node.index);
  auto& parent = frame_of(x.parent);
  if (fresh)
    parent.entered[node.index] = x.visit;
  f.visit = x.visit;
  f.attempt = x.attempt;
  ++f.dispatch;
  f.input = x.input ? x.input : f.raw;
  f.arguments = x.arguments ? x.arguments : null_datum();
  f.data = f.input;
  f.cursor = 0;
  f.iterations = 0;
  f.retries = 0;
  f.handling = false;
  f.error = null_datum();
  f.lost = 0;
  f.entered.clear();
  f.gathered.clear();
  f.listening.reset();
  f.votes.clear();
  parent.at = phase::holding;
  begin_phase(f);
}

// Gives a task that begins the phase of its kind.
void folder::begin_phase(frame& f) {
  const auto& node = of_.tasks.at(*f.node);
  f.at = std::visit(
    overload{[](const tasks::call_http&) { return phase::running; },
             [](const tasks::call_openapi&) { return phase::running; },
             [](const tasks::run_program&) { return phase::running; },
             [](const tasks::notify&) { return phase::running; },
             [](const tasks::run_workflow& x) {
               return x.await ? phase::handed : phase::running;
             },
             [](const tasks::worker_job&) { return phase::handed; },
             [](const tasks::wait&) { return phase::waiting; },
             [](const tasks::listen&) { return phase::waiting; },
             [](const tasks::approval&) { return phase::waiting; },
             [](const auto&) { return phase::ready; }},
    node.kind);
  if (std::holds_alternative<tasks::call_function>(node.kind))
    f.data = f.arguments;
  if (std::holds_alternative<tasks::listen>(node.kind))
    f.listening.emplace();
  // A loop's first item is taken by task.iterated, as every other.
  if (std::holds_alternative<tasks::for_each>(node.kind))
    f.cursor = cursor_end;
}

void folder::operator()(const events::task_completed& x) {
  auto& f = frame_of(x.frame);
  if (x.by_operator)
    leave(f); // No outcome of its effect has come.
  if (x.context)
    s_.context = x.context;
  ++s_.tasks_completed;
  remember_undoable(f, x.output ? x.output : f.input);
  // An item that is redone takes its place in what all have put out.
  for (auto& [id, other] : s_.frames)
    if (other.role == frame_role::redo && other.lane > 0 && other.node == f.node
        && redo_around(s_, f.id) == 0)
      other.gathered = f.gathered;
  complete(f, x.output ? x.output : f.input, x.branch);
}

// The task of `f` is through with `output`: its scope goes on.
// By value: what is put out may stand in the frame, which closes here.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void folder::complete(frame& f, const datum output, std::uint32_t branch) {
  const auto& node = of_.tasks.at(*f.node);
  const auto to = flow_behind(f, node, branch);
  const auto parent = f.parent;
  f.at = phase::ready; // Its effect is not out any more.
  close(f.id);
  auto& scope = frame_of(parent);
  if (scope.role == frame_role::wrap && scope.node == node.index) {
    scope.wrap->output = output;
    scope.wrap->then = static_cast<std::uint32_t>(to.to);
    scope.wrap->target = to.target;
    scope.cursor = cursor_end;
    scope.at = phase::ready;
    return;
  }
  move(parent, node, output, to);
}

void folder::operator()(const events::task_skipped& x) {
  if (x.frame != 0) {
    auto& f = frame_of(x.frame);
    leave(f);
    if (s_.status == instance_status::faulted)
      reopen();
    if (x.context)
      s_.context = x.context;
    return complete(f, x.output ? x.output : f.input, 0);
  }
  const auto& node = node_of(x.task);
  auto& parent = frame_of(x.parent);
  parent.cursor = holds_one(parent, of_) ? cursor_end : node.position + 1;
}

void folder::operator()(const events::task_faulted& x) {
  if (x.frame == 0) {
    frame_of(0).at = phase::faulted;
    return;
  }
  ++s_.tasks_faulted;
  fault_frame(x.frame, x.error);
  ask_about_compensation(frame_of(x.frame), x.error);
}

void folder::operator()(const events::task_retried& x) {
  auto& f = frame_of(x.frame);
  if (x.by_operator)
    return retried_by_operator(f, x);
  close_below(x.frame);
  drop_timers(x.frame, timer_purpose::attempt);
  f.retries = x.attempt - 1;
  f.attempt = x.attempt;
  f.cursor = 0;
  f.data = f.input;
  f.at = x.until ? phase::backoff : phase::ready;
  f.entered.clear(); // Another attempt of the same visits.
}

void folder::operator()(const events::task_caught& x) {
  auto& f = frame_of(x.frame);
  const auto& guard = std::get<tasks::try_catch>(of_.tasks.at(*f.node).kind);
  close_below(x.frame);
  drop_timers(x.frame, timer_purpose::attempt);
  f.error = x.error;
  f.handling = true;
  f.data = f.input;
  f.cursor = guard.has_handler ? 0 : cursor_end;
  f.at = phase::ready;
}

void folder::operator()(const events::task_iterated& x) {
  auto& f = frame_of(x.frame);
  f.iterations = x.index + 1;
  f.cursor = 0;
  f.at = phase::ready;
}

void folder::operator()(const events::task_cancelled& x) {
  if (!x.again)
    return close(x.frame);
  auto& f = frame_of(x.frame);
  ++f.dispatch;
  ++f.attempt;
  f.stopped = s_.status == instance_status::suspending
              || s_.status == instance_status::suspended
              || s_.status == instance_status::faulted;
}

void folder::close(frame_id id) {
  close_below(id);
  drop_timers(id);
  if (const auto found = s_.frames.find(id); found != s_.frames.end()) {
    leave(found->second);
    s_.frames.erase(found);
  }
}

// What a frame that closes had asked for, and nobody will take now.
void folder::leave(const frame& f) {
  if (f.listening || f.role == frame_role::lane)
    std::erase_if(s_.inbox, [&](inbox_event& kept) {
      return std::erase(kept.left_for, f.id) > 0 && kept.left_for.empty();
    });
  if (s_.rollback && s_.rollback->scope == f.id)
    s_.rollback.reset();
  if (left_ == nullptr || !f.node || !effect_is_ordered(f))
    return;
  const auto* child = awaited_child(of_.tasks.at(*f.node));
  if (child == nullptr)
    return;
  const auto* order = f.arguments->if_object();
  if (order != nullptr && order->contains("id")) // Else it was never ordered.
    left_->push_back({child->ns, std::string{order->at("id").as_string()}});
}

// A frame's children have greater ids than it has, so one pass upwards finds
// all that hangs below it.
void folder::close_below(frame_id id) {
  std::vector<frame_id> doomed{id};
  for (auto f = s_.frames.upper_bound(id); f != s_.frames.end(); ++f)
    if (std::ranges::find(doomed, f->second.parent) != doomed.end())
      doomed.push_back(f->first);
  for (std::size_t i = 1; i < doomed.size(); ++i) {
    drop_timers(doomed[i]);
    const auto found = s_.frames.find(doomed[i]);
    leave(found->second);
    s_.frames.erase(found);
  }
}

// All that the flow is at; what runs beside it goes on.
void folder::close_flow() {
  std::vector<frame_id> doomed;
  for (const auto& [id, f] : s_.frames)
    if (id != 0 && f.parent == 0 && f.role != frame_role::redo)
      doomed.push_back(id);
  for (const auto id : doomed)
    close(id);
}

void folder::drop_timers(frame_id id, timer_purpose purpose) {
  std::erase_if(s_.timers, [&](const auto& t) {
    return t.second.frame == id && t.second.purpose == purpose;
  });
}

void folder::drop_timers(frame_id id) {
  std::erase_if(s_.timers, [&](const auto& t) { return t.second.frame == id; });
}

void folder::fault_frame(frame_id id, const datum& error) {
  close_below(id);
  auto& f = frame_of(id);
  leave(f);
  f.at = phase::faulted;
  f.error = error;
  drop_timers(id);
}

// A faulted instance goes on. Effects that were out are ordered again.
void folder::reopen() {
  s_.status = instance_status::running;
  s_.ended.reset();
  s_.error = null_datum();
  s_.faulted_frame = 0;
  for (auto& [id, f] : s_.frames) {
    if (effect_is_out(f)) {
      ++f.dispatch;
      ++f.attempt;
    }
    f.stopped = false;
  }
}

void folder::retried_by_operator(frame& f, const events::task_retried& x) {
  if (f.at == phase::backoff) {
    drop_timers(f.id, timer_purpose::backoff);
    f.at = phase::ready;
    return;
  }
  reopen();
  if (!x.from.empty()) {
    const auto& node = node_of(x.from);
    close_below(f.id);
    f.data = x.input;
    f.cursor = holds_one(f, of_) ? 0 : node.position;
    f.at = phase::ready;
    return;
  }
  if (f.id == 0) {
    if (x.input) {
      f.input = x.input;
      f.data = x.input;
    }
    const auto busy = s_.frames.size() > 1;
    f.at = busy ? phase::holding : phase::ready;
    return;
  }
  if (x.input)
    f.raw = x.input;
  begin_again(f);
  f.attempt = x.attempt;
}

// What has failed is begun once more.
void folder::begin_again(frame& f) {
  ++f.attempt;
  f.error = null_datum();
  f.at = f.role == frame_role::task ? phase::entering : phase::ready;
}

void folder::move(frame_id parent, const task& node, const datum& output,
                  const flow& to) {
  if (to.to == flow::kind::end) {
    // A redo is a flow of its own.
    const auto end = redo_around(s_, parent);
    auto& root = frame_of(end);
    if (end == 0)
      close_flow();
    else
      close_below(end);
    root.data = output;
    root.cursor = cursor_end;
    root.at = phase::ready;
    return;
  }
  auto& scope = frame_of(parent);
  scope.data = output;
  scope.at = phase::ready;
  if (to.to == flow::kind::exit || holds_one(scope, of_))
    scope.cursor = cursor_end;
  else if (to.to == flow::kind::jump)
    scope.cursor = of_.tasks.at(to.target).position;
  else
    scope.cursor = node.position + 1;
}

} // namespace pawl
