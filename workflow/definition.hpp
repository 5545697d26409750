#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "workflow/duration.hpp"
#include "workflow/expression/expression.hpp"
#include "workflow/schema.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace pawl {

/// An expression that reads `$secrets` or `$authorization`. Its value must
/// never be kept, so it is evaluated by the step worker at dispatch; what is
/// journaled is what it sees otherwise (workflow/late.hpp).
struct late_expression {
  expression::program_ptr program; ///< Native.
  std::string place; ///< Its pointer, by which definition::late finds it.
};

/// In the mode `loose`: a text that reads as an expression. Its value, or the
/// text itself where evaluating it fails.
struct loose_expression {
  expression::program_ptr program;
  datum literal;
};

/// A value of a definition that may hold expressions: plain JSON, one
/// expression, or a structure with expressions inside. Parts without any are
/// folded into one datum.
struct dynamic_value {
  using object = std::vector<std::pair<std::string, dynamic_value>>;
  using array = std::vector<dynamic_value>;
  std::variant<datum, expression::program_ptr, object, array, late_expression,
               loose_expression>
    form = null_datum();
};

/// A duration that is known now, or an expression (or an object holding some)
/// that yields one.
using duration_rule = std::variant<calendar_duration, dynamic_value>;

/// A task's place in definition::tasks. The numbering is depth first in
/// document order and is on disk (visit counts), so it must stay as it is.
using task_index = std::uint32_t;

/// Tasks that run in this order.
using task_list = std::vector<task_index>;

/// Where the flow goes on behind a task.
struct flow {
  enum class kind : std::uint8_t { proceed, exit, end, jump };
  kind to = kind::proceed;
  task_index target = 0; ///< With jump: a task of the same list.
  bool operator==(const flow&) const = default;
};

/// `input` of a workflow or a task.
struct input_rule {
  schema_ptr schema; ///< Null if there is none. Checks the raw input.
  std::optional<dynamic_value> from;
};

/// `output` or `export` of a workflow or a task.
struct output_rule {
  schema_ptr schema; ///< Null if there is none. Checks the transformed value.
  std::optional<dynamic_value> as;
};

struct retry_policy {
  enum class backoff_kind : std::uint8_t { constant, linear, exponential };
  expression::program_ptr when;        ///< Null if there is none.
  expression::program_ptr except_when; ///< Null if there is none.
  std::optional<duration_rule> delay;
  backoff_kind backoff = backoff_kind::constant;
  std::optional<std::uint32_t> attempts_max; ///< Retries after the first try.
  std::optional<duration_rule> attempt_duration;
  std::optional<duration_rule> total_duration;
  std::optional<duration_rule> jitter_from;
  std::optional<duration_rule> jitter_to;
};

/// `raise.error`: what becomes a problem (RFC 7807). Absent parts are null.
struct error_template {
  dynamic_value type;
  std::int64_t status = 0;
  std::optional<dynamic_value> title;
  std::optional<dynamic_value> detail;
  std::optional<dynamic_value> instance;
};

/// `catch.errors.with`; an absent part matches everything. Types compare equal
/// over all circulating bases.
struct error_filter {
  std::optional<std::string> type;
  std::optional<std::int64_t> status;
  std::optional<std::string> instance;
  std::optional<std::string> title;
  std::optional<std::string> detail;
};

/// One event filter of `listen`. `with` holds one value a property (`data`
/// may be a predicate); a constant text also matches as a regular expression
/// over the whole value (RE2).
struct event_filter {
  struct correlation {
    std::string key;
    expression::program_ptr from;
    std::optional<dynamic_value> expect;
  };
  std::vector<std::pair<std::string, dynamic_value>> with;
  std::vector<correlation> correlate;
};

