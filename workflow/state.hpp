#pragma once

#include "workflow/arrivals.hpp"
#include "workflow/definition.hpp"
#include "workflow/event.hpp"
#include "workflow/status.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pawl {

/// What an active task is at. On disk: never renumber.
enum class phase : std::uint8_t {
  ready = 1,    ///< A container: its next step can be taken.
  entering = 2, ///< It will be begun (again): an operator ordered so.
  running = 3,  ///< Its effect is ordered, the outcome is awaited.
  waiting = 4,  ///< For time or for an event.
  backoff = 5,  ///< A `try` that waits for its next attempt.
  faulted = 6,  ///< Its error ended the instance; a retry begins it again.
  holding = 7,  ///< A container with an active child.
  handed = 8,   ///< As running, but with somebody who may take days over it: a
                ///< worker or a child.
};

/// A container's cursor behind the end of its list, where `exit` leads.
inline constexpr std::uint32_t cursor_end = 0xffffffff;

/// What a frame stands for. On disk: never renumber.
enum class frame_role : std::uint8_t {
  task = 1,    ///< An active task; or the workflow itself.
  lane = 2,    ///< A branch of the fork, or an item of the `for`, that it hangs
               ///< below and shares the node with.
  wrap = 3,    ///< The extensions around the task that hangs below it.
  undo = 4,    ///< The compensation of a task, below the scope of a rollback.
  cleanup = 5, ///< What runs below a task before it is tried again.
  redo = 6,    ///< A task or an item that runs once more beside the flow.
};

/// What a `listen` has taken so far, beside frame::gathered.
struct listening_state {
  std::vector<std::uint32_t> matched; ///< Filters that have had their event.
  datum correlation = null_datum();   ///< What the keys must be; an object.
  datum item = null_datum();          ///< What `foreach` is at work on.
};

/// How far the extensions around a task are. With n of them, segments 0 to n-1
/// are what comes before, the outermost first, n is the task, and n+1 to 2n are
/// what comes behind, the innermost first.
struct wrap_state {
  std::vector<std::uint32_t> extensions; ///< Those that apply.
  std::uint32_t segment = 0;
  datum output = null_datum(); ///< The task's, from segment n+1 on.
  std::uint32_t then = 0;      ///< The task's way on: flow::kind ...
  task_index target = 0;       ///< ... and flow::target.
};

/// A vote on an approval.
struct vote {
  std::string by;
  std::string outcome; ///< "approved" or "rejected".
  std::string comment;
  datum data = null_datum();
  timestamp at;
  bool automatic = false;
  std::string group = {}; ///< For which he voted; "" if for himself.
};

/// A task that is through and has a compensation.
struct undoable {
  sequence completed = 0; ///< The fact.
  task_index node = 0;
  std::string key; ///< Of its effect: another attempt takes its place.
  std::vector<frame_id> within; ///< The frames around it, the innermost first.
  datum input = null_datum();
  datum output = null_datum();
};

/// A rollback under way.
struct rollback_state {
  frame_id scope = 0;
  std::optional<task_index> target; ///< Where the flow goes on.
  rollback_end then = rollback_end::go_on;
  sequence since = 0;
  datum input = null_datum();
  datum error = null_datum();
  std::uint32_t begun = 0; ///< Compensations so far.
};

/// One active task, or, as frame 0, the workflow itself. A tree of frames
/// instead of a program counter makes every move the same kind of move: close
/// a frame, open a frame.
struct frame {
  frame_id id = 0;
  frame_id parent = 0;
  std::optional<task_index> node; ///< None for the root.
  phase at = phase::ready;
  std::uint32_t visit = 1;
  std::uint32_t attempt = 1;
  std::uint32_t dispatch = 0; ///< Counts orders of the effect; a late outcome
                              ///< of a former one is not taken.
  bool stopped
    = false; ///< The effect was interrupted; ordered again on resume.
  datum raw = null_datum();
  datum input = null_datum();
  datum arguments = null_datum(); ///< Of the effect; the items of a `for`.
  datum data = null_datum();      ///< Containers: what flows to the next task.
  std::uint32_t cursor = 0;       ///< Containers: the next task of the list.
  std::uint64_t iterations = 0;   ///< `for`: begun ones; also lanes, and the
                                  ///< events that a `listen` has taken. Of a
                                  ///< compensation: undoable::completed.
  std::uint32_t retries = 0;      ///< `try`: attempts after the first.
  bool handling = false;          ///< `try`: in its `catch.do`.
  datum error = null_datum();     ///< `try`: what was caught; else its fault.
  timestamp started;
  frame_role role = frame_role::task;
  std::uint32_t lane = 0; ///< Lanes: counted from 1. Of a cleanup: 1 if the
                          ///< task is then begun again. Of a redo: the item
                          ///< of the `for` that it is of.
  std::uint32_t lost = 0; ///< Competing forks: lanes that faulted.
  /// Containers: how often each task right below was entered.
  std::map<task_index, std::uint32_t> entered;
  /// Outputs: of lanes by their number, of a `listen` by the order of events.
  std::map<std::uint32_t, datum> gathered;
  std::optional<listening_state> listening;
  std::optional<wrap_state> wrap;
  std::vector<vote> votes;   ///< Of an approval.
  std::uint32_t cleaned = 0; ///< The attempt that a cleanup was made for.
  /// Of a redo: an object of what the names around its task stand for.
  datum locals = null_datum();
};

