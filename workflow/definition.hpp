#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "workflow/task_kinds.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace pawl {

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

/// `metadata.limit` of a task: its effect leaves only with a token of this
/// limit (actors/limits/).
struct limit_rule {
  std::string name;
  std::optional<dynamic_value> key; ///< Each value has tokens of its own.
  bool faults = false; ///< `onLimit: fault`: it does not wait for a token.
};

/// `metadata.cache` of a task: an answer that was given for the same key is
/// taken in place of another call.
struct cache_rule {
  dynamic_value key;
  duration ttl{};
};

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
  std::optional<limit_rule> limited;  ///< metadata.limit
  std::optional<cache_rule> cached;   ///< metadata.cache
  std::optional<dynamic_value> usage; ///< metadata.usage, over its raw output.
  /// The extensions around it, the outermost first; places in
  /// definition::extensions. A task within an extension has none.
  std::vector<std::uint32_t> extended_by;
  json::value source; ///< As written: `$task.definition`.
  std::variant<tasks::do_block, tasks::set, tasks::switch_on, tasks::for_each,
               tasks::fork, tasks::try_catch, tasks::raise, tasks::wait,
               tasks::call_http, tasks::call_openapi, tasks::call_function,
               tasks::log, tasks::worker_job, tasks::approval, tasks::notify,
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
  /// document.metadata.budget: what it may use of what tasks report as usage,
  /// before it is suspended.
  std::map<std::string, double, std::less<>> budget;
  /// JSON Pointers into what is shown of an instance ("/input/card"), by
  /// document.metadata.redact and `x-sensitive` in schemas. `*` is any member
  /// or item.
  std::vector<std::string> sensitive;
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