/// Which events a `listen` or a `schedule.on` takes.
struct event_strategy {
  enum class kind : std::uint8_t { one, any, all };
  kind how = kind::one;
  std::vector<event_filter> filters; ///< `any` without one takes every event.
  /// With `any`: taken until this holds, over the array taken so far ...
  expression::program_ptr until;
  /// ... or until these have come; a strategy without an `until`.
  std::shared_ptr<const event_strategy> until_events;
};

/// How the events that were taken are put out.
enum class read_kind : std::uint8_t { data, envelope, raw };

/// How the answer of a call is put out.
enum class output_kind : std::uint8_t { raw, content, response };

/// How a call proves who calls. All is evaluated by the step worker.
struct authentication {
  enum class scheme_kind : std::uint8_t { basic, bearer, digest, oauth2, oidc };
  scheme_kind scheme = scheme_kind::basic;
  std::string secret; ///< `use`: the members are those of this secret; else "".
  dynamic_value with; ///< The members, as the DSL names them.
};

/// Where something is, and how to get in.
struct endpoint {
  /// Evaluates to the URI; a plain text is a URI template (RFC 6570, simple
  /// expansion) to be expanded over the task's input.
  dynamic_value uri;
  std::optional<authentication> access;
};

/// `metadata.supervision`: what happens when a worker actor dies, as opposed to
/// a task's error.
struct supervision {
  enum class strategy_kind : std::uint8_t {
    one_for_one,
    one_for_all,
    rest_for_one,
  };
  enum class restart_kind : std::uint8_t {
    permanent, ///< Always started again.
    transient, ///< Only if it died of a failure.
    temporary, ///< Never.
  };
  strategy_kind strategy = strategy_kind::one_for_one;
  restart_kind restart = restart_kind::permanent;
  std::uint32_t max_restarts = 5; ///< Within `within`; more, and it gives up.
  duration within{60'000};
  duration backoff_initial{100}; ///< Doubles with each restart ...
  duration backoff_max{10'000};  ///< ... up to this.
};

/// What becomes of an instance when a task has failed and nothing caught it.
enum class exhausted_kind : std::uint8_t { fault, suspend };

/// `document.metadata.states`: what users call the stages of their work, beside
/// the status of the instance.
struct business_states {
  std::string initial;
  std::vector<std::string> terminal;
  std::map<std::string, std::vector<std::string>> transitions;
};

/// `metadata.state` of a task: where the business state goes when the task is
/// entered, completed and faulted; "" for nowhere.
struct state_moves {
  std::string enter, done, fault;
};

/// One of `document.metadata.events`: an event that users may send, by its
/// type.
struct user_event {
  schema_ptr schema;            ///< Of its data; null if there is none.
  expression::program_ptr when; ///< Over its data; null if there is none.
  std::string route; ///< The last segment of a path of its own; "" for none.
};

/// The task kinds. Each is one alternative of task::kind; what it does stands
/// in workflow/tasks/.
namespace tasks {

struct do_block {
  task_list body;
};
struct set {
  dynamic_value value;
};
struct switch_case {
  std::string name;
  expression::program_ptr when; ///< Null for the default case.
  flow then;
};
struct switch_on {
  std::vector<switch_case> cases;
};
struct for_each {
  std::string each = "item";
  std::string at = "index";
  dynamic_value in;
  expression::program_ptr while_; ///< Null if there is none.
  task_list body;
  /// metadata.concurrency: 0 means one after the other, each with the output of
  /// the one before; else so many side by side, and their outputs as an array.
  std::uint32_t concurrency = 0;
};
struct fork {
  task_list branches; ///< Each a lane of its own.
  bool compete = false;
};
struct try_catch {
  task_list body;
  error_filter errors;
  std::string as = "error";
  expression::program_ptr when;
  expression::program_ptr except_when;
  std::optional<retry_policy> retry;
  bool has_handler = false; ///< `catch.do` is there, though maybe empty.
  task_list handler;
  flow then; ///< `catch.then` of the main schema.
};
struct raise {
  error_template error;
};
struct wait {
  duration_rule length;
};
struct call_http {
  std::string method; ///< Upper case.
  endpoint where;
  std::optional<dynamic_value> headers;
  std::optional<dynamic_value> query;
  std::optional<dynamic_value> body;
  output_kind output = output_kind::content;
  bool redirect = false;
};
struct call_openapi {
  endpoint document;
  std::string operation_id;
  std::optional<dynamic_value> parameters; ///< An object.
  std::optional<authentication> access;
  output_kind output = output_kind::content;
  bool redirect = false;
};
/// `call` of a function: its task runs with the evaluated `with` as its input.
struct call_function {
  task_index function = 0;
  std::optional<dynamic_value> with;
};
/// The function `log` of the built-in catalog.
struct log {
  std::optional<dynamic_value> message; ///< The task's input if there is none.
  std::optional<dynamic_value> level;   ///< debug, info (default), ...
};
/// The function `worker` of the built-in catalog: somebody outside, who asks
/// for work by the name of a queue, carries it out.
struct worker_job {
  dynamic_value queue;
  std::optional<dynamic_value> input;    ///< The task's input if there is none.
  std::optional<duration_rule> lease;    ///< How long one is given, at first.
  std::optional<dynamic_value> labels;   ///< What a worker must have; texts.
  std::optional<dynamic_value> priority; ///< The greater goes first; else 0.
  std::optional<dynamic_value> key;      ///< Fairness: each gets its turn.
};
/// The function `approval` of the built-in catalog: people decide.
struct approval {
  /// `title`, `data`, `approvers`, `escalateTo`, `fourEyes`, `commentRequired`.
  dynamic_value with;
  expression::program_ptr auto_approve; ///< Null if there is none.
  std::optional<duration_rule> due;
  std::optional<duration_rule> remind; ///< Before it is due, once.
  enum class due_kind : std::uint8_t { fault, approve, reject, escalate };
  due_kind on_due = due_kind::fault;
  schema_ptr data_schema; ///< Of the data that comes with a vote; or null.
};
/// `run` of a shell, a script or a container: a program outside the daemon.
struct run_program {
  enum class kind : std::uint8_t { shell, script, container };
  enum class return_kind : std::uint8_t { stdout_, stderr_, code, all, none };
  kind what = kind::shell;
  std::string language;           ///< Of a script: "js" or "python".
  std::optional<endpoint> source; ///< Of a script: where its text is.
  dynamic_value with;             ///< The other members, as the DSL names them.
  bool await = true;
  return_kind returns = return_kind::stdout_;
};
struct run_workflow {
  std::string ns, name;
  std::string version; ///< "latest": the highest when the child is made.
  std::optional<dynamic_value> input; ///< Else the task's input.
  bool await = true;
};
struct emit {
  dynamic_value with; ///< The event's attributes and data, an object.
};
struct listen {
  event_strategy to;
  read_kind read = read_kind::data;
  bool has_each = false; ///< `foreach` is there.
  std::string item = "item";
  std::string at = "index";
  task_list body;      ///< `foreach.do`
  output_rule output;  ///< `foreach.output`
  output_rule exports; ///< `foreach.export`
};

} // namespace tasks

/// One node of a workflow.
struct task {
  std::string name;
  std::string pointer;        ///< "/do/0/review".
  std::string_view kind_name; ///< "call", "do", ... as the DSL writes it.
  task_index index = 0;
  task_index end = 0;          ///< One behind the last task nested in this one.
  std::uint32_t position = 0;  ///< Its place in the list that holds it.
  expression::program_ptr if_; ///< Null if there is none.
  input_rule input;
  output_rule output;
  output_rule exports;
  std::optional<duration_rule> timeout;
  flow then;
  json::object metadata;
  std::optional<pawl::supervision> supervised; ///< Else the definition's.
  std::optional<bool> commit_each; ///< metadata.commit; else the definition's.
  std::optional<exhausted_kind> on_exhausted; ///< Else what is around it says.
  std::optional<state_moves> moves;           ///< metadata.state
  task_list compensation; ///< metadata.compensate: what undoes it.
  task_list cleanup;      ///< metadata.onRetry: runs before it is tried again.
  /// The extensions around it, the outermost first; places in
  /// definition::extensions. A task within an extension has none.
  std::vector<std::uint32_t> extended_by;
  json::value source; ///< As written: `$task.definition`.
  std::variant<tasks::do_block, tasks::set, tasks::switch_on, tasks::for_each,
               tasks::fork, tasks::try_catch, tasks::raise, tasks::wait,
               tasks::call_http, tasks::call_openapi, tasks::call_function,
               tasks::log, tasks::worker_job, tasks::approval,
               tasks::run_program, tasks::run_workflow, tasks::emit,
               tasks::listen>
    kind;
};

/// `use.extensions`: tasks around every task of a kind.
struct extension {
  std::string name;
  std::string_view target;      ///< A kind of task, "composite" or "all".
  expression::program_ptr when; ///< Null if there is none.
  task_list before, after;
};

/// `schedule`: when an instance is made. Exactly one of the four is there.
struct schedule {
  std::optional<duration_rule> every; ///< A known duration.
  std::string cron;                   ///< Five or six fields, "" if none.
  std::optional<duration_rule> after; ///< Behind the end of the last one.
  std::optional<event_strategy> on;
  read_kind read = read_kind::data;
  bool may_overlap = true; ///< metadata.overlap
};

/// Texts that a definition needs besides its own, by URI: functions of catalogs
/// and of URLs, and schemas.
using resource_map = std::map<std::string, std::string>;

/// A validated workflow document as plain values. Immutable once made, shared
/// by all its instances.
struct definition {
  definition_id id;
  /// SHA-256, hexadecimal, of the document's canonical JSON; with resources, of
  /// that of {"document": ..., "resources": {URI: text}}.
  std::string digest;
  json::value document;         ///< The document: `$workflow.definition`.
  json::object metadata;        ///< document.metadata.
  pawl::supervision supervised; ///< document.metadata.supervision.
  bool commit_each = false;     ///< document.metadata.commit: each.
  exhausted_kind on_exhausted = exhausted_kind::fault;
  std::optional<business_states> states;
  std::map<std::string, user_event, std::less<>> user_events; ///< By type.
  /// document.metadata.saga: a cancel and a fault run the compensations.
  bool saga = false;
  dynamic_value outcome; ///< document.metadata.outcome, over the output.
  /// document.metadata.index: by what instances can be listed.
  std::map<std::string, dynamic_value, std::less<>> index;
  std::optional<duration> sla; ///< document.metadata.sla, from the beginning.
  input_rule input;
  output_rule output;
  std::optional<duration_rule> timeout;
  /// Those of `do` depth first in document order, compensations and cleanups
  /// behind their task, then those of functions and extensions.
  std::vector<task> tasks;
  task_list body; ///< The top-level `do`.
  std::vector<fault> warnings;
  std::uint32_t native_count = 0;    ///< Expressions evaluated in place.
  std::uint32_t sandboxed_count = 0; ///< Expressions left to a helper.
  std::unordered_map<std::string_view, task_index> by_pointer; ///< Into tasks.
  std::vector<extension> extensions;
  std::optional<pawl::schedule> scheduled;
  std::vector<std::string> secrets; ///< `use.secrets`
  /// Expressions that step workers evaluate, by late_expression::place.
  std::unordered_map<std::string, expression::program_ptr> late;
  /// Those that it is made of, as they were when it was registered. They count
  /// in the digest.
  resource_map resources;
};
using definition_ptr = std::shared_ptr<const definition>;

/// The variables that expressions may use at the different places, and the
/// names that `for`, `listen.foreach` and `catch` add within their bodies.
inline constexpr std::string_view variable_names[]
  = {"context",       "input", "output",   "secrets",
     "authorization", "task",  "workflow", "runtime"};

} // namespace pawl
