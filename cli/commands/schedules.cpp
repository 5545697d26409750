#include "cli/commands/commands.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct schedule_options {
  std::string verb;
  std::string id;
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

outcome<exit_code> list(session& s) {
  std::string base = "/v1/schedules?limit=1000";
  add_query(base, "namespace", s.ns);
  std::vector<json::value> items;
  std::string cursor;
  do {
    auto target = base;
    add_query(target, "cursor", cursor);
    auto page = call(s, {.target = target});
    if (!page)
      return page.error();
    if (const auto* found = find_at(*page, {"items"});
        found != nullptr && found->is_array())
      items.insert(items.end(), found->get_array().begin(),
                   found->get_array().end());
    cursor = text_at(*page, {"nextCursor"});
  } while (!cursor.empty());
  const json::object whole{{"items", json::array(items.begin(), items.end())},
                           {"nextCursor", nullptr}};
  show(s, whole, items);
  if (s.output == format::table && items.empty())
    s.err << "no schedules\n";
  return exit_code::ok;
}

outcome<exit_code> act(session& s, const schedule_options& o) {
  json::object body;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  if (!o.input.empty()) {
    auto input = read_json_argument(s, o.input, "--input");
    if (!input)
      return input.error();
    body["input"] = std::move(*input);
  }
  request what{.method = "POST",
               .target = "/v1/schedules/" + url_encode(o.id) + '/' + o.verb};
  what.headers = {{"Content-Type", "application/json"}};
  what.body = to_text(body);
  auto answer = call(s, std::move(what));
  if (!answer)
    return answer.error();
  if (o.verb == "trigger")
    print(s, *answer, instance_table({*answer}, clock::now()),
          {text_at(*answer, {"id"})});
  else
    show(s, *answer, {*answer});
  return exit_code::ok;
}

CLI::App* add_verb(CLI::App& of, action& chosen, const char* name,
                   const char* help,
                   const std::shared_ptr<schedule_options>& o) {
  o->verb = name;
  auto* cmd = of.add_subcommand(name, help);
  cmd->add_option("id", o->id, "The schedule, as `schedule ls` names it")
    ->required()
    ->type_name("NS.NAME");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return act(s, *o); }; });
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
