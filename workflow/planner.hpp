#pragma once

#include "base/random.hpp"
#include "workflow/evaluator.hpp"
#include "workflow/listening.hpp"
#include "workflow/machine.hpp"
#include "workflow/problem.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// A task that is about to be begun, for the first time or again.
struct entry {
  frame_id id = 0;
  frame_id parent = 0;
  const task* node = nullptr;
  std::uint32_t visit = 1;
  std::uint32_t attempt = 1;
  datum raw;
  datum input; ///< Filled in by planner::begin.
};

/// Works one step of a turn out: reads the state, evaluates, and writes down
/// the facts that follow, without applying any. A step that cannot be finished
/// (evaluator::pending) leaves nothing behind but a plan to be thrown away.
class planner {
public:
  planner(const definition& of, const instance_state& state, evaluator& values,
          const machine_limits& limits)
      : of_{of}, state_{state}, values_{values}, limits_{limits} {}

  /// Makes ready for a step.
  void begin_step(timestamp now, std::uint64_t seed);

  std::vector<event> plan;
  /// The CloudEvent of an `emit` that completes in this step.
  datum emitted;
  /// What a `log` says that completes in this step.
  std::optional<log_line> logged;

  // --- What moves by itself (flow.cpp) ------------------------------------
  /// The next step of a container, or the beginning of a task.
  void advance(const frame& f);
  /// A listen looks at an event of the inbox.
  void examine(const frame& f, const inbox_event& kept);
  /// An armed timer that is due.
  void fire(const armed_timer& t);

  // --- What is asked or reported (control.cpp, reports.cpp) ----------------
  using answer = boost::system::result<void, refused>;
  answer create(const requests::create& wish);
  /// The first step of an instance that is created.
  void begin_workflow();
  /// By what it can be listed, if that has changed; `output` is the workflow's,
  /// a null pointer before its end.
  void plan_index(const datum& output);
  answer pause(const requests::pause& wish);
  answer resume(const requests::resume& wish);
  answer cancel(const requests::cancel& wish);
  answer retry(const requests::retry& wish);
  answer settle_task(const requests::settle& wish);
  answer vote(const requests::vote& wish);
  answer roll_back(const requests::rollback& wish);
  answer redo(const requests::redo& wish);
  answer deliver(const requests::deliver& wish);
  void done(const reports::effect_done& what);
  void failed(const reports::effect_failed& what);
  void stopped(const reports::effect_stopped& what);
  /// What a pause or a cancel waited for is there.
  void settle();

  // --- For workflow/tasks/ --------------------------------------------------
  [[nodiscard]] const definition& of() const { return of_; }
  [[nodiscard]] const instance_state& state() const { return state_; }
  [[nodiscard]] evaluator& values() { return values_; }
  [[nodiscard]] timestamp now() const { return now_; }
  [[nodiscard]] std::uint64_t random() { return random_(); }
  [[nodiscard]] const machine_limits& limits() const { return limits_; }

  [[nodiscard]] vantage seen_from(const entry& e) const;
  [[nodiscard]] vantage seen_from(const frame& f) const;
  /// Plans task.started, and the task's timeout unless it is over in this step.
  /// False if the timeout does not evaluate; then the task has faulted.
  bool start(const entry& e, bool lasting, datum arguments = nullptr);
  void arm(frame_id frame, timer_purpose purpose, timestamp due);
  /// Plans the end of a task with `raw_output`: output.as, export.as, schemas.
  void finish(frame_id id, frame_id parent, const vantage& at, datum raw_output,
              std::uint32_t branch = 0);
  void finish(const entry& e, datum raw_output, std::uint32_t branch = 0);
  void finish(const frame& f, datum raw_output, std::uint32_t branch = 0);
  /// Plans the fault of a task and who catches it, from its parent outwards.
  void fail(frame_id id, frame_id parent, std::string_view pointer, raised why);
  void fail(const entry& e, raised why);
  void fail(const frame& f, raised why);
  void fail(const entry& e, error_kind kind, std::string detail);
  /// A task's or an item's output once transformed and checked.
  struct put_out {
    datum output;
    datum context; ///< Null pointer: unchanged.
  };
  or_raised<put_out> transform(const output_rule& output,
                               const output_rule& exports, datum raw_output,
                               vantage at);

