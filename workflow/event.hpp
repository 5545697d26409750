#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pawl {

/// Names an active task within one instance; never used twice in it. 0 is the
/// root, the workflow's own `do`.
using frame_id = std::uint32_t;

/// Names a timer within one instance; never used twice in it.
using timer_id = std::uint32_t;

/// What a timer is for. On disk: never renumber.
enum class timer_purpose : std::uint8_t {
  wait = 1,    ///< A `wait` task ends.
  backoff = 2, ///< A `try` runs again.
  timeout = 3, ///< A task or the workflow has taken too long.
  attempt = 4, ///< One attempt of a `try` has taken too long.
  resume = 5,  ///< A pause ends by itself.
  start = 6,   ///< The instance begins (`startAt`).
  due = 7,     ///< An approval is due.
  remind = 8,  ///< The approvers are reminded.
  sla = 9,     ///< It should have been through by now.
};

/// How a pause treats running tasks. On disk: never renumber.
enum class pause_mode : std::uint8_t { drain = 1, interrupt = 2 };

/// What follows when all compensations of a rollback are through. On disk:
/// never renumber.
enum class rollback_end : std::uint8_t {
  go_on = 1,  ///< The task that it led back to.
  fault = 2,  ///< The instance has faulted.
  cancel = 3, ///< The instance is cancelled.
};

