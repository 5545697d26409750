#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct schedule_options {
  std::string verb;
  std::vector<std::string> ids;
  std::string reason;
  std::string input;
};

std::string next_of(const json::value& schedule) {
  const auto* next = find_at(schedule, {"next"});
  if (next == nullptr || !next->is_array() || next->get_array().empty()
      || !next->get_array()[0].is_string())
    return "";
  return std::string{next->get_array()[0].get_string()};
}

void show(session& s, const json::value& data,
          const std::vector<json::value>& schedules) {
  table rows{{"SCHEDULE", "VERSION", "KIND", "STATUS", "RUNS", "NEXT", "LAST"},
             {}};
  std::vector<std::string> names;
  for (const auto& one : schedules) {
    const auto* runs = find_at(one, {"runs"});
    names.push_back(text_at(one, {"id"}));
    rows.rows.push_back({names.back(), text_at(one, {"workflow", "version"}),
                         text_at(one, {"kind"}), text_at(one, {"status"}),
                         runs == nullptr ? "0" : to_text(*runs), next_of(one),
                         text_at(one, {"lastInstance"})});
  }
  print(s, data, rows, names);
}

outcome<std::vector<json::value>> all_schedules(session& s) {
  std::string target = "/v1/schedules?limit=1000";
  add_query(target, "namespace", s.ns);
  return all_items(s, target);
}

outcome<exit_code> list(session& s) {
  auto items = all_schedules(s);
  if (!items)
    return items.error();
  show(s, as_list(*items), *items);
  if (s.output == format::table && items->empty())
    s.err << "no schedules\n";
  return exit_code::ok;
}

outcome<json::value> act(session& s, const schedule_options& o,
                         const std::string& id, const std::string& body) {
  request what{.method = "POST",
               .target = "/v1/schedules/" + url_encode(id) + '/' + o.verb};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = body;
  return call(s, std::move(what));
}

outcome<exit_code> act_on_all(session& s, const schedule_options& o) {
  json::object body;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  if (!o.input.empty()) {
    auto input = read_json_argument(s, o.input, "--input");
    if (!input)
      return input.error();
    body["input"] = std::move(*input);
  }
  auto known = all_schedules(s);
  if (!known)
    return known.error();
  std::vector<std::string> ids;
  for (const auto& one : *known)
    ids.push_back(text_at(one, {"id"}));
  const auto text = to_text(body);
  auto did
    = for_each(s, o.ids, [&](const std::string& name) -> outcome<json::value> {
        auto id = choose_id(name, ids, "schedule");
        if (!id)
          return id.error();
        return act(s, o, *id, text);
      });
  if (!did)
    return did.error();
  if (did->answers.empty())
    return did->code;
  if (o.verb != "trigger") {
    show(s, data_of(*did), did->answers);
    return did->code;
  }
  std::vector<std::string> names;
  for (const auto& made : did->answers)
    names.push_back(text_at(made, {"id"}));
  print(s, data_of(*did), instance_table(did->answers, clock::now()), names);
  return did->code;
}

CLI::App* add_verb(CLI::App& of, action& chosen, const char* name,
                   const char* help,
                   const std::shared_ptr<schedule_options>& o) {
  o->verb = name;
  auto* cmd = of.add_subcommand(name, help);
  cmd
    ->add_option("id", o->ids,
                 "Schedules as `schedule ls` names them, or unique beginnings; "
                 "- for those on stdin")
    ->required()
    ->type_name("NS.NAME...");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return act_on_all(s, *o); }; });
  return cmd;
}

} // namespace

void add_schedules(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("schedule", "Schedules of workflows");
  of->require_subcommand(1);
  of->footer("Examples:\n"
             "  pawl schedule ls\n"
             "  pawl schedule pause default.nightly --reason 'month end'\n"
             "  pawl schedule trigger default.nightly -i '{\"full\":true}'");
  of->add_subcommand("ls", "List schedules, with their next runs")
    ->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  for (const auto* name : {"pause", "resume"}) {
    auto o = std::make_shared<schedule_options>();
    add_verb(*of, chosen, name,
             *name == 'p' ? "Make no more instances until it is resumed"
                          : "Go on; what the pause covers is left out",
             o)
      ->add_option("--reason", o->reason, "Why")
      ->type_name("TEXT");
  }
  auto o = std::make_shared<schedule_options>();
  add_verb(*of, chosen, "trigger", "Make an instance now, beside the schedule",
           o)
    ->add_option("-i,--input", o->input, "Its input: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
}

} // namespace pawl::cli::commands
