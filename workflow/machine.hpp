#pragma once

#include "workflow/definition.hpp"
#include "workflow/effect.hpp"
#include "workflow/event.hpp"
#include "workflow/expression/expression.hpp"
#include "workflow/state.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pawl {

/// What a client or an operator wishes. It becomes facts or is refused.
namespace requests {

struct create {
  std::string ns;
  std::string id;
  datum input = null_datum();
  std::map<std::string, std::string> labels;
  std::string parent = {}; ///< Of a child: its parent's id.
  std::uint32_t depth = 0; ///< Of a child: how many parents it has.
  /// Nobody is there to be refused: input that breaks its schema makes a
  /// faulted instance.
  bool fault_if_invalid = false;
  std::optional<timestamp> start_at = {}; ///< It is pending until then.
  bool held = false;   ///< It begins suspended: an operator lets it go on.
  std::string by = {}; ///< Who starts it, as far as that is known.
  std::string traceparent = {}; ///< W3C Trace Context; "" if there is none.
};
struct pause {
  pause_mode mode = pause_mode::drain;
  std::string reason;
  bool freeze = false; ///< Timers keep what is left of them until the resume.
  std::optional<timestamp> until = {}; ///< It ends by itself then.
};
struct resume {
  std::string reason;
};
struct cancel {
  std::string reason;
};
/// Run the faulted task again, or one that waits in a backoff at once.
struct retry {
  std::optional<datum> input; ///< A replacement of the task's raw input.
  std::string reason;
  /// Pointer of an earlier task, in a list around the faulted one, that has run
  /// already; then `input` is needed.
  std::string from = {};
};
/// An operator ends a task himself: one that waits or, for skip alone, the one
/// that faulted.
struct settle {
  enum class way : std::uint8_t {
    skip,     ///< Leave it out: `output` stands for what it puts out.
    complete, ///< `output` is what it gave: its output rules apply.
    fail,     ///< It failed with `error`, which a `try` may catch.
  };
  way how = way::skip;
  std::string task = {};  ///< Pointer; "" if only one task is meant.
  std::uint32_t lane = 0; ///< The branch or item that it runs in; 0: any.
  std::optional<datum> output = {}; ///< None: the task's input.
  json::object error = {};          ///< fail: members of the problem.
  std::string reason = {};
};
/// Somebody decides on an approval that waits.
struct vote {
  frame_id frame = 0;
  std::uint32_t round = 0; ///< frame::dispatch: which time it is asked.
  std::string by = {};     ///< Who votes, as far as that is known.
  std::vector<std::string> groups = {}; ///< That he may vote for.
  bool operates = false;    ///< He may decide where nobody is named.
  std::string outcome = {}; ///< "approved" or "rejected".
  std::string comment = {};
  std::optional<datum> data = {};
};
/// Undo what was completed since a task was entered, the last first, and go on
/// with that task.
struct rollback {
  std::string to = {}; ///< Pointer.
  sequence since = 0;  ///< Where the history tells of its last entry ...
  std::optional<datum> input = {}; ///< ... and what flowed into it then.
  std::string reason = {};
};
/// Run a task that is through, or an item of a `for`, once more beside the
/// flow.
struct redo {
  std::string task = {};           ///< Pointer.
  std::uint32_t item = 0;          ///< Of the `for` that is named; 0: all.
  std::optional<datum> input = {}; ///< A replacement of what flowed into it.
  std::string reason = {};
  // What the history alone tells:
  datum given = {};            ///< What flowed into it; null: it never ran.
  datum locals = null_datum(); ///< See events::redo_started.
  datum outputs = null_datum();
};
/// A CloudEvent.
struct deliver {
  enum class if_unawaited : std::uint8_t {
    keep,   ///< Addressed to this instance: kept until a `listen` wants it.
    refuse, ///< Addressed, but only welcome if a `listen` waits for it:
            ///< else errc::invalid_state.
    ignore, ///< Published to all: not a fact unless a `listen` matches.
  };
  datum event = null_datum();
  if_unawaited otherwise = if_unawaited::keep;
  std::uint64_t arrival = 0; ///< Of a published one: its number in the log of
                             ///< events, which is received once.
};

} // namespace requests

using request
  = std::variant<requests::create, requests::pause, requests::resume,
                 requests::cancel, requests::retry, requests::settle,
                 requests::vote, requests::rollback, requests::redo,
                 requests::deliver>;

/// What the world reports.
namespace reports {

/// The effect of `frame` has an outcome. A late one, of a frame that is closed
/// or of a former dispatch, gives an empty turn.
struct effect_done {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  effect_outcome outcome;
};
/// The worker could not carry the effect out: its own fault, not the
/// target's.
struct effect_failed {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  std::string detail;
  error_kind kind = error_kind::runtime;
};
/// The effect was given up, as commands::stop_effect asked.
struct effect_stopped {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
};
/// It may be time for a timer.
struct time_passed {};
/// Go on where the last turn's steps ran out, or where a crash left it.
struct go_on {};
/// The answer to turn::needs.
struct evaluated {
  result<std::vector<json::value>> values;
};

} // namespace reports

using report = std::variant<reports::effect_done, reports::effect_failed,
                            reports::effect_stopped, reports::time_passed,
                            reports::go_on, reports::evaluated>;

using input = std::variant<request, report>;

/// What the world must now do. Never journaled: it follows from the state.
/// How an effect is given up.
enum class giving_up : std::uint8_t {
  drain,     ///< A child goes on to its next rest; others as interrupt.
  interrupt, ///< It is ordered again after the pause.
  for_good,  ///< It is never ordered again.
};

