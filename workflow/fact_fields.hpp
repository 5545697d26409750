#pragma once

#include "workflow/event.hpp"

/// How facts are laid out; see workflow/fields.hpp.
namespace pawl::layout {

template <class V>
void describe(V& v, definition_id& x) {
  v(1, "namespace", x.ns);
  v(2, "name", x.name);
  v(3, "version", x.version);
}
template <class V>
void describe(V& v, events::instance_created& x) {
  v(1, "namespace", x.ns);
  v(2, "id", x.id);
  v(3, "workflow", x.workflow);
  v(4, "digest", x.digest);
  v(5, "input", x.input);
  v(6, "labels", x.labels);
  v(7, "parent", x.parent);
  v(8, "depth", x.depth);
  v(9, "unchecked", x.unchecked);
  v(10, "by", x.by);
  v(11, "traceparent", x.traceparent);
}
template <class V>
void describe(V& v, events::instance_started& x) {
  v(1, "input", x.input);
}
template <class V>
void describe(V& v, events::instance_suspending& x) {
  v(1, "mode", x.mode);
  v(2, "reason", x.reason);
  v(3, "freeze", x.freeze);
}
template <class V>
void describe(V& v, events::instance_suspended& x) {
  v(1, "reason", x.reason);
  v(2, "freeze", x.freeze);
}
template <class V>
void describe(V& v, events::instance_resumed& x) {
  v(1, "reason", x.reason);
}
template <class V>
void describe(V& v, events::instance_cancelling& x) {
  v(1, "reason", x.reason);
}
template <class V>
void describe(V& v, events::instance_cancelled& x) {
  v(1, "reason", x.reason);
}
template <class V>
void describe(V& v, events::instance_faulted& x) {
  v(1, "error", x.error);
  v(2, "frame", x.frame);
}
template <class V>
void describe(V& v, events::instance_completed& x) {
  v(1, "output", x.output);
  v(2, "outcome", x.outcome);
}
template <class V>
void describe(V& v, events::task_started& x) {
  v(1, "frame", x.frame);
  v(2, "parent", x.parent);
  v(3, "task", x.task);
  v(4, "visit", x.visit);
  v(5, "attempt", x.attempt);
  v(6, "input", x.input);
  v(7, "arguments", x.arguments);
}
template <class V>
void describe(V& v, events::task_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "output", x.output);
  v(4, "context", x.context);
  v(5, "branch", x.branch);
  v(6, "byOperator", x.by_operator);
  v(7, "reason", x.reason);
}
template <class V>
void describe(V& v, events::task_skipped& x) {
  v(1, "parent", x.parent);
  v(2, "task", x.task);
  v(3, "frame", x.frame);
  v(4, "output", x.output);
  v(5, "context", x.context);
  v(6, "reason", x.reason);
}
template <class V>
void describe(V& v, events::task_faulted& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "error", x.error);
  v(4, "byOperator", x.by_operator);
  v(5, "reason", x.reason);
}
template <class V>
void describe(V& v, events::task_retried& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "attempt", x.attempt);
  v(4, "until", x.until);
  v(5, "error", x.error);
  v(6, "input", x.input);
  v(7, "byOperator", x.by_operator);
  v(8, "from", x.from);
}
template <class V>
void describe(V& v, events::task_caught& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "error", x.error);
}
template <class V>
void describe(V& v, events::task_iterated& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "index", x.index);
}
template <class V>
void describe(V& v, events::task_cancelled& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "again", x.again);
}
template <class V>
void describe(V& v, events::timer_armed& x) {
  v(1, "timer", x.timer);
  v(2, "frame", x.frame);
  v(3, "purpose", x.purpose);
  v(4, "due", x.due);
}
template <class V>
void describe(V& v, events::timer_fired& x) {
  v(1, "timer", x.timer);
}
template <class V>
void describe(V& v, events::event_received& x) {
  v(1, "number", x.number);
  v(2, "event", x.event);
  v(3, "arrival", x.arrival);
}
template <class V>
void describe(V& v, events::event_consumed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "number", x.number);
  v(4, "filter", x.filter);
  v(5, "ends", x.ends);
  v(6, "correlation", x.correlation);
  v(7, "also", x.also);
}
template <class V>
void describe(V& v, events::branch_started& x) {
  v(1, "frame", x.frame);
  v(2, "parent", x.parent);
  v(3, "task", x.task);
  v(4, "number", x.number);
}
template <class V>
void describe(V& v, events::branch_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "number", x.number);
  v(4, "output", x.output);
}
template <class V>
void describe(V& v, events::branch_faulted& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "number", x.number);
  v(4, "error", x.error);
}
template <class V>
void describe(V& v, events::task_extended& x) {
  v(1, "frame", x.frame);
  v(2, "parent", x.parent);
  v(3, "task", x.task);
  v(4, "visit", x.visit);
  v(5, "extensions", x.extensions);
}
template <class V>
void describe(V& v, events::extension_moved& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "segment", x.segment);
}
template <class V>
void describe(V& v, events::extension_closed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
}
template <class V>
void describe(V& v, events::event_handled& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "output", x.output);
  v(4, "context", x.context);
}