/// Facts about an instance, in the past tense. They are journaled for ever, so
/// a fact may gain fields and kinds, but never lose or renumber them
/// (docs/format/event.md). They carry what was evaluated, so that folding them
/// never evaluates an expression and never asks a clock; the time of a fact is
/// the time of its turn.
namespace events {

struct instance_created {
  std::string ns;
  std::string id;
  definition_id workflow;
  std::string digest; ///< Of the definition that this instance is pinned to.
  datum input = null_datum();
  std::map<std::string, std::string> labels;
  std::string parent = {}; ///< The parent's id; "" if it is nobody's child.
  std::uint32_t depth = 0; ///< How many parents it has.
  /// Nobody was there to be refused: `input` may break its schema.
  bool unchecked = false;
  std::string by = {};          ///< Who started it, as far as that is known.
  std::string traceparent = {}; ///< W3C Trace Context; "" if none was given.
  bool operator==(const instance_created&) const = default;
};
struct instance_started {
  datum input; ///< Transformed by `input.from`; null pointer: as the raw one.
};
struct instance_suspending {
  pause_mode mode = pause_mode::drain;
  std::string reason;
  bool freeze = false; ///< Timers keep what is left of them until a resume.
};
struct instance_suspended {
  std::string reason;
  bool freeze = false;
};
struct instance_resumed {
  std::string reason;
};
struct instance_cancelling {
  std::string reason;
};
struct instance_cancelled {
  std::string reason;
};
struct instance_faulted {
  datum error = null_datum(); ///< RFC 7807 with `instance`, the task's pointer.
  frame_id frame = 0;         ///< What a retry begins again.
};
struct instance_completed {
  datum output = null_datum();
  datum outcome = {}; ///< A null pointer if the definition names none.
};
/// By what it can be listed, all of it anew.
struct instance_indexed {
  std::map<std::string, std::string> values;
};
/// A task has told what it has used.
struct task_metered {
  frame_id frame = 0;
  std::string task;
  datum usage = null_datum(); ///< An object of numbers.
};
/// More was used than the budget of the definition allows.
struct instance_over_budget {
  std::string name;
  datum used = null_datum();   ///< A number.
  datum budget = null_datum(); ///< A number.
};
/// What the flags were when they were read, if that is news.
struct flags_seen {
  datum flags = null_datum();
};
/// The time that its definition gives it is over.
struct instance_overdue {
  timestamp due;
};

/// A task was entered: the intention, on disk before any effect leaves.
struct task_started {
  frame_id frame = 0;
  frame_id parent = 0;
  std::string task;          ///< Pointer.
  std::uint32_t visit = 1;   ///< Entries by flow, counted from 1.
  std::uint32_t attempt = 1; ///< Of this visit, counted from 1.
  datum input; ///< Transformed by `input.from`; null pointer: as the raw one.
  datum arguments; ///< What the effect is called with, or the items of a `for`.
};
struct task_completed {
  frame_id frame = 0;
  std::string task;
  datum output;  ///< Transformed; null pointer: the task's transformed input.
  datum context; ///< The new `$context`; null pointer: unchanged.
  /// The case that a `switch` took, counted from 1; 0 for none.
  std::uint32_t branch = 0;
  bool by_operator = false; ///< Its output was given by hand.
  std::string reason = {};
};
/// A task is left out: by its `if`, before it was entered, or by an operator
/// (frame: that task).
struct task_skipped {
  frame_id parent = 0;
  std::string task;
  frame_id frame = 0;
  datum output = {}; ///< What stands for its output; a null pointer: its input.
  datum context = {}; ///< The new `$context`; null pointer: unchanged.
  std::string reason = {};
};
struct task_faulted {
  frame_id frame = 0;
  std::string task;
  datum error = null_datum();
  bool by_operator = false;
  std::string reason = {};
};
/// A `try` will run again (frame: the try), or an operator ordered a faulted
/// task to (frame: that task), or an earlier one, `from`, of a list around it
/// (frame: whose list it is).
struct task_retried {
  frame_id frame = 0;
  std::string task;
  std::uint32_t attempt = 2;
  std::optional<timestamp> until; ///< The end of the backoff, if there is one.
  datum error; ///< Why; a null pointer when an operator ordered it.
  datum input; ///< A replacement of the raw input; null pointer: the same.
  bool by_operator = false;
  std::string from = {}; ///< Pointer; then `input` is what flows into it.
};
/// A `try` caught an error and goes on with its handler, or swallowed it.
struct task_caught {
  frame_id frame = 0;
  std::string task;
  datum error = null_datum();
};
/// A `for` goes on with this item.
struct task_iterated {
  frame_id frame = 0;
  std::string task;
  std::uint64_t index = 0;
};
/// A `fork` begins a branch, or a concurrent `for` an item: a lane of its own.
struct branch_started {
  frame_id frame = 0;
  frame_id parent = 0;
  std::string task;         ///< The fork or the `for`.
  std::uint32_t number = 1; ///< Of the branch or the item, counted from 1.
};
struct branch_completed {
  frame_id frame = 0;
  std::string task;
  std::uint32_t number = 1;
  datum output = null_datum();
};
/// A branch of a competing fork is out of the race.
struct branch_faulted {
  frame_id frame = 0;
  std::string task;
  std::uint32_t number = 1;
  datum error = null_datum();
};
/// Extensions apply to a task that is about to be entered.
struct task_extended {
  frame_id frame = 0;
  frame_id parent = 0;
  std::string task;
  std::uint32_t visit = 1;
  std::vector<std::uint32_t> extensions; ///< Their places, outermost first.
};
/// The tasks before or behind the extended one are through, or it is itself.
struct extension_moved {
  frame_id frame = 0;
  std::string task;
  std::uint32_t segment = 0; ///< See frame::wrap_state.
};
/// The last extension of a task is through.
struct extension_closed {
  frame_id frame = 0;
  std::string task;
};
/// A `listen` has handled an event with its `foreach`.
struct event_handled {
  frame_id frame = 0;
  std::string task;
  datum output = null_datum();
  datum context; ///< The new `$context`; null pointer: unchanged.
};
/// The effect of a running task was given up: paused with interrupt (the task
/// will run again under the same key), or cancelled for good. Also a task that
/// a fault or the end of its scope took along.
struct task_cancelled {
  frame_id frame = 0;
  std::string task;
  bool again = false; ///< True: it will be ordered again after a resume.
};

struct timer_armed {
  timer_id timer = 0;
  frame_id frame = 0;
  timer_purpose purpose = timer_purpose::wait;
  timestamp due;
};
struct timer_fired {
  timer_id timer = 0;
};

/// A CloudEvent was accepted for this instance.
struct event_received {
  std::uint64_t number = 0; ///< Of this instance's inbox, counted from 1.
  datum event = null_datum();
  std::uint64_t arrival = 0; ///< Of one that was published: its number in the
                             ///< log of events; 0: it was addressed.
};
/// A `listen` took an event of the inbox.
struct event_consumed {
  frame_id frame = 0;
  std::string task;
  std::uint64_t number = 0;
  /// Which filter it fitted, counted from 1 over those of the strategy and then
  /// those of its `until`; 0 for an `any` without filters.
  std::uint32_t filter = 0;
  bool ends = false;      ///< It belongs to `until`, and is not put out.
  datum correlation = {}; ///< What the keys must be from now on; null pointer:
                          ///< unchanged.
  /// Who else gets it: tasks that listen, and lanes in which some may do so.
  std::vector<frame_id> also = {};
};

/// Somebody has voted on an approval, or the workflow itself has (`automatic`).
struct approval_voted {
  frame_id frame = 0;
  std::string task;
  std::string by;
  std::string outcome; ///< "approved" or "rejected".
  std::string comment;
  datum data; ///< A null pointer if there is none.
  bool automatic = false;
  std::string group = {}; ///< For which he votes; "" if for himself.
};
/// The time for an approval is up and others may decide too.
struct approval_escalated {
  frame_id frame = 0;
  std::string task;
  datum approvers = null_datum(); ///< All who may decide from now on.
};
/// The business state has moved.
struct state_changed {
  std::string task; ///< Whose `metadata.state` it was; "" at the beginning.
  std::string from;
  std::string to;
};
/// The work below a scope is undone, the last first.
struct rollback_started {
  frame_id frame = 0; ///< The scope.
  std::string task;   ///< The task that it leads back to; "" for none.
  rollback_end then = rollback_end::go_on;
  sequence since = 0; ///< What was completed later is undone.
  datum input;        ///< What flows into the task then.
  datum error;        ///< With `fault`: what is to be the instance's.
  std::string reason;
};
/// The `metadata.compensate` of a task begins.
struct compensation_started {
  frame_id frame = 0;
  frame_id parent = 0;      ///< The scope of the rollback.
  std::string task;         ///< The task that is undone.
  std::uint32_t number = 1; ///< Of the rollback, counted from 1.
};
struct compensation_completed {
  frame_id frame = 0;
  std::string task;
};
/// What a task has left behind is put in order before it is tried again: the
/// tasks of its `metadata.onRetry` begin.
struct cleanup_started {
  frame_id frame = 0;
  frame_id parent = 0; ///< The task's own.
  std::string task;
};
struct cleanup_completed {
  frame_id frame = 0;
  std::string task;
};
/// A task that is through, or an item of a `for`, is run once more beside the
/// flow, which it leaves alone.
struct redo_started {
  frame_id frame = 0;
  std::string task;
  std::uint32_t item = 0; ///< Of the `for`, counted from 1; 0: the task whole.
  datum input = null_datum();   ///< What flows into it.
  datum locals = null_datum();  ///< What the names around it stand for.
  datum outputs = null_datum(); ///< Of all items of a concurrent `for`.
  std::string reason = {};
};
/// What it puts out stands in place of what the task has put out before.
struct redo_completed {
  frame_id frame = 0;
  std::string task;
  std::uint32_t item = 0;
  datum output = null_datum(); ///< Of the task, or of the item.
  datum context = {}; ///< The new `$context`; a null pointer: unchanged.
};
/// It has failed, and all stands as it was before.
struct redo_faulted {
  frame_id frame = 0;
  std::string task;
  std::uint32_t item = 0;
  datum error = null_datum();
};
/// All that had to be undone is. The flow goes on with `task`.
struct rollback_completed {
  frame_id frame = 0;
  std::string task;
};

} // namespace events

