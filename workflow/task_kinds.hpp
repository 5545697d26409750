#pragma once

#include "workflow/dynamic_value.hpp"
#include "workflow/schema.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pawl {

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
/// The function `notify` of the built-in catalog: somebody is told.
struct notify {
  enum class channel_kind : std::uint8_t { slack, teams, webhook, email };
  channel_kind channel = channel_kind::webhook;
  dynamic_value with; ///< An object; its members depend on the channel.
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

} // namespace pawl