template <class V>
void describe(V& v, events::approval_voted& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "by", x.by);
  v(4, "outcome", x.outcome);
  v(5, "comment", x.comment);
  v(6, "data", x.data);
  v(7, "automatic", x.automatic);
  v(8, "group", x.group);
}
template <class V>
void describe(V& v, events::approval_escalated& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "approvers", x.approvers);
}
template <class V>
void describe(V& v, events::state_changed& x) {
  v(1, "task", x.task);
  v(2, "from", x.from);
  v(3, "to", x.to);
}
template <class V>
void describe(V& v, events::rollback_started& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "then", x.then);
  v(4, "since", x.since);
  v(5, "input", x.input);
  v(6, "error", x.error);
  v(7, "reason", x.reason);
}
template <class V>
void describe(V& v, events::compensation_started& x) {
  v(1, "frame", x.frame);
  v(2, "parent", x.parent);
  v(3, "task", x.task);
  v(4, "number", x.number);
}
template <class V>
void describe(V& v, events::compensation_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
}
template <class V>
void describe(V& v, events::rollback_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
}

template <class V>
void describe(V& v, events::instance_indexed& x) {
  v(1, "values", x.values);
}
template <class V>
void describe(V& v, events::instance_overdue& x) {
  v(1, "due", x.due);
}
template <class V>
void describe(V& v, events::cleanup_started& x) {
  v(1, "frame", x.frame);
  v(2, "parent", x.parent);
  v(3, "task", x.task);
}
template <class V>
void describe(V& v, events::cleanup_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
}

template <class V>
void describe(V& v, events::task_metered& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "usage", x.usage);
}
template <class V>
void describe(V& v, events::instance_over_budget& x) {
  v(1, "name", x.name);
  v(2, "used", x.used);
  v(3, "budget", x.budget);
}
template <class V>
void describe(V& v, events::flags_seen& x) {
  v(1, "flags", x.flags);
}
template <class V>
void describe(V& v, events::redo_started& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "item", x.item);
  v(4, "input", x.input);
  v(5, "locals", x.locals);
  v(6, "outputs", x.outputs);
  v(7, "reason", x.reason);
}
template <class V>
void describe(V& v, events::redo_completed& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "item", x.item);
  v(4, "output", x.output);
  v(5, "context", x.context);
}
template <class V>
void describe(V& v, events::redo_faulted& x) {
  v(1, "frame", x.frame);
  v(2, "task", x.task);
  v(3, "item", x.item);
  v(4, "error", x.error);
}

/// The last enumerator; the first is 1 in all of them.
constexpr pause_mode last_of(pause_mode) {
  return pause_mode::interrupt;
}
constexpr timer_purpose last_of(timer_purpose) {
  return timer_purpose::sla;
}
constexpr rollback_end last_of(rollback_end) {
  return rollback_end::cancel;
}

} // namespace pawl::layout
