#include "cli/commands/bulk_order.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/documents.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/moment.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct control_options {
  std::string verb;
  std::vector<std::string> ids;
  std::string reason;
  std::string mode;
  bool freeze = false;
  std::string until;
  std::string input;
  std::string from;
  std::string task;
  std::uint32_t iteration = 0;
  std::string output;
  std::string error;
  std::string to;
  bool dry_run = false;
  bulk_wish all; ///< With -q.
};

/// Puts the JSON argument of an option into the body, if it was given.
outcome<json::object> with_json(session& s, json::object body,
                                const std::string& text, const char* member) {
  if (text.empty())
    return body;
  const auto option = std::string{"--"} + member;
  auto value = read_json_argument(s, text, option.c_str());
  if (!value)
    return value.error();
  body[member] = std::move(*value);
  return body;
}

outcome<json::object> body_of(session& s, const control_options& o) {
  json::object body;
  const auto until = moment_of(o.until, "--until");
  if (!until)
    return until.error();
  const std::pair<const char*, const std::string*> texts[]
    = {{"reason", &o.reason}, {"mode", &o.mode}, {"until", &*until},
       {"from", &o.from},     {"task", &o.task}, {"to", &o.to}};
  for (const auto& [member, text] : texts)
    if (!text->empty())
      body[member] = *text;
  if (o.freeze)
    body["timers"] = "freeze";
  if (o.dry_run)
    body["dryRun"] = true;
  if (o.iteration > 0)
    body["iteration"] = o.iteration;
  auto made = with_json(s, std::move(body), o.input, "input");
  if (made)
    made = with_json(s, std::move(*made), o.output, "output");
  if (made)
    made = with_json(s, std::move(*made), o.error, "error");
  return made;
}

outcome<json::value> act(session& s, const control_options& o,
                         const std::string& text, const std::string& body) {
  auto id = resolve_id(s, text);
  if (!id)
    return id.error();
  request what{.method = "POST",
               .target = instance_target(s, *id, "/" + o.verb)};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = body;
  return call(s, std::move(what), {}, *id);
}

/// What a verb would do, a line for each fact.
std::string plan_of(const json::value& told) {
  std::string text;
  const auto* plan = find_at(told, {"plan"});
  if (plan == nullptr || !plan->is_array())
    return text;
  for (const auto& fact : plan->get_array())
    text += fmt::format("{:<24} {}\n", text_at(fact, {"type"}),
                        text_at(fact, {"task"}));
  if (plan->get_array().empty())
    text = "nothing\n";
  text += "then it is " + text_at(told, {"instance", "status"}) + '\n';
  return text;
}

outcome<exit_code> control_all(session& s, const control_options& o,
                               json::object body) {
  auto wish = o.all;
  wish.action = o.verb;
  wish.reason = o.reason;
  wish.dry_run = o.dry_run;
  body.erase("reason");
  body.erase("dryRun");
  wish.args = std::move(body);
  return order_bulk(s, wish);
}

outcome<exit_code> control(session& s, const control_options& o) {
  if (o.ids.empty() == o.all.query.empty())
    return failure{exit_code::usage,
                   o.verb == "redo"
                     ? "say which: ids"
                     : "say which: ids, or -q QUERY, and not both"};
  auto body = body_of(s, o);
  if (!body)
    return body.error();
  if (!o.all.query.empty())
    return control_all(s, o, std::move(*body));
  const auto text = to_text(*body);
  auto did = for_each(
    s, o.ids, [&](const std::string& id) { return act(s, o, id, text); });
  if (!did)
    return did.error();
  if (did->answers.empty())
    return did->code;
  if (o.dry_run && s.output == format::table) {
    for (const auto& told : did->answers)
      s.out << printable(text_at(told, {"instance", "id"})) << ":\n"
            << plan_of(told);
    return did->code;
  }
  std::vector<std::string> names;
  for (const auto& told : did->answers)
    names.push_back(o.dry_run ? text_at(told, {"instance", "id"})
                              : text_at(told, {"id"}));
  print(s, data_of(*did), instance_table(did->answers, clock::now()), names);
  return did->code;
}