  /// Plans the move of the business state that `node` orders; false if that is
  /// not allowed from here.
  bool move_state(const task& node, const std::string& to);
  [[nodiscard]] raised illegal_move(const task& node,
                                    const std::string& to) const;

private:
  void complete_redo(const frame& f);
  void fail_redo(const frame& f, const raised& why);
  std::optional<raised> meter(frame_id id, const task& node,
                              const json::value& usage);
  void stop_at_budget();
  [[nodiscard]] boost::system::result<frame_id, refused>
  scope_of(task_index target) const;
  void begin_saga(rollback_end then, const datum& error);
  [[nodiscard]] bool wants_saga() const;
  void advance_rollback(const frame& scope);
  [[nodiscard]] std::string left_to_operator(frame_id origin,
                                             std::string_view pointer) const;
  [[nodiscard]] frame_id scope_around(frame_id task) const;
  [[nodiscard]] std::string_view business_state() const;
  void move_to_fault(std::string_view pointer, raised& why);
  answer guard_event(const json::value& arrived);
  answer guard_move(std::string_view type, bool declared);
  void approval_timer(const frame& f, timer_purpose purpose);
  void decide_on_compensation(const frame& f, bool approved,
                              const std::string& comment);
  /// False: it was cast before.
  [[nodiscard]] boost::system::result<bool, refused>
  check_vote(const requests::vote& wish, const frame& f) const;
  [[nodiscard]] answer check_ballot(const requests::vote& wish,
                                    const frame& f) const;
  answer retry_faulted(const requests::retry& wish);
  answer retry_from(const requests::retry& wish);
  void renew_limits();
  [[nodiscard]] refused not_now(std::string_view verb) const;
  [[nodiscard]] boost::system::result<frame_id, refused>
  settled_frame(const requests::settle& wish) const;
  answer skip(const frame& f, const requests::settle& wish);
  void end_backoff(const frame& f);
  void arm_attempt(const frame& f);
  bool is_awaited(const json::value& arrived);
  [[nodiscard]] vantage seen_from_outside() const;
  [[nodiscard]] refused refuse_unawaited() const;
  void begin(entry e);
  bool extend(const frame& parent, const entry& e);
  [[nodiscard]] bool wants_cleanup(const frame& f) const;
  void begin_cleanup(const frame& f);
  void limit_all(entry e);
  [[nodiscard]] bool is_limited(const entry& e) const;
  void advance_lanes(const frame& f);
  void advance_wrap(const frame& f);
  std::vector<frame_id> others_for(const frame& taker, frame_id share,
                                   const json::value& arrived);
  bool wants(const frame& lane, const json::value& arrived);
  void take_event(const frame& f, const tasks::listen& what,
                  const event_match& match, const datum& arrived);
  void end_item(const frame& f);
  enum class beside : std::uint8_t { ends, stays };
  /// `redos`: what becomes of what runs beside the flow.
  void cancel_below(frame_id scope, frame_id but_around = 0,
                    beside redos = beside::ends);
  bool leaves_race(const frame& lane, frame_id around, const raised& why);
  void enter(const frame& parent, const task& node);
  void begin_again(const frame& f);
  void complete_workflow(const frame& root);
  bool check_schema(const schema_ptr& rule, const json::value& value,
                    std::string_view what, std::string_view pointer,
                    raised& why) const;
  void fault_workflow(frame_id origin, std::string_view pointer,
                      const raised& why);
  enum class verdict : std::uint8_t { handled, passed };
  or_raised<verdict> offer(const frame& guard, frame_id around,
                           const raised& why);
  or_raised<bool> wants_retry(const retry_policy& policy,
                              const json::value& problem, const vantage& at);
  or_raised<bool> plan_retry(const frame& guard, frame_id around,
                             const raised& why);
  [[nodiscard]] std::uint32_t attempts_of_guards(frame_id scope) const;

