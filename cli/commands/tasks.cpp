#include "cli/commands/commands.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct runs_options {
  std::string id;
  std::string task;
  std::uint32_t iteration = 0;
  std::uint32_t attempt = 0;
};

std::string took(const json::value& run) {
  const auto begun = parse_timestamp(text_at(run, {"startedAt"}));
  const auto ended = parse_timestamp(text_at(run, {"endedAt"}));
  return begun && ended ? to_elapsed(*ended - *begun) : "";
}

outcome<exit_code> list_runs(session& s, const runs_options& o) {
  auto id = resolve_id(s, o.id);
  if (!id)
    return id.error();
  auto target = instance_target(s, *id, "/tasks");
  add_query(target, "task", o.task);
  if (o.iteration > 0)
    add_query(target, "iteration", std::to_string(o.iteration));
  if (o.attempt > 0)
    add_query(target, "attempt", std::to_string(o.attempt));
  add_query(target, "limit", "1000");
  auto items = all_items(s, target);
  if (!items)
    return items.error();
  constexpr std::size_t shown = 60;
  table rows{{"TASK", "ITEM", "ATTEMPT", "STATUS", "TOOK", "OUTPUT"}, {}};
  std::vector<std::string> names;
  for (const auto& run : *items) {
    const auto* made = find_at(run, {"output"});
    const auto* error = find_at(run, {"error"});
    const bool failed = error != nullptr && error->is_object();
    names.push_back(text_at(run, {"task"}));
    rows.rows.push_back(
      {task_name(names.back()), text_at(run, {"iteration"}),
       text_at(run, {"attempt"})
         + (text_at(run, {"redo"}) == "true" ? " redo" : ""),
       text_at(run, {"status"}), took(run),
       failed ? printable(error_text(*error), shown)
              : printable(made == nullptr ? "" : to_text(*made), shown)});
  }
  print(s, as_list(*items), rows, names);
  return exit_code::ok;
}

} // namespace

void add_tasks(CLI::App& app, action& chosen) {
  auto o = std::make_shared<runs_options>();
  auto* cmd = app.add_subcommand(
    "tasks", "How often tasks ran, each time with its input and output");
  cmd->add_option("id", o->id, "An instance, or a unique beginning of its id")
    ->required()
    ->type_name("ID");
  cmd->add_option("--task", o->task, "Only this one")->type_name("TASK");
  cmd
    ->add_option("--iteration", o->iteration,
                 "Only in this branch or item, counted from 1")
    ->type_name("N");
  cmd
    ->add_option("--attempt", o->attempt,
                 "Only its run with this number, counted from 1")
    ->type_name("N");
  cmd->footer("Examples:\n"
              "  pawl tasks 01JABC\n"
              "  pawl tasks 01JABC --task /do/2/write/do/0/ask --iteration 3 "
              "--attempt 1 -o json");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return list_runs(s, *o); }; });
}

} // namespace pawl::cli::commands