struct verb {
  const char* name;
  const char* help;
  const char* footer;
};

CLI::App* add_verb(CLI::App& app, action& chosen, const verb& what,
                   const std::shared_ptr<control_options>& o) {
  o->verb = what.name;
  auto* cmd = app.add_subcommand(what.name, what.help);
  cmd
    ->add_option("id", o->ids,
                 "Ids, or unique beginnings of them; - for those on stdin")
    ->type_name("ID...");
  if (o->verb != "redo") // Which the daemon does for one at a time.
    add_bulk_options(*cmd, o->all);
  cmd->add_option("--reason", o->reason, "Why; kept in the history")
    ->type_name("TEXT");
  cmd->add_flag("--dry-run", o->dry_run,
                "Show what it would do, and do nothing");
  cmd->footer(what.footer);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return control(s, *o); }; });
  return cmd;
}

void add_pause(CLI::App& app, action& chosen) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(app, chosen,
                       {"pause", "Pause instances",
                        "Examples:\n"
                        "  pawl pause 01JABC --reason 'before the deploy'\n"
                        "  pawl pause 01JABC --mode interrupt\n"
                        "  pawl pause 01JABC --freeze --until 2h"},
                       o);
  cmd
    ->add_option("--mode", o->mode,
                 "drain: running tasks end first (default); interrupt: they "
                 "are given up and run again after resume")
    ->type_name("drain|interrupt")
    ->check(CLI::IsMember({"drain", "interrupt"}).description(""));
  cmd->add_flag("--freeze", o->freeze,
                "Timers keep what is left of them until it goes on");
  cmd->add_option("--until", o->until, "Go on by itself then")
    ->type_name("TIME|30m|12h|7d");
}

void add_retry(CLI::App& app, action& chosen) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(
    app, chosen,
    {"retry", "Run the faulted task again, or a waiting retry at once",
     "Examples:\n"
     "  pawl retry 01JABC -i '{\"draft\":\"...\"}'\n"
     "  pawl retry 01JABC --from /do/0/fetch"},
    o);
  cmd
    ->add_option("-i,--input", o->input,
                 "Replaces the input of the task: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
  cmd
    ->add_option("--from", o->from,
                 "Begin again with this task, which has run before")
    ->type_name("TASK");
}

void add_rollback(CLI::App& app, action& chosen) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(
    app, chosen,
    {"rollback", "Undo what a workflow has done, back to a task",
     "The compensations of the tasks since then run, the last first; "
     "then the\nworkflow goes on with that task.\n"
     "Examples:\n"
     "  pawl rollback 01JABC --to /do/1/book --dry-run\n"
     "  pawl rollback 01JABC --to /do/1/book --reason 'wrong date'"},
    o);
  cmd->add_option("--to", o->to, "The task to go back to, which has run")
    ->type_name("TASK")
    ->required();
}

void add_redo(CLI::App& app, action& chosen) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(
    app, chosen,
    {"redo", "Run a task that is through, or an item of a loop, once more",
     "It runs beside the flow, which stays where it is, and leaves the\n"
     "business state alone. What it puts out is exported anew; `pawl tasks`\n"
     "shows all that it has put out.\n"
     "Example:\n"
     "  pawl redo 01JABC --task /do/2/write --iteration 3 -i "
     "'{\"hint\":\"shorter\"}'"},
    o);
  cmd->add_option("--task", o->task, "Which, as `pawl history` names it")
    ->type_name("TASK")
    ->required();
  cmd
    ->add_option("--iteration", o->iteration,
                 "Of a loop: this item alone, counted from 1")
    ->type_name("N");
  cmd
    ->add_option("-i,--input", o->input,
                 "In place of what flowed into it: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
}