/// One fact. The order of the alternatives is not on disk; the numbers are
/// (workflow/codec.cpp).
using event = std::variant<
  events::instance_created, events::instance_started,
  events::instance_suspending, events::instance_suspended,
  events::instance_resumed, events::instance_cancelling,
  events::instance_cancelled, events::instance_faulted,
  events::instance_completed, events::task_started, events::task_completed,
  events::task_skipped, events::task_faulted, events::task_retried,
  events::task_caught, events::task_iterated, events::task_cancelled,
  events::timer_armed, events::timer_fired, events::event_received,
  events::event_consumed, events::branch_started, events::branch_completed,
  events::branch_faulted, events::task_extended, events::extension_moved,
  events::extension_closed, events::event_handled, events::approval_voted,
  events::approval_escalated, events::state_changed, events::rollback_started,
  events::compensation_started, events::compensation_completed,
  events::rollback_completed, events::instance_indexed,
  events::instance_overdue, events::cleanup_started, events::cleanup_completed,
  events::task_metered, events::instance_over_budget, events::flags_seen,
  events::redo_started, events::redo_completed, events::redo_faulted>;

/// The name that users read: "task.started".
[[nodiscard]] std::string_view type_of(const event& fact);

/// The pointer of the task that the fact is about; "" if it is about the
/// instance.
[[nodiscard]] std::string_view task_of(const event& fact);

/// The fact as users read it in a history: the member `data` of its item.
[[nodiscard]] json::object to_json(const event& fact);

} // namespace pawl
