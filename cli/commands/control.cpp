#include "cli/commands/commands.hpp"
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
  std::string input;
};

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

outcome<exit_code> control(session& s, const control_options& o) {
  json::object body;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  if (!o.mode.empty())
    body["mode"] = o.mode;
  if (!o.input.empty()) {
    auto input = read_json_argument(s, o.input, "--input");
    if (!input)
      return input.error();
    body["input"] = std::move(*input);
  }
  auto text = to_text(body);
  auto code = exit_code::ok;
  std::vector<json::value> done;
  std::vector<std::string> names;
  for (const auto& id : o.ids) {
    auto instance = act(s, o, id, text);
    if (instance) {
      names.push_back(text_at(*instance, {"id"}));
      done.push_back(std::move(*instance));
      continue;
    }
    // The others still get their turn; the first failure decides the code.
    if (code == exit_code::ok)
      code = instance.error().code;
    s.err << "pawl: " << printable(id) << ": " << instance.error().text << '\n';
    if (instance.error().code == exit_code::unreachable)
      break;
  }
  if (done.empty())
    return code;
  json::value data = o.ids.size() == 1
                       ? done[0]
                       : json::value(json::object{
                         {"items", json::array(done.begin(), done.end())}});
  print(s, data, instance_table(done, clock::now()), names);
  return code;
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
  cmd->add_option("id", o->ids, "Ids, or unique beginnings of them")
    ->required()
    ->type_name("ID...");
  cmd->add_option("--reason", o->reason, "Why; kept in the history")
    ->type_name("TEXT");
  cmd->footer(what.footer);
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return control(s, *o); }; });
  return cmd;
}

} // namespace

void add_control(CLI::App& app, action& chosen) {
  auto o = std::make_shared<control_options>();
  auto* cmd = add_verb(app, chosen,
                       {"pause", "Pause instances",
                        "Examples:\n"
                        "  pawl pause 01JABC --reason 'before the deploy'\n"
                        "  pawl pause 01JABC --mode interrupt"},
                       o);
  cmd
    ->add_option("--mode", o->mode,
                 "drain: running tasks end first (default); interrupt: they "
                 "are given up and run again after resume")
    ->type_name("MODE")
    ->check(CLI::IsMember({"drain", "interrupt"}).description(""));
  add_verb(app, chosen,
           {"resume", "Let paused instances go on",
            "Example:\n  pawl resume $(pawl ls -s suspended -o name)"},
           std::make_shared<control_options>());
  add_verb(app, chosen,
           {"cancel", "Cancel instances for good",
            "Example:\n  pawl cancel 01JABC --reason 'ordered twice'"},
           std::make_shared<control_options>());
  o = std::make_shared<control_options>();
  cmd = add_verb(app, chosen,
                 {"retry",
                  "Run the faulted task again, or a waiting retry at once",
                  "Example:\n  pawl retry 01JABC -i '{\"draft\":\"...\"}'"},
                 o);
  cmd
    ->add_option("-i,--input", o->input,
                 "Replaces the input of the task: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
}

} // namespace pawl::cli::commands