namespace commands {

/// Carry the effect of this frame out, if that is not under way.
struct perform {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  std::uint32_t attempt = 1; ///< Header Pawl-Attempt.
  std::string task;          ///< Pointer.
  std::string effect_key;    ///< Header Idempotency-Key; the same for every
                             ///< attempt of one visit.
  const pawl::task* node = nullptr; ///< Within machine::flow().
  datum arguments;    ///< An object; what it holds depends on the task's kind
                      ///< (workflow/effect.hpp).
  bool begins = true; ///< False: what has not begun yet does not.
  /// W3C Trace Context, of the instance's; its span is this attempt's.
  std::string traceparent = {};
};
/// Give the effect of this frame up, then report effect_stopped.
struct stop_effect {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  giving_up how = giving_up::drain;
  /// Of a child, which goes on whether somebody is at work on it or not: who is
  /// to be told. Nothing is begun by it.
  std::optional<perform> child = {};
};

/// Let the effect of this frame go on if it is under way, but do not order it:
/// a pause drains. If it is not under way, report effect_stopped.
struct keep_effect {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
};

} // namespace commands

using command = std::variant<commands::perform, commands::stop_effect,
                             commands::keep_effect>;

/// An expression for a helper process; answered by reports::evaluated.
struct evaluation {
  expression::program_ptr program;
  json::value data;
  std::vector<std::pair<std::string, json::value>> variables;
  timestamp now;
};

/// What a `log` task says.
struct log_line {
  std::string level; ///< "debug", "info", "warn" or "error".
  std::string task;  ///< Pointer.
  std::string message;
};

/// What one call of decide() made of its input. The facts are folded into the
/// machine already; nothing may leave before they are on disk.
struct turn {
  std::vector<event> events;
  std::vector<datum> emitted;   ///< CloudEvents to publish with the commit.
  std::vector<log_line> logged; ///< What `log` tasks say.
  /// To be cancelled, unless they have ended.
  std::vector<left_child> left;
  /// The turn cannot go on without this value. Call decide() with
  /// reports::evaluated next, and commit the facts of both calls as one.
  std::optional<evaluation> needs;
  /// The counted steps ran out: commit, then decide(reports::go_on).
  bool unfinished = false;
};

/// A refusal's own members beside code and sentence.
struct refused {
  error what;
  json::object members;   ///< `from`, `allowed`, `error`, `awaits`, ...
  bool forbidden = false; ///< Others may, but not who asks.
};
[[noreturn]] void throw_exception_from_error(const refused& e,
                                             const boost::source_location& at);

/// What an instance may use up. All bounds are config keys.
struct machine_limits {
  std::uint32_t turn_steps_max = 1000;
  expression::budget step_budget; ///< Of one step of a turn. A turn whose
                                  ///< steps have used it up is cut.
  duration retry_delay_max = std::chrono::hours{1};
  std::uint32_t inbox_max = 1024;
  std::size_t payload_max
    = 8ULL << 20; ///< Bytes of a value: of an answer, or made by a task.
};

/// What a turn takes from the world, so that the machine itself asks nobody.
struct turn_context {
  timestamp now;
  std::uint64_t seed = 0; ///< For jitter and for ids.
  bool held = false;      ///< A hold: nothing moves by itself.
  /// Pointers of tasks that must not be begun; null for none.
  const std::set<std::string, std::less<>>* held_tasks = nullptr;
  datum flags = {}; ///< An object: `$runtime.metadata.flags`; null for none.
};

/// A listen that waits.
struct awaited_event {
  frame_id frame = 0;
  std::string task;
  std::string type; ///< "" if it is not a constant.
  timestamp since;
};

/// One workflow instance as a pure state machine. It knows no clock, no thread
/// and no disk: the same inputs give the same facts, and the same facts the
/// same state.
///
/// Order of calls: a new machine takes requests::create, or state via restore()
/// and then facts via apply(). After a turn with `needs`, only
/// reports::evaluated.
class machine {
public:
  explicit machine(definition_ptr of, machine_limits limits = {});
  ~machine();
  machine(machine&&) noexcept;
  machine& operator=(machine&&) noexcept;

  /// Runs one turn. A refused request changes nothing:
  /// errc::invalid_state with `from` and `allowed`; errc::invalid_input
  /// (create) with `error`; errc::overloaded (inbox full). May throw
  /// std::logic_error for a broken invariant: then the machine is to be thrown
  /// away.
  [[nodiscard]] boost::system::result<turn, refused>
  decide(input what, const turn_context& in);

  /// Folds one fact of the journal.
  void apply(const event& fact, timestamp at);

  /// Takes over a snapshot. Fails with errc::corrupt.
  result<> restore(std::string_view snapshot);
  [[nodiscard]] std::string snapshot() const;

  /// What is to be done in the world, so that a restart can order it again.
  [[nodiscard]] std::vector<command> outstanding() const;

  /// When time_passed must be reported at the latest; none if no timer runs.
  [[nodiscard]] std::optional<timestamp> next_timer() const;

  /// The listens that wait, by frame.
  [[nodiscard]] std::vector<awaited_event> awaited() const;

  /// Whether go_on would move it: work is left that needs nothing of the world.
  [[nodiscard]] bool has_work() const;

  [[nodiscard]] const instance_state& state() const;
  [[nodiscard]] const definition& flow() const;
  [[nodiscard]] definition_ptr shared_flow() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace pawl
