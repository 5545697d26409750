#include "workflow/folder.hpp"
#include "workflow/planner.hpp"

#include <algorithm>
#include <stdexcept>

namespace pawl {

namespace {

constexpr std::size_t taken_max = 1024;
constexpr auto taken_for = std::chrono::hours{24};

} // namespace

void folder::require(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error{std::string{"the history tells of "} + what};
}

frame& folder::frame_of(frame_id id) {
  const auto found = s_.frames.find(id);
  require(found != s_.frames.end(), "a task that is not active");
  return found->second;
}

void folder::end(instance_status how) {
  end_pause();
  s_.status = how;
  s_.ended = at_;
}

// Nothing of an instance that is over for good is needed any more.
void folder::clear() {
  for (const auto& [id, f] : s_.frames)
    leave(f);
  s_.frames.clear();
  s_.timers.clear();
  s_.inbox.clear();
  s_.taken.clear();
  s_.undoables.clear();
  s_.rollback.reset();
}

void folder::operator()(const events::instance_created& x) {
  s_.ns = x.ns;
  s_.id = x.id;
  s_.workflow = x.workflow;
  s_.digest = x.digest;
  s_.labels = x.labels;
  s_.parent = x.parent;
  s_.depth = x.depth;
  s_.unchecked = x.unchecked;
  s_.started_by = x.by;
  s_.traceparent = x.traceparent;
  s_.raw_input = x.input;
  s_.context = make_datum(json::object{});
  s_.created = at_;
}

void folder::operator()(const events::instance_started& x) {
  s_.status = instance_status::running;
  s_.started = at_;
  frame root;
  root.raw = s_.raw_input;
  root.input = x.input ? x.input : s_.raw_input;
  root.data = root.input;
  root.started = at_;
  s_.frames.emplace(0, std::move(root));
}

void folder::operator()(const events::instance_suspending& x) {
  s_.status = instance_status::suspending;
  s_.mode = x.mode;
  s_.reason = x.reason;
  s_.freeze = x.freeze;
  s_.paused = s_.paused.value_or(at_);
}

void folder::operator()(const events::instance_suspended& x) {
  s_.status = instance_status::suspended;
  s_.reason = x.reason;
  s_.freeze = x.freeze;
  s_.paused = s_.paused.value_or(at_);
}

void folder::end_pause() {
  drop_timers(0, timer_purpose::resume);
  if (s_.freeze && s_.paused)
    for (auto& [id, t] : s_.timers) {
      if (t.purpose == timer_purpose::start || t.purpose == timer_purpose::sla)
        continue;
      // What was armed meanwhile stood still from then on. The clock may have
      // been set back; no timer shall fire early.
      const auto since = std::max(*s_.paused, t.armed);
      const auto length = std::max(duration{}, at_ - since);
      t.armed += length;
      t.due += length;
    }
  s_.freeze = false;
  s_.paused.reset();
}

void folder::operator()(const events::instance_resumed& x) {
  end_pause();
  s_.status = s_.started ? instance_status::running : instance_status::pending;
  if (s_.rollback && s_.rollback->then == rollback_end::cancel)
    s_.status = instance_status::cancelling;
  s_.reason = x.reason;
  wake();
}

// What a pause has stopped is ordered again, what had failed is begun again.
void folder::wake() {
  for (auto& [id, f] : s_.frames) {
    f.stopped = false;
    if (f.at == phase::faulted && id != 0)
      begin_again(f);
  }
}

void folder::operator()(const events::instance_cancelling& x) {
  if (s_.status == instance_status::faulted)
    reopen();
  // Who cancels what could not be undone gives up undoing it.
  if (s_.rollback && s_.rollback->then == rollback_end::cancel)
    s_.undoables.clear();
  s_.rollback.reset();
  end_pause();
  s_.status = instance_status::cancelling;
  s_.reason = x.reason;
}

void folder::operator()(const events::instance_cancelled& x) {
  if (!x.reason.empty())
    s_.reason = x.reason;
  end(instance_status::cancelled);
  clear();
}

void folder::operator()(const events::instance_faulted& x) {
  end(instance_status::faulted);
  if (s_.rollback)
    close_below(s_.rollback->scope);
  s_.rollback.reset();
  s_.error = x.error;
  s_.faulted_frame = x.frame;
  if (x.frame != 0)
    fault_frame(x.frame, x.error);
  if (s_.parent.empty())
    return;
  // Nobody goes on with a child that has faulted: its parent runs another.
  for (auto& [id, f] : s_.frames) {
    leave(f);
    f.stopped = f.stopped || effect_is_ordered(f);
  }
}

void folder::operator()(const events::instance_completed& x) {
  end(instance_status::completed);
  s_.output = x.output;
  if (x.outcome)
    s_.outcome = x.outcome;
  clear();
}

void folder::operator()(const events::instance_indexed& x) {
  s_.index = x.values;
}

void folder::operator()(const events::instance_overdue& x) {
  require(x.due <= at_, "a time that is not over");
  s_.overdue = true;
}

void folder::operator()(const events::timer_armed& x) {
  drop_timers(x.frame, x.purpose);
  s_.timers[x.timer] = {x.timer, x.frame, x.purpose, at_, x.due};
  s_.next_timer = x.timer + 1;
}

void folder::operator()(const events::timer_fired& x) {
  const auto found = s_.timers.find(x.timer);
  require(found != s_.timers.end(), "a timer that is not armed");
  if (found->second.purpose == timer_purpose::backoff)
    frame_of(found->second.frame).at = phase::ready;
  s_.timers.erase(found);
}

void folder::operator()(const events::event_received& x) {
  s_.inbox.push_back({x.number, x.event});
  s_.next_inbox = x.number + 1;
  if (x.arrival != 0)
    s_.arrived.add(x.arrival);
  while (!s_.taken.empty()
         && (s_.taken.size() >= taken_max
             || s_.taken.front().first + taken_for < at_))
    s_.taken.pop_front();
  s_.taken.emplace_back(at_, event_hash(*x.event));
}

bool runs(const instance_state& s, const armed_timer& t) {
  if (t.purpose == timer_purpose::sla)
    return !ended(s.status); // Those who wait do not wait less in a pause.
  switch (s.status) {
  case instance_status::pending:
  case instance_status::running:
  case instance_status::waiting:
    return true;
  case instance_status::suspending:
    return !s.freeze || t.purpose == timer_purpose::resume;
  case instance_status::suspended:
    return t.purpose == timer_purpose::resume;
  case instance_status::cancelling:
    return s.rollback.has_value();
  default:
    return false;
  }
}

bool effect_is_ordered(const frame& f) {
  return f.at == phase::running || f.at == phase::handed;
}

bool effect_is_out(const frame& f) {
  return effect_is_ordered(f) && !f.stopped;
}

bool moves(const instance_state& s) {
  return s.status == instance_status::running
         || (s.status == instance_status::cancelling && s.rollback);
}

namespace {

// Whether the tasks below it stand elsewhere in the document, so that other
// tasks may have the same ones.
bool lends_tasks(const frame& f, const definition& of) {
  if (f.wrap)
    return f.wrap->segment != f.wrap->extensions.size();
  return f.role == frame_role::task
         && std::holds_alternative<tasks::call_function>(
           of.tasks[*f.node].kind);
}

} // namespace

std::string effect_key(const instance_state& s, const frame& f,
                       const definition& of) {
  std::string path;
  auto task = of.tasks[*f.node].pointer;
  for (const auto* at = &f; at->id != 0; at = &s.frames.at(at->parent)) {
    if (at != &f && lends_tasks(*at, of))
      task = of.tasks[*at->node].pointer + task;
    auto step
      = at->role == frame_role::lane      ? "b" + std::to_string(at->lane)
        : at->role == frame_role::undo    ? "u" + std::to_string(at->iterations)
        : at->role == frame_role::cleanup ? "r" + std::to_string(at->attempt)
        : at->role == frame_role::redo    ? "d" + std::to_string(at->id)
                                          : std::to_string(at->visit);
    path = path.empty() ? std::move(step) : step + "." + path;
  }
  return s.ns + "/" + s.id + task + "/" + path;
}

void apply(instance_state& state, const definition& of, const event& fact,
           timestamp at, std::vector<left_child>* left) {
  std::visit(folder{state, of, at, left}, fact);
  ++state.last;
  state.updated = at;
}

} // namespace pawl
