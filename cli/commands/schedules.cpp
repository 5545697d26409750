#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/show.hpp"
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

/// Why its next run waits, or a null pointer.
const json::value* block_of(const json::value& schedule) {
  const auto* blocked = find_at(schedule, {"blockedBy"});
  return blocked == nullptr || !blocked->is_array()
             || blocked->get_array().empty()
           ? nullptr
           : &blocked->get_array().front();
}

std::string status_of(const json::value& schedule) {
  auto status = text_at(schedule, {"status"});
  if (const auto* why = block_of(schedule)) {
    const auto name = text_at(*why, {"name"});
    status += name.empty() ? " (waits)" : " (limit " + name + ")";
  }
  return status;
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
                         text_at(one, {"kind"}), status_of(one),
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

/// One schedule by its id or a unique beginning of it.
outcome<std::string> chosen_schedule(session& s, const std::string& name) {
  auto known = all_schedules(s);
  if (!known)
    return known.error();
  return choose_among(name, *known, "schedule");
}

struct span_options {
  std::string id;
  std::string from;
  std::string to;
  std::string reason;
  std::uint32_t limit = 0; ///< 0: the daemon's.
  bool dry_run = false;
  std::uint32_t count = 10;
};

/// A time and, where `second` has it, what belongs to it, line by line.
void show_times(session& s, const json::value& data, const char* first,
                const char* second) {
  table rows{{"TIME"}, {}};
  if (second != nullptr)
    rows.header.emplace_back("INSTANCE");
  std::vector<std::string> names;
  const auto* times = find_at(data, {first});
  const auto* others = second == nullptr ? nullptr : find_at(data, {second});
  if (times != nullptr && times->is_array())
    for (std::size_t i = 0; i < times->get_array().size(); ++i) {
      const auto text = [&](const json::value& list) {
        return std::string{list.get_array().at(i).as_string()};
      };
      rows.rows.push_back({text(*times)});
      names.push_back(text(*times));
      if (others != nullptr && others->is_array()
          && i < others->get_array().size())
        rows.rows.back().push_back(names.back() = text(*others));
    }
  print(s, data, rows, names);
}

outcome<exit_code> backfill(session& s, const span_options& o) {
  const auto id = chosen_schedule(s, o.id);
  if (!id)
    return id.error();
  json::object body{{"from", o.from}, {"to", o.to}, {"dryRun", o.dry_run}};
  if (o.limit > 0)
    body["limit"] = o.limit;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  auto said
    = call(s, {.method = "POST",
               .target = "/v1/schedules/" + url_encode(*id) + "/backfill",
               .headers = {{"Content-Type", "application/json"}},
               .body = to_text(body)});
  if (!said)
    return said.error();
  show_times(s, *said, "times", "instances");
  if (s.output == format::table)
    s.err << text_at(*said, {"count"})
          << (o.dry_run ? " would be made, " : " made, ")
          << text_at(*said, {"existing"}) << " were there\n";
  return exit_code::ok;
}

outcome<exit_code> next_runs(session& s, const span_options& o) {
  const auto id = chosen_schedule(s, o.id);
  if (!id)
    return id.error();
  auto one = call(s, {.target = "/v1/schedules/" + url_encode(*id)
                                + "?next=" + std::to_string(o.count)});
  if (!one)
    return one.error();
  show_times(s, *one, "next", nullptr);
  if (const auto* why = block_of(*one);
      why != nullptr && s.output == format::table)
    s.err << "it waits since " << text_at(*why, {"since"}) << ": "
          << text_at(*why, {"detail"}) << '\n';
  return exit_code::ok;
}

void add_spans(CLI::App& of, action& chosen) {
  auto o = std::make_shared<span_options>();
  auto* cmd = of.add_subcommand(
    "backfill", "Make the instances for past times that have none; once each");
  const auto named = [&o](CLI::App& to) {
    to.add_option("id", o->id, "As `schedule ls` names it")
      ->required()
      ->type_name("NS.NAME");
  };
  named(*cmd);
  cmd->add_option("--from", o->from, "The first time that counts")
    ->required()
    ->type_name("TIME");
  cmd->add_option("--to", o->to, "The first one that counts no more")
    ->required()
    ->type_name("TIME");
  cmd->add_option("--limit", o->limit, "Make none if there are more (1000)")
    ->type_name("N")
    ->check(CLI::PositiveNumber.description(""));
  cmd->add_flag("--dry-run", o->dry_run, "Only say what would be made");
  cmd->add_option("--reason", o->reason, "Why")->type_name("TEXT");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return backfill(s, *o); }; });
  cmd = of.add_subcommand("next", "When it makes its next instances");
  named(*cmd);
  cmd->add_option("--count", o->count, "How many of them (10)")
    ->type_name("N")
    ->check(CLI::Range(1, 1000).description(""));
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return next_runs(s, *o); }; });
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
  const auto text = to_text(body);
  auto did
    = for_each(s, o.ids, [&](const std::string& name) -> outcome<json::value> {
        auto id = choose_among(name, *known, "schedule");
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
             "  pawl schedule resume default.nightly\n"
             "  pawl schedule show default.nightly\n"
             "  pawl schedule next default.nightly --count 30\n"
             "  pawl schedule trigger default.nightly -i '{\"full\":true}'\n"
             "  pawl schedule backfill default.nightly --dry-run \\\n"
             "    --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z");
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
  auto* trigger = add_verb(*of, chosen, "trigger",
                           "Make an instance now, beside the schedule", o);
  trigger->add_option("-i,--input", o->input, "Its input: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
  trigger->add_option("--reason", o->reason, "Why")->type_name("TEXT");
  add_spans(*of, chosen);
  add_show(*of, chosen, "All of one schedule", "NS.NAME",
           [](session& s, const std::string& text) -> outcome<std::string> {
             auto id = chosen_schedule(s, text);
             if (!id)
               return id.error();
             return "/v1/schedules/" + url_encode(*id);
           });
}

} // namespace pawl::cli::commands
