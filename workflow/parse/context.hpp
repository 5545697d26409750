#pragma once

#include "workflow/definition.hpp"
#include "workflow/parse.hpp"
#include "workflow/parse/report.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The parts of parse_definition, one file a concern. All of them report what
/// is wrong and carry on with a harmless value, so that every fault is found.
namespace pawl::parsing {

/// Where an expression stands decides which variables it may use (DSL.md
/// section 7), and who evaluates it.
enum class site : std::uint8_t {
  workflow_input, ///< Also a workflow's timeout.
  task_if,        ///< Also a task's `input.from` and an extension's `when`.
  task_body,      ///< All that a task's own definition holds, but ...
  task_arguments, ///< ... `with` of a call and `run`: what leaves the daemon.
  authentication,
  task_output,
  task_export,
  workflow_output,
  registration,   ///< How to get at a resource; evaluated when registered.
  schedule_event, ///< A filter of `schedule.on`; there is no instance yet.
  event_guard,    ///< `when` of an event that users may send.
  index,          ///< By what instances can be listed.
};

/// A flow directive that names a task, which is looked up when the list it
/// stands in has been read.
struct pending_jump {
  enum class field : std::uint8_t { then, switch_case, catch_then };
  task_index owner = 0;
  field which = field::then;
  std::size_t switch_case = 0;
  std::string target;
  cursor where;
};

/// A call of a function, which is looked up when all tasks have been read.
struct pending_call {
  task_index owner = 0;
  std::string name;
  cursor where;
  const resource_text* part = nullptr; ///< What `where` leads into.
};

/// An endpoint that is known when the definition is registered.
struct fixed_endpoint {
  std::string uri;
  std::optional<authentication> access;
};

/// What the parts share while one document is read.
struct context {
  context(const document& source, const resource_map& at_hand, definition& made)
      : faults{source}, out{made}, resources{at_hand}, root{&source.value,
                                                            &source.places,
                                                            {}} {}

  report faults;
  definition& out;
  const resource_map& resources;
  std::vector<wanted_resource> wanted; ///< What `resources` lacks.
  cursor root;
  std::vector<std::string> locals; ///< Names that `for` and `catch` add here.
  std::vector<pending_jump> jumps; ///< Of the lists that are being read.

  bool loose = false;                             ///< evaluate.mode
  std::vector<pending_call> calls;                ///< Of all tasks read so far.
  std::deque<resource_text> parts;                ///< Resources that were read.
  std::map<std::string, schema_ptr> schemas_made; ///< By URI.
  std::map<std::string, task_index> functions_made; ///< By pointer.
  std::vector<task_index> functions; ///< In the order of their numbers.
  /// The tasks of extensions, as (first, one behind the last).
  std::vector<std::pair<task_index, task_index>> extending;

  /// The members of `use`, by name, and what was made of them so far.
  cursor functions_written, extensions_written, authentications, timeouts;
  std::map<std::string, fixed_endpoint, std::less<>> catalogs_made;
  std::map<std::string, authentication, std::less<>> authentications_made;
  std::map<std::string, error_template, std::less<>> errors_made;
  std::map<std::string, retry_policy, std::less<>> retries_made;
  std::map<std::string, duration_rule, std::less<>> timeouts_made;