struct armed_timer {
  timer_id id = 0;
  frame_id frame = 0;
  timer_purpose purpose = timer_purpose::wait;
  timestamp armed;
  timestamp due;
};

struct inbox_event {
  std::uint64_t number = 0;
  datum event = null_datum();
  /// Once a `listen` has taken it: the others that get it too, and the lanes in
  /// which one may. Nobody else does.
  std::vector<frame_id> left_for = {};
};

/// A child that its parent no longer waits for, though it may not have ended.
struct left_child {
  std::string ns;
  std::string id;
};

/// All that is known of one instance: the fold of its history.
struct instance_state {
  std::string ns;
  std::string id;
  definition_id workflow;
  std::string digest;
  instance_status status
    = instance_status::pending;        ///< `waiting` is never
                                       ///< kept, see shown_status.
  pause_mode mode = pause_mode::drain; ///< Of the pause under way.
  bool freeze = false;                 ///< Of the pause: timers stand still.
  std::optional<timestamp> paused;     ///< Since when.
  std::string reason;                  ///< Of the last pause or cancel.
  std::map<std::string, std::string> labels;
  std::string parent;      ///< The parent's id; "" if it is nobody's child.
  std::uint32_t depth = 0; ///< How many parents it has.
  bool unchecked = false;  ///< Its input has not been checked.
  datum raw_input = null_datum();
  datum context = null_datum();
  datum output = null_datum();
  datum error = null_datum(); ///< With status faulted: what ended it.
  frame_id faulted_frame = 0; ///< With status faulted: what a retry begins.
  sequence last = 0;
  timestamp created;
  std::optional<timestamp> started;
  timestamp updated;
  std::optional<timestamp> ended;
  std::uint64_t tasks_completed = 0;
  std::uint64_t tasks_faulted = 0;
  std::map<frame_id, frame> frames;
  frame_id next_frame = 1;
  std::map<timer_id, armed_timer> timers;
  timer_id next_timer = 1;
  std::deque<inbox_event> inbox;
  std::uint64_t next_inbox = 1;
  /// Hashes of (source, id) of events taken lately, against duplicates.
  std::deque<std::pair<timestamp, std::uint64_t>> taken;
  arrivals arrived;                ///< Published events that were received.
  std::string started_by;          ///< Who started it; "" if nobody knows.
  std::string business_state;      ///< "" if the definition has none.
  std::vector<undoable> undoables; ///< In the order of their completion.
  std::optional<rollback_state> rollback;
  datum outcome = null_datum();
  std::map<std::string, std::string> index; ///< By what it can be listed.
  bool overdue = false;                     ///< Its `metadata.sla` is broken.
  std::string traceparent;         ///< As it was started with; "" for none.
  datum usage = null_datum();      ///< An object: name -> sum.
  datum task_usage = null_datum(); ///< An object: pointer -> name -> sum.
  /// What of its budget is used up and was told.
  std::vector<std::string> over_budget;
  datum flags = null_datum(); ///< As they were read last.
};

/// Folds one fact into the state. Total: a fact that does not fit the state is
/// a broken invariant and throws std::logic_error, which the instance's
/// supervisor contains. Adds the children that the fact leaves behind to
/// `left`, if that is wanted.
void apply(instance_state& state, const definition& of, const event& fact,
           timestamp at, std::vector<left_child>* left = nullptr);

/// Whether time counts for `t` now: not in a pause that has come to rest or
/// that freezes, but for what ends it.
[[nodiscard]] bool runs(const instance_state& s, const armed_timer& t);

/// The status that users see: `waiting` where a running instance has nothing
/// to do but wait.
[[nodiscard]] instance_status shown_status(const instance_state& state,
                                           const definition& of);

/// The key of the effect of `f`: the same for every attempt of one execution of
/// its task, and another for the next.
[[nodiscard]] std::string effect_key(const instance_state& s, const frame& f,
                                     const definition& of);

/// Whether the effect of this frame is out in the world.
[[nodiscard]] bool effect_is_out(const frame& f);
/// Whether the effect of this frame is ordered, though it may stand still.
[[nodiscard]] bool effect_is_ordered(const frame& f);
/// Whether tasks go on: it runs, or compensations run before it is cancelled.
[[nodiscard]] bool moves(const instance_state& s);

/// The state as bytes (CBOR), and back. Equal states give equal bytes.
[[nodiscard]] std::string encode_state(const instance_state& state);
/// Fails with errc::corrupt.
[[nodiscard]] result<instance_state> decode_state(std::string_view bytes);

/// The instance as the API shows it (API.md, "An instance"), without
/// `quarantined`, which only the supervisor knows.
[[nodiscard]] json::object view(const instance_state& state,
                                const definition& of);

/// Why the instance does not move, and what would move it (API.md, `explain`).
[[nodiscard]] json::object explain(const instance_state& s,
                                   const definition& of);

/// Whether a rollback may begin.
[[nodiscard]] bool may_roll_back(const instance_state& s);

/// The verbs that would do something now, as `allowedActions` lists them:
/// neither what is refused nor what is granted without effect.
[[nodiscard]] std::vector<std::string_view>
allowed_verbs(const instance_state& s);
[[nodiscard]] json::array allowed_actions(const instance_state& s);

} // namespace pawl
