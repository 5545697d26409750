#include "workflow/fields.hpp"
#include "workflow/state.hpp"

namespace pawl {

// Beside the enumerations, where layout::reader finds them.
static constexpr phase last_of(phase) {
  return phase::handed;
}
static constexpr frame_role last_of(frame_role) {
  return frame_role::redo;
}
static constexpr instance_status last_of(instance_status) {
  return instance_status::cancelled;
}

namespace layout {

// Left out where it is JSON's null: most have none.
template <class V>
void describe_rare(V& v, int number, const char* name, datum& x) {
  datum kept = x && !x->is_null() ? x : nullptr;
  v(number, name, kept);
  if (kept && kept != x)
    x = kept;
}

// What stands in `taken` as one item.
struct taken_event {
  timestamp when;
  std::uint64_t hash = 0;
};

template <class V>
void describe(V& v, taken_event& x) {
  v(1, "when", x.when);
  v(2, "hash", x.hash);
}
template <class V>
void describe(V& v, listening_state& x) {
  v(1, "matched", x.matched);
  v(2, "correlation", x.correlation);
  v(3, "item", x.item);
}
template <class V>
void describe(V& v, wrap_state& x) {
  v(1, "extensions", x.extensions);
  v(2, "segment", x.segment);
  v(3, "output", x.output);
  v(4, "then", x.then);
  v(5, "target", x.target);
}
template <class V>
void describe(V& v, vote& x) {
  v(1, "by", x.by);
  v(2, "outcome", x.outcome);
  v(3, "comment", x.comment);
  v(4, "data", x.data);
  v(5, "at", x.at);
  v(6, "automatic", x.automatic);
  v(7, "group", x.group);
}
template <class V>
void describe(V& v, undoable& x) {
  v(1, "completed", x.completed);
  v(2, "node", x.node);
  v(3, "key", x.key);
  v(4, "within", x.within);
  v(5, "input", x.input);
  v(6, "output", x.output);
}
template <class V>
void describe(V& v, rollback_state& x) {
  v(1, "scope", x.scope);
  v(2, "target", x.target);
  v(3, "then", x.then);
  v(4, "since", x.since);
  v(5, "input", x.input);
  v(6, "error", x.error);
  v(7, "begun", x.begun);
}
template <class V>
void describe(V& v, frame& x) {
  v(1, "id", x.id);
  v(2, "parent", x.parent);
  v(3, "node", x.node);
  v(4, "at", x.at);
  v(5, "visit", x.visit);
  v(6, "attempt", x.attempt);
  v(7, "dispatch", x.dispatch);
  v(8, "stopped", x.stopped);
  v(9, "raw", x.raw);
  v(10, "input", x.input);
  v(11, "arguments", x.arguments);
  v(12, "data", x.data);
  v(13, "cursor", x.cursor);
  v(14, "iterations", x.iterations);
  v(15, "retries", x.retries);
  v(16, "handling", x.handling);
  v(17, "error", x.error);
  v(18, "started", x.started);
  v(20, "role", x.role);
  v(21, "lane", x.lane);
  v(22, "lost", x.lost);
  v(23, "entered", x.entered);
  v(24, "gathered", x.gathered);
  v(25, "listening", x.listening);
  v(26, "wrap", x.wrap);
  v(27, "votes", x.votes);
  v(28, "cleaned", x.cleaned);
  describe_rare(v, 29, "locals", x.locals);
}
template <class V>
void describe(V& v, armed_timer& x) {
  v(1, "id", x.id);
  v(2, "frame", x.frame);
  v(3, "purpose", x.purpose);
  v(4, "armed", x.armed);
  v(5, "due", x.due);
}
template <class V>
void describe(V& v, inbox_event& x) {
  v(1, "number", x.number);
  v(2, "event", x.event);
  v(3, "leftFor", x.left_for);
}

// The state in two halves: what stays as it is, and what changes.
struct identity {
  instance_state& s;
};
struct progress {
  instance_state& s;
  std::vector<taken_event>& taken;
};

template <class V>
void describe(V& v, identity& x) {
  v(1, "namespace", x.s.ns);
  v(2, "id", x.s.id);
  v(3, "workflow", x.s.workflow);
  v(4, "digest", x.s.digest);
  v(5, "labels", x.s.labels);
  v(6, "rawInput", x.s.raw_input);
  v(7, "created", x.s.created);
  v(8, "started", x.s.started);
  v(9, "parent", x.s.parent);
  v(10, "depth", x.s.depth);
  v(11, "unchecked", x.s.unchecked);
  v(12, "startedBy", x.s.started_by);
  v(13, "traceparent", x.s.traceparent);
}
template <class V>
void describe(V& v, progress& x) {
  v(1, "status", x.s.status);
  v(2, "mode", x.s.mode);
  v(3, "reason", x.s.reason);
  v(4, "context", x.s.context);
  v(5, "output", x.s.output);
  v(6, "error", x.s.error);
  v(7, "faultedFrame", x.s.faulted_frame);
  v(8, "last", x.s.last);
  v(9, "updated", x.s.updated);
  v(10, "ended", x.s.ended);
  v(11, "tasksCompleted", x.s.tasks_completed);
  v(12, "tasksFaulted", x.s.tasks_faulted);
  v(13, "frames", x.s.frames);
  v(14, "nextFrame", x.s.next_frame);
  v(16, "timers", x.s.timers);
  v(17, "nextTimer", x.s.next_timer);
  v(18, "inbox", x.s.inbox);
  v(19, "nextInbox", x.s.next_inbox);
  v(20, "taken", x.taken);
  v(21, "arrived", x.s.arrived.spans);
  v(22, "arrivedFloor", x.s.arrived.floor);
  v(23, "freeze", x.s.freeze);
  v(24, "paused", x.s.paused);
  v(25, "businessState", x.s.business_state);
  v(26, "undoables", x.s.undoables);
  v(27, "rollback", x.s.rollback);
  v(28, "outcome", x.s.outcome);
  v(29, "index", x.s.index);
  v(30, "overdue", x.s.overdue);
  describe_rare(v, 31, "usage", x.s.usage);
  describe_rare(v, 32, "taskUsage", x.s.task_usage);
  v(33, "overBudget", x.s.over_budget);
  describe_rare(v, 34, "flags", x.s.flags);
}

} // namespace layout

namespace {

constexpr std::uint64_t state_version = 2;

} // namespace

std::string encode_state(const instance_state& state) {
  std::string out;
  cbor::put_uint(out, state_version);
  // The visitors only read; see layout::writer.
  auto& s = const_cast<instance_state&>(state);
  std::vector<layout::taken_event> taken;
  for (const auto& [when, hash] : s.taken)
    taken.push_back({when, hash});
  layout::writer{out}.put_struct(layout::identity{s});
  layout::writer{out}.put_struct(layout::progress{s, taken});
  return out;
}

result<instance_state> decode_state(std::string_view bytes) {
  cbor::reader in{bytes};
  if (in.get_uint() != state_version)
    return error{errc::corrupt, "a snapshot of an unknown version"};
  instance_state s;
  std::vector<layout::taken_event> taken;
  layout::identity first{s};
  layout::progress second{s, taken};
  layout::reader{in}.get_struct(first);
  layout::reader{in}.get_struct(second);
  if (in.failed() || !in.at_end())
    return error{errc::corrupt, "a snapshot does not decode"};
  for (const auto& one : taken)
    s.taken.emplace_back(one.when, one.hash);
  return s;
}

} // namespace pawl