  std::size_t expression_bytes = 0;       ///< Compiled so far.
  std::size_t pattern_budget = 1'000'000; ///< RE2 instructions left.
};

// values.cpp: expressions and what may hold them.

/// Compiles the expression field at `where`, with or without `${ }`. Null, and
/// no fault, if `where` has no value; null after a fault.
expression::program_ptr read_program(context& c, const cursor& where, site at);
/// A value that may hold expressions in `${ }`.
dynamic_value read_dynamic(context& c, const cursor& where, site at);
/// `from` and `as`: an expression, or an object that holds some.
std::optional<dynamic_value> read_transform(context& c, const cursor& where,
                                            site at);
/// A text, or one expression in `${ }`.
std::optional<dynamic_value>
read_text_or_expression(context& c, const cursor& where, site at);
/// A duration, or one expression in `${ }`.
std::optional<duration_rule> read_duration(context& c, const cursor& where,
                                           site at);
/// A text. Reports a fault if it is something else or, unless `may_be_empty`,
/// if it is empty; nothing then, or if `where` has no value.
std::optional<std::string> read_text(context& c, const cursor& where,
                                     bool may_be_empty = false);
/// A boolean, or `fallback`.
bool read_bool(context& c, const cursor& where, bool fallback);
/// A whole number of at least `least`.
std::optional<std::int64_t> read_integer(context& c, const cursor& where,
                                         std::int64_t least);
/// The place in `names` of the text at `where`; nothing after a fault or if
/// `where` has no value.
std::optional<std::size_t> read_choice(context& c, const cursor& where,
                                       std::span<const std::string_view> names);
/// A URI, a URI template, or one expression in `${ }`.
std::optional<dynamic_value> read_uri(context& c, const cursor& where, site at);
/// A text that is another language's: an expression only in `${ }`.
dynamic_value read_foreign(context& c, const cursor& where, site at);
/// An object of `members`; one datum if none holds an expression.
dynamic_value make_object(dynamic_value::object members);
/// Whether `where` is text, and not an expression in `${ }`.
bool is_literal(const cursor& where);

// dataflow.cpp: input, output, export and their schemas.

/// Null without a value or after a fault.
schema_ptr read_schema(context& c, const cursor& where);
input_rule read_input(context& c, const cursor& where, site from);
output_rule read_output(context& c, const cursor& where, site as,
                        std::string_view what);

// header.cpp: `document`, `evaluate` and the rest of the top level.

void read_top_level(context& c, const cursor& root);
/// A name of 1 to 63 letters, digits and '-'.
std::string read_label(context& c, const cursor& where);
/// A semantic version.
std::string read_version(context& c, const cursor& where);

// use.cpp: what is named once and referred to.

void read_use(context& c, const cursor& where);
/// Calls `read` with name and place of each member of the object `where`.
void for_members(
  context& c, const cursor& where, std::string_view what,
  const std::function<void(const std::string&, const cursor&)>& read);
/// The one member that an entry of a list holds; nothing after a fault, which
/// says that `what` is such an object.
std::optional<std::pair<std::string, cursor>>
read_entry(context& c, const cursor& item, std::string_view what);
/// `timeout`: an object, or a name in `use.timeouts`.
std::optional<duration_rule> read_timeout(context& c, const cursor& where,
                                          site at);
/// `error`: an object, or a name in `use.errors`.
error_template read_error(context& c, const cursor& where);
/// Reports that the name at `where` is not among `names` of `use.<member>`.
void report_unknown_name(context& c, const cursor& where,
                         std::string_view member,
                         const std::vector<std::string_view>& names);
/// Reports that `use.secrets` lacks `name`, if it does.
void check_secret(context& c, const cursor& where, std::string_view name);

// retry.cpp

/// `retry`: an object, or a name in `use.retries`. `as` is the variable that
/// holds the error.
std::optional<retry_policy> read_retry(context& c, const cursor& where,
                                       const std::string& as);
/// The policy object at `where`.
retry_policy read_retry_policy(context& c, const cursor& where);

// authentication.cpp

/// `authentication`: a policy, or `use` and a name in `use.authentications`.
std::optional<authentication> read_authentication(context& c,
                                                  const cursor& where, site at);
/// The policy object at `where`.
authentication read_policy(context& c, const cursor& where, site at);

// resources.cpp: where something is, and texts beside the document.

/// An endpoint: a URI, an expression, or an object with `uri`.
endpoint read_endpoint(context& c, const cursor& where);
/// An external resource that is fetched when a task runs.
endpoint read_resource(context& c, const cursor& where, std::string_view what);
std::optional<fixed_endpoint> read_fixed_endpoint(context& c,
                                                  const cursor& where);
/// The resource `what`, read; null if it is still wanted or does not parse.
const resource_text* open_resource(context& c, const fixed_endpoint& what,
                                   const cursor& where);
/// The schema of an external resource.
schema_ptr read_schema_resource(context& c, const cursor& where);
/// `uri` of a page that shows a file in a repository as that of the file.
std::string raw_uri(std::string uri);

// functions.cpp, extensions.cpp

/// Reads all that tasks call, and tells them what was made of it.
void resolve_calls(context& c);
/// Whether `name` is the function `which` of the built-in catalog: "log",
/// "log:1.0.0@default".
bool is_builtin(const context& c, std::string_view name,
                std::string_view which);
/// `use.catalogs`
void read_catalogs(context& c, const cursor& where);
/// `use.functions`
void read_functions(context& c);
/// `use.extensions`
void read_extensions(context& c);
/// Tells all tasks by what they are extended.
void apply_extensions(context& c);

// tasks.cpp: task lists and what all tasks have.

/// What a list of tasks is: flow may lead from one to another in it, or not.
enum class list_kind : std::uint8_t { sequence, branches };
task_list read_tasks(context& c, const cursor& where, std::string_view what,
                     list_kind kind = list_kind::sequence);
/// A task that stands in no list.
task_index read_lone_task(context& c, const cursor& where, std::string name);
/// A flow directive of `owner`. The target of a jump is filled in when the list
/// is done.
flow read_flow(context& c, const cursor& where, pending_jump jump);

// kinds.cpp, call.cpp, call_http.cpp, call_worker.cpp, emit.cpp, listen.cpp,
// run.cpp, try_catch.cpp: one function a kind. `fields` is the task; each takes
// the members that it knows.

using task_kind = decltype(task::kind);
tasks::set read_set(context& c, object_reader& fields);
tasks::switch_on read_switch(context& c, object_reader& fields,
                             task_index self);
tasks::for_each read_for(context& c, object_reader& fields);
tasks::fork read_fork(context& c, object_reader& fields);
tasks::raise read_raise(context& c, object_reader& fields);
tasks::wait read_wait(context& c, object_reader& fields);
task_kind read_call(context& c, object_reader& fields, task_index self);
tasks::call_http read_call_http(context& c, const cursor& with);
tasks::worker_job read_call_worker(context& c, const cursor& with);
output_kind read_output_kind(context& c, const cursor& where);
task_kind read_run(context& c, object_reader& fields);
tasks::emit read_emit(context& c, object_reader& fields);
tasks::listen read_listen(context& c, object_reader& fields);
tasks::try_catch read_try(context& c, object_reader& fields, task_index self);

/// A name that a definition gives to a variable, or `fallback`.
std::string read_variable_name(context& c, const cursor& where,
                               std::string fallback);

// events.cpp, schedule.cpp

/// The attributes of an event that the DSL names; all but `data` are text.
bool is_text_attribute(std::string_view name);
/// Reports what is wrong with the attribute `name` of an event or of a filter.
void check_attribute(context& c, const cursor& where, std::string_view name);
/// `what` says whose the strategy is.
event_strategy read_strategy(context& c, const cursor& where,
                             std::string_view what, site at);
read_kind read_how(context& c, const cursor& where);
std::optional<schedule> read_schedule(context& c, const cursor& where);

// flow.cpp

/// Fills in the jumps of `list` from `first` on, and warns of tasks that cannot
/// be reached. `places` are where the tasks of `list` stand.
void resolve_flow(context& c, const task_list& list,
                  const std::vector<cursor>& places, std::size_t first);
/// Reports the jumps from `first` on: they stand in `what`, where none leads
/// anywhere.
void refuse_jumps(context& c, std::size_t first, std::string_view what);

// metadata.cpp: the extensions of API.md.

void read_document_metadata(context& c, const cursor& where);
void read_task_metadata(context& c, const cursor& where, task_index self);
/// A length of time without months, which is counted in milliseconds.
void read_span(context& c, const cursor& where, duration& out);
/// `metadata.concurrency` of a `for`; 0 if there is none.
std::uint32_t read_concurrency(context& c, const cursor& metadata);

// metering.cpp

/// `metadata.limit`, `metadata.cache` and `metadata.usage` of a task.
std::optional<limit_rule> read_limit(context& c, const cursor& where);
std::optional<cache_rule> read_cache(context& c, const cursor& where);
std::optional<dynamic_value> read_usage(context& c, const cursor& where);
/// `document.metadata.budget`
void read_budget(context& c, const cursor& where);
/// `document.metadata.redact`
void read_redaction(context& c, const cursor& where);

// sensitive.cpp

/// Adds what schemas mark as `x-sensitive` to definition::sensitive.
void collect_sensitive(context& c);

// states.cpp

/// `document.metadata.states`
void read_states(context& c, const cursor& where);
/// `document.metadata.events`
void read_user_events(context& c, const cursor& where);
/// `metadata.state` of a task.
std::optional<state_moves> read_moves(context& c, const cursor& where);

/// Makes names visible while the tasks within are read.
class added_locals {
public:
  added_locals(context& c, std::initializer_list<std::string> names)
      : c_{c}, before_{c.locals.size()} {
    c.locals.insert(c.locals.end(), names);
  }
  ~added_locals() { c_.locals.resize(before_); }
  added_locals(const added_locals&) = delete;
  added_locals& operator=(const added_locals&) = delete;

private:
  context& c_;
  std::size_t before_;
};

} // namespace pawl::parsing
