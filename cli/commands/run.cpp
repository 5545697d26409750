#include "cli/commands/commands.hpp"
#include "cli/commands/documents.hpp"
#include "cli/commands/dry_run.hpp"
#include "cli/commands/moment.hpp"
#include "cli/commands/wait_option.hpp"
#include "cli/follow.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct run_options {
  std::string what;
  std::string input;
  std::string id;
  std::vector<std::string> labels;
  std::string start_at;
  std::string reason;
  bool held = false;
  bool follow = false;
  bool dry_run = false;
  std::vector<std::string> mocks;
  wait_option wait;
};

/// {"namespace","name","version"?} of the workflow to start; a file is
/// registered first.
outcome<json::object> workflow_of(session& s, const std::string& what,
                                  const std::string& reason) {
  json::object workflow;
  if (names_file(what)) {
    auto applied = send_document(s, what, false, reason);
    if (!applied)
      return applied.error();
    for (const auto* key : {"namespace", "name", "version"})
      workflow[key] = text_at(applied->body, {key});
    return workflow;
  }
  auto named = parse_reference(what);
  if (!named)
    return named.error();
  workflow["namespace"] = named->ns;
  workflow["name"] = named->name;
  if (!named->version.empty())
    workflow["version"] = named->version;
  return workflow;
}

void show(session& s, const json::value& instance, bool in_full) {
  auto id = text_at(instance, {"id"});
  if (s.output == format::table && in_full)
    s.out << instance_summary(instance, clock::now(), painter{s.colour_out})
          << std::flush;
  else
    print(s, instance, instance_table({instance}, clock::now()), {id});
}

outcome<json::value> start(session& s, const run_options& o) {
  auto labels = labels_of(o.labels);
  if (!labels)
    return labels.error();
  json::object body;
  if (!o.input.empty()) {
    auto input = read_json_argument(s, o.input, "--input");
    if (!input)
      return input.error();
    body["input"] = std::move(*input);
  }
  auto workflow = workflow_of(s, o.what, o.reason);
  if (!workflow)
    return workflow.error();
  body["workflow"] = std::move(*workflow);
  if (!o.id.empty())
    body["id"] = o.id;
  if (!labels->empty())
    body["labels"] = std::move(*labels);
  auto start_at = moment_of(o.start_at, "--start-at");
  if (!start_at)
    return start_at.error();
  if (!start_at->empty())
    body["startAt"] = *start_at;
  if (o.held)
    body["held"] = true;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  request what{.method = "POST", .target = "/v1/instances"};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = to_text(body);
  return call(s, std::move(what), {}, o.id);
}

/// Why these options do not go together, "" if they do.
std::string conflict(const run_options& o) {
  if (!o.dry_run)
    return o.mocks.empty() ? "" : "--mock is for a --dry-run";
  const bool starts = !o.id.empty() || !o.labels.empty() || !o.start_at.empty()
                      || o.held || o.follow || o.wait.given;
  return starts ? "with --dry-run nothing is started: leave out --id, --label, "
                  "--start-at, --held, --follow and --wait"
                : "";
}

outcome<exit_code> run(session& s, const run_options& o) {
  if (auto why = conflict(o); !why.empty())
    return failure{exit_code::usage, std::move(why)};
  if (o.dry_run)
    return dry_run(s, {.what = o.what, .input = o.input, .mocks = o.mocks});
  auto limit = limit_of(o.wait);
  if (!limit)
    return limit.error();
  auto instance = start(s, o);
  if (!instance)
    return instance.error();
  if (!o.follow && !o.wait.given) {
    show(s, *instance, false);
    return exit_code::ok;
  }
  auto id = text_at(*instance, {"id"});
  if (s.ns.empty()) // The id might be taken in another namespace, too.
    s.ns = text_at(*instance, {"workflow", "namespace"});
  auto ended = o.follow ? follow_progress(s, id, *limit)
                        : wait_until_ended(s, id, *limit);
  if (!ended)
    return ended.error();
  show(s, *ended, true);
  return ending(s, *ended);
}

} // namespace

void add_run(CLI::App& app, action& chosen) {
  auto o = std::make_shared<run_options>();
  auto* cmd = app.add_subcommand("run", "Start an instance of a workflow");
  cmd
    ->add_option("workflow", o->what,
                 "A file (registered first), or NAMESPACE/NAME[@VERSION]; "
                 "without a version, the highest")
    ->required()
    ->type_name("FILE|NS/NAME[@VER]");
  cmd
    ->add_option("-i,--input", o->input,
                 "Input: JSON, @FILE, or - for stdin; {} without")
    ->type_name("JSON|@FILE|-");
  cmd->add_option("--id", o->id, "Id of the instance; one is made without")
    ->type_name("ID");
  cmd->add_option("--label", o->labels, "A label; may be repeated")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->take_all();
  cmd
    ->add_option("--start-at", o->start_at,
                 "Begin then: a time such as 2030-01-31T08:00:00Z, or 12h from "
                 "now")
    ->type_name("TIME|30m|12h|7d");
  cmd->add_option("--reason", o->reason, "Why, for the audit log")
    ->type_name("TEXT");
  cmd->add_flag("--held", o->held, "Begin suspended, for a later pawl resume");
  cmd->add_flag("--follow", o->follow,
                "Show progress until it ends; survives restarts of the daemon");
  add_wait_option(*cmd, o->wait);
  cmd->add_flag("--dry-run", o->dry_run,
                "Show the path that it would take; nothing is registered, "
                "started or called");
  cmd
    ->add_option("--mock", o->mocks,
                 "With --dry-run: what a task puts out; may be repeated")
    ->type_name("TASK=JSON")
    ->expected(1)
    ->take_all();
  cmd->footer("Examples:\n"
              "  pawl run story.yaml -i '{\"title\":\"Fox\"}' --follow\n"
              "  pawl run default/story@1.0.0 -i @input.json --wait 60\n"
              "  id=$(pawl run default/story --label team=a -o name)\n"
              "  pawl run story.yaml --dry-run --mock 'review={\"score\":97}'\n"
              "With --follow or --wait: 0 completed, 10 faulted, "
              "11 cancelled, 6 not in time.");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return run(s, *o); }; });
}

} // namespace pawl::cli::commands
