#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

namespace pawl::parsing {

namespace {

using return_kind = tasks::run_program::return_kind;

// In the order of run_program::kind; `workflow` comes last.
constexpr std::array<std::string_view, 4> kinds{"shell", "script", "container",
                                                "workflow"};

/// Takes members of a program one by one, into what the worker gets.
class program_reader {
public:
  program_reader(context& c, const cursor& where, std::string_view what)
      : c_{c}, fields_{c.faults, where, what} {}

  object_reader& fields() { return fields_; }

  /// A text, maybe an expression.
  void text(std::string_view name) {
    const auto at = fields_.take(name);
    if (auto made = read_text_or_expression(c_, at, site::task_arguments))
      members_.emplace_back(name, std::move(*made));
  }
  /// A text that is a program.
  void program(std::string_view name) {
    const auto at = fields_.take(name);
    if (at.value == nullptr)
      return;
    if (at.value->is_string())
      members_.emplace_back(name, read_foreign(c_, at, site::task_arguments));
    else
      c_.faults.invalid(at, "text is needed");
  }
  /// An object that may hold expressions.
  void object(std::string_view name) {
    const auto at = fields_.take(name);
    if (at.value != nullptr && at.value->is_object())
      members_.emplace_back(name, read_dynamic(c_, at, site::task_arguments));
    else if (at.value != nullptr)
      c_.faults.invalid(at, quoted(name) + " must be an object");
  }
  /// `arguments`: a list of texts, each maybe an expression.
  void arguments() {
    const auto at = fields_.take("arguments");
    if (at.value == nullptr)
      return;
    if (!at.value->is_array()) {
      c_.faults.invalid(at, "'arguments' must be a list of texts");
      return;
    }
    for (std::size_t i = 0; i < at.value->get_array().size(); ++i)
      if (!at.item(i).value->is_string())
        c_.faults.invalid(at.item(i), "an argument is text; put it in quotes");
    members_.emplace_back("arguments",
                          read_dynamic(c_, at, site::task_arguments));
  }
  void add(std::string name, dynamic_value value) {
    members_.emplace_back(std::move(name), std::move(value));
  }
  dynamic_value take() {
    fields_.close();
    return make_object(std::move(members_));
  }

private:
  context& c_;
  object_reader fields_;
  dynamic_value::object members_;
};

void read_shell(context& c, const cursor& where, tasks::run_program& out) {
  out.what = tasks::run_program::kind::shell;
  program_reader shell{c, where, "'shell'"};
  shell.fields().need("command");
  shell.program("command");
  shell.text("stdin");
  shell.arguments();
  shell.object("environment");
  out.with = shell.take();
}

void read_script(context& c, const cursor& where, tasks::run_program& out) {
  out.what = tasks::run_program::kind::script;
  program_reader script{c, where, "'script'"};
  const auto language = script.fields().need("language");
  const auto name = read_text(c, language, true);
  if (name == "js" || name == "javascript")
    out.language = "js";
  else if (name == "python")
    out.language = "python";
  else if (name)
    c.faults.unsupported(language, "the script language " + quoted(*name),
                         " 'js' and 'python' are.");
  script.program("code");
  const auto source = script.fields().take("source");
  if (source.value != nullptr)
    out.source = read_resource(c, source, "'source'");
  if (script.fields().is_object()
      && script.fields().has("code") == script.fields().has("source"))
    c.faults.invalid(where, "'script' needs either 'code' or 'source'");
  script.text("stdin");
  script.arguments();
  script.object("environment");
  out.with = script.take();
}

/// `lifetime`, whose `after` is there if and only if `cleanup` needs it.
void read_lifetime(context& c, program_reader& container) {
  const auto at = container.fields().take("lifetime");
  object_reader fields{c.faults, at, "'lifetime'"};
  constexpr std::array<std::string_view, 3> ways{"always", "never",
                                                 "eventually"};
  const auto way = read_choice(c, fields.need("cleanup"), ways);
  const auto after = fields.take("after");
  read_duration(c, after, site::task_arguments);
  fields.close();
  if (way && (*way == 2) != (after.value != nullptr))
    c.faults.invalid(at, *way == 2 ? "'cleanup: eventually' needs 'after'"
                                   : "'after' needs 'cleanup: eventually'");
  if (fields.is_object())
    container.add("lifetime", read_dynamic(c, at, site::task_arguments));
}

void read_container(context& c, const cursor& where, tasks::run_program& out) {
  out.what = tasks::run_program::kind::container;
  program_reader container{c, where, "'container'"};
  container.fields().need("image");
  container.text("image");
  container.text("name");
  container.program("command");
  container.text("stdin");
  container.arguments();
  for (const std::string_view name : {"ports", "volumes", "environment"})
    container.object(name);
  constexpr std::array<std::string_view, 3> policies{"ifNotPresent", "always",
                                                     "never"};
  read_choice(c, container.fields().take("pullPolicy"), policies);
  container.text("pullPolicy");
  read_lifetime(c, container);
  out.with = container.take();
}

tasks::run_workflow read_workflow(context& c, const cursor& where) {
  tasks::run_workflow out;
  object_reader fields{c.faults, where, "'workflow'"};
  out.ns = read_label(c, fields.need("namespace"));
  out.name = read_label(c, fields.need("name"));
  const auto version = fields.need("version");
  out.version = version.text() == "latest" ? std::string{"latest"}
                                           : read_version(c, version);
  const auto input = fields.take("input");
  if (input.value != nullptr && input.value->is_object())
    out.input = read_dynamic(c, input, site::task_body);
  else if (input.value != nullptr)
    c.faults.invalid(input, "'input' must be an object");
  fields.close();
  return out;
}

} // namespace

task_kind read_run(context& c, object_reader& fields) {
  object_reader run{c.faults, fields.take("run"), "'run'"};
  const bool await = read_bool(c, run.take("await"), true);
  // In the order of return_kind.
  constexpr std::array<std::string_view, 5> returns{"stdout", "stderr", "code",
                                                    "all", "none"};
  const auto returned = run.take("return");
  const auto chosen = read_choice(c, returned, returns);
  std::vector<std::string_view> found;
  for (const auto kind : kinds)
    if (run.take(kind).value != nullptr)
      found.push_back(kind);
  run.close();
  if (found.size() != 1) {
    if (run.is_object())
      c.faults.invalid(run.where(),
                       "'run' needs exactly one of " + listed(kinds));
    return tasks::run_program{};
  }
  const auto where = run.take(found.front());
  if (found.front() == "workflow") {
    if (returned.value != nullptr)
      c.faults.unsupported(returned, "'return' of a workflow");
    auto out = read_workflow(c, where);
    out.await = await;
    return out;
  }
  tasks::run_program out;
  out.await = await;
  out.returns = static_cast<return_kind>(chosen.value_or(0));
  if (found.front() == "shell")
    read_shell(c, where, out);
  else if (found.front() == "script")
    read_script(c, where, out);
  else
    read_container(c, where, out);
  return out;
}

} // namespace pawl::parsing