  const definition& of_;
  const instance_state& state_;
  evaluator& values_;
  const machine_limits& limits_;
  timestamp now_;
  split_mix random_;
  timer_id next_timer_ = 1;
  std::vector<events::instance_over_budget> over_budget_;
};

/// The list of tasks that container `f` runs now; empty for one that only
/// begins lanes.
[[nodiscard]] std::span<const task_index> body_of(const definition& of,
                                                  const frame& f);
/// Whether `f` begins lanes, and runs no tasks itself.
[[nodiscard]] bool owns_lanes(const definition& of, const frame& f);

/// Whether what an instance can be listed by may be another after `fact`.
[[nodiscard]] bool changes_index(const definition& of, const event& fact);

/// Whether `f` runs tasks below it.
[[nodiscard]] bool is_container(const definition& of, const frame& f);
/// Whether the business state may move so.
[[nodiscard]] bool allows(const business_states& states, std::string_view from,
                          std::string_view to);

// One function a task kind, in workflow/tasks/<kind>.cpp: begins the task `e`,
// whose input is evaluated.
void begin_task(planner& p, const entry& e, const tasks::do_block& what);
void begin_task(planner& p, const entry& e, const tasks::set& what);
void begin_task(planner& p, const entry& e, const tasks::switch_on& what);
void begin_task(planner& p, const entry& e, const tasks::for_each& what);
void begin_task(planner& p, const entry& e, const tasks::try_catch& what);
void begin_task(planner& p, const entry& e, const tasks::raise& what);
void begin_task(planner& p, const entry& e, const tasks::wait& what);
void begin_task(planner& p, const entry& e, const tasks::fork& what);
void begin_task(planner& p, const entry& e, const tasks::call_http& what);
void begin_task(planner& p, const entry& e, const tasks::call_openapi& what);
void begin_task(planner& p, const entry& e, const tasks::call_function& what);
void begin_task(planner& p, const entry& e, const tasks::log& what);
void begin_task(planner& p, const entry& e, const tasks::worker_job& what);
void begin_task(planner& p, const entry& e, const tasks::approval& what);
void begin_task(planner& p, const entry& e, const tasks::notify& what);
void begin_task(planner& p, const entry& e, const tasks::run_program& what);
void begin_task(planner& p, const entry& e, const tasks::run_workflow& what);
void begin_task(planner& p, const entry& e, const tasks::emit& what);
void begin_task(planner& p, const entry& e, const tasks::listen& what);

/// Takes the next step of a `for` whose body is through (or not begun).
void advance_loop(planner& p, const frame& f, const tasks::for_each& what);

/// Whether `error` fits the static filter of a `catch`.
[[nodiscard]] bool fits(const error_filter& filter,
                        const json::object& problem);

/// When an attempt of a `try` that begins now has taken too long, if its
/// policy limits that.
or_raised<std::optional<timestamp>>
attempt_limit(planner& p, const tasks::try_catch& what, const vantage& at);

/// What the state orders of the world; see machine::outstanding().
[[nodiscard]] std::vector<command> outstanding_of(const instance_state& s,
                                                  const definition& of);

/// The task's output as its effect left it, or its error.
[[nodiscard]] or_raised<json::value> read_outcome(const http_outcome& outcome,
                                                  output_kind output,
                                                  bool redirect,
                                                  std::string_view pointer);
[[nodiscard]] or_raised<json::value>
read_outcome(const program_outcome& outcome, const tasks::run_program& what,
             const datum& given, std::string_view pointer);
[[nodiscard]] or_raised<json::value> read_outcome(const child_outcome& outcome,
                                                  const datum& input,
                                                  std::string_view pointer);
[[nodiscard]] or_raised<json::value> read_outcome(const worker_outcome& outcome,
                                                  std::string_view pointer);

} // namespace pawl
