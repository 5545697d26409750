#pragma once

#include "workflow/definition.hpp"
#include "workflow/parse/report.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The parts of parse_definition, one file a concern. All of them report what
/// is wrong and carry on with a harmless value, so that every fault is found.
namespace pawl::parsing {

/// Where an expression stands decides which variables it may use (DSL.md
/// section 7).
enum class site : std::uint8_t {
  workflow_input, ///< Also a workflow's timeout.
  task_if,        ///< Also a task's `input.from`.
  task_body,      ///< All that a task's own definition holds.
  task_output,
  task_export,
  workflow_output,
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

/// What the parts share while one document is read.
struct context {
  context(const document& source, definition& made)
      : faults{source}, out{made}, root{&source.value, &source.places, {}} {}

  /// The task `index`, as written.
  [[nodiscard]] cursor where_of(task_index index) const {
    return descend(root, out.tasks[index].pointer);
  }

  report faults;
  definition& out;
  cursor root;
  std::vector<std::string> locals; ///< Names that `for` and `catch` add here.
  std::vector<pending_jump> jumps; ///< Of the lists that are being read.

  /// The members of `use`, by name, and what was made of them so far.
  cursor errors, retries, timeouts;
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

// dataflow.cpp: input, output, export and their schemas.

input_rule read_input(context& c, const cursor& where, site from);
output_rule read_output(context& c, const cursor& where, site as,
                        std::string_view what);

// header.cpp: `document`, `use`, `evaluate` and the rest of the top level.

void read_top_level(context& c, const cursor& root);
/// `timeout`: an object, or a name in `use.timeouts`.
std::optional<duration_rule> read_timeout(context& c, const cursor& where,
                                          site at);
/// `error`: an object, or a name in `use.errors`.
error_template read_error(context& c, const cursor& where);

// retry.cpp

/// `retry`: an object, or a name in `use.retries`. `as` is the variable that
/// holds the error.
std::optional<retry_policy> read_retry(context& c, const cursor& where,
                                       const std::string& as);
/// The policy object at `where`.
retry_policy read_retry_policy(context& c, const cursor& where);

// tasks.cpp: task lists and what all tasks have.

task_list read_tasks(context& c, const cursor& where, std::string_view what);
/// A flow directive of `owner`. The target of a jump is filled in when the list
/// is done.
flow read_flow(context& c, const cursor& where, pending_jump jump);

// kinds.cpp, call_http.cpp, events.cpp, try_catch.cpp: one function a kind.
// `fields` is the task; each takes the members that it knows.

tasks::set read_set(context& c, object_reader& fields);
tasks::switch_on read_switch(context& c, object_reader& fields,
                             task_index self);
tasks::for_each read_for(context& c, object_reader& fields);
tasks::raise read_raise(context& c, object_reader& fields);
tasks::wait read_wait(context& c, object_reader& fields);
tasks::call_http read_call(context& c, object_reader& fields);
tasks::emit read_emit(context& c, object_reader& fields);
tasks::listen read_listen(context& c, object_reader& fields);
tasks::try_catch read_try(context& c, object_reader& fields, task_index self);

/// A name that a definition gives to a variable, or `fallback`.
std::string read_variable_name(context& c, const cursor& where,
                               std::string fallback);

// flow.cpp

/// Fills in the jumps of `list` from `first` on, and warns of tasks that cannot
/// be reached.
void resolve_flow(context& c, const task_list& list, std::size_t first);

// metadata.cpp: the extensions of API.md.

void read_document_metadata(context& c, const cursor& where);
void read_task_metadata(context& c, const cursor& where, task_index self);

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