/// skip, complete and fail, which end one task by hand.
void add_settling(CLI::App& app, action& chosen, const verb& what) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(app, chosen, what, o);
  cmd
    ->add_option("--task", o->task,
                 "Which, as `pawl status` shows it; needed where several wait")
    ->type_name("TASK");
  cmd
    ->add_option("--iteration", o->iteration,
                 "In which branch or item, counted from 1")
    ->type_name("N");
  if (o->verb == "fail")
    cmd
      ->add_option("--error", o->error,
                   "Members of the error: JSON, @FILE, or -")
      ->type_name("JSON|@FILE|-");
  else
    cmd
      ->add_option("--output", o->output,
                   "What it puts out: JSON, @FILE, or -; its input without")
      ->type_name("JSON|@FILE|-");
}

struct restart_options {
  std::string id;
  std::string input;
  std::string version;
  std::string new_id;
  std::vector<std::string> labels;
  std::string reason;
  bool held = false;
};

outcome<exit_code> restart(session& s, const restart_options& o) {
  auto id = resolve_id(s, o.id);
  if (!id)
    return id.error();
  auto body = with_json(s, {}, o.input, "input");
  if (!body)
    return body.error();
  if (!o.version.empty())
    (*body)["version"] = o.version;
  if (!o.new_id.empty())
    (*body)["id"] = o.new_id;
  auto labels = labels_of(o.labels);
  if (!labels)
    return labels.error();
  if (!labels->empty())
    (*body)["labels"] = std::move(*labels);
  if (o.held)
    (*body)["held"] = true;
  if (!o.reason.empty())
    (*body)["reason"] = o.reason;
  request what{.method = "POST", .target = instance_target(s, *id, "/restart")};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = to_text(*body);
  auto made = call(s, std::move(what), {}, *id);
  if (!made)
    return made.error();
  const auto fresh = text_at(*made, {"id"});
  print(s, *made, instance_table({*made}, clock::now()), {fresh});
  return exit_code::ok;
}

void add_restart(CLI::App& app, action& chosen) {
  auto o = std::make_shared<restart_options>();
  auto* cmd = app.add_subcommand(
    "restart", "Start a new instance with the input of another");
  cmd->add_option("id", o->id, "Its id, or a unique beginning of it")
    ->required()
    ->type_name("ID");
  cmd
    ->add_option("-i,--input", o->input,
                 "In place of the old input: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
  cmd
    ->add_option("--version", o->version,
                 "Another version of the workflow; latest is one")
    ->type_name("VERSION");
  cmd->add_option("--id", o->new_id, "The id of the new instance")
    ->type_name("ID");
  cmd
    ->add_option("--label", o->labels,
                 "A label beside those of the old one; may be repeated")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->take_all();
  cmd->add_flag("--held", o->held, "It begins suspended");
  cmd->add_option("--reason", o->reason, "Why")->type_name("TEXT");
  cmd->footer("Example:\n  pawl restart 01JABC --version latest");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return restart(s, *o); }; });
}

} // namespace

void add_control(CLI::App& app, action& chosen) {
  add_pause(app, chosen);
  add_verb(app, chosen,
           {"resume", "Let paused instances go on",
            "Example:\n  pawl ls -s suspended -o name | pawl resume -"},
           std::make_shared<control_options>());
  add_verb(app, chosen,
           {"cancel", "Cancel instances for good",
            "Example:\n  pawl cancel 01JABC --reason 'ordered twice'"},
           std::make_shared<control_options>());
  add_retry(app, chosen);
  add_rollback(app, chosen);
  add_redo(app, chosen);
  add_restart(app, chosen);
  add_settling(app, chosen,
               {"skip", "Leave out a task that faulted or waits",
                "Example:\n  pawl skip 01JABC --output '{\"score\":0}' "
                "--reason 'the service is gone'"});
  add_settling(app, chosen,
               {"complete", "Complete a task that waits, with its output",
                "Example:\n  pawl complete 01JABC --task /do/1/review "
                "--output '[{\"ok\":true}]'"});
  add_settling(app, chosen,
               {"fail", "Let a task that waits fail",
                "Example:\n  pawl fail 01JABC --error "
                "'{\"type\":\"https://example.com/late\",\"status\":408}'"});
}

} // namespace pawl::cli::commands
