#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/commands/moment.hpp"
#include "cli/commands/show.hpp"
#include "cli/prefix.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct hold_options {
  std::string workflow;
  std::string version;
  std::string task;
  std::string queue;
  std::string host;
  std::string reason;
  std::string until;
};

/// "workflow=shop/order task=book".
std::string selector_text(const json::value& hold) {
  std::string out;
  const auto* on = find_at(hold, {"selector"});
  if (on == nullptr || !on->is_object())
    return out;
  for (const auto& member : on->get_object())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ",
                       std::string_view{member.key()},
                       text_at(hold, {"selector", member.key().data()}));
  return out;
}

void show(session& s, const json::value& data,
          const std::vector<json::value>& holds) {
  table rows{{"ID", "ON", "HOLDING", "BY", "UNTIL", "REASON"}, {}};
  std::vector<std::string> names;
  for (const auto& one : holds) {
    names.push_back(text_at(one, {"id"}));
    rows.rows.push_back({names.back(), selector_text(one),
                         text_at(one, {"holding"}), text_at(one, {"by"}),
                         text_at(one, {"until"}), text_at(one, {"reason"})});
  }
  print(s, data, rows, names);
}

outcome<exit_code> create(session& s, const hold_options& o) {
  auto until = moment_of(o.until, "--until");
  if (!until)
    return until.error();
  json::object on;
  const std::pair<const char*, const std::string&> members[]
    = {{"namespace", s.ns}, {"workflow", o.workflow}, {"version", o.version},
       {"task", o.task},    {"queue", o.queue},       {"host", o.host}};
  for (const auto& [name, text] : members)
    if (!text.empty())
      on[name] = text;
  json::object body{{"selector", std::move(on)}, {"reason", o.reason}};
  if (!until->empty())
    body["until"] = *until;
  auto made = call(s, {.method = "POST",
                       .target = "/v1/holds",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = to_text(json::value(body))});
  if (!made)
    return made.error();
  show(s, *made, {*made});
  return exit_code::ok;
}

outcome<std::vector<json::value>> all_holds(session& s) {
  std::string target = "/v1/holds?limit=1000";
  add_query(target, "namespace", s.ns);
  return all_items(s, target);
}

outcome<exit_code> list(session& s) {
  auto items = all_holds(s);
  if (!items)
    return items.error();
  show(s, as_list(*items), *items);
  if (s.output == format::table && items->empty())
    s.err << "no holds\n";
  return exit_code::ok;
}

outcome<std::string> hold_target(const std::string& text,
                                 const std::vector<json::value>& known) {
  auto id = choose_among(text, known, "hold");
  if (!id)
    return id.error();
  return "/v1/holds/" + url_encode(*id);
}

outcome<exit_code> release(session& s, const removal& what) {
  const auto known = all_holds(s);
  if (!known)
    return known.error();
  return delete_each(s, what, "released", [&](const std::string& text) {
    return hold_target(text, *known);
  });
}

void add_create(CLI::App& hold, action& chosen) {
  auto o = std::make_shared<hold_options>();
  auto* cmd = hold.add_subcommand(
    "create", "Let something stand still; all that is said must fit. With -n, "
              "of that namespace");
  const auto option = [&](const char* name, std::string& into, const char* help,
                          const char* type) {
    return cmd->add_option(name, into, help)->type_name(type);
  };
  option("--workflow", o->workflow, "Instances of this workflow", "[NS/]NAME");
  option("--version", o->version, "Of this version of it", "VERSION");
  option("--task", o->task, "Only this task of it is not begun",
         "NAME|POINTER");
  option("--queue", o->queue, "Jobs of this queue are not given to workers",
         "QUEUE");
  option("--host", o->host, "HTTP calls to this host are not made",
         "HOST[:PORT]");
  option("--until", o->until, "It ends by itself then", "TIME|30m|12h|7d");
  option("--reason", o->reason, "Why: whoever asks why nothing moves reads it",
         "TEXT")
    ->required();
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return create(s, *o); }; });
}

} // namespace

void add_holds(CLI::App& app, action& chosen) {
  auto* hold = app.add_subcommand(
    "hold", "Let a workflow, a task, a queue or a host stand still");
  hold->require_subcommand(1);
  hold->footer(
    "Examples:\n"
    "  pawl hold create --workflow shop/order --reason 'wrong prices'\n"
    "  pawl hold create --host api.example.com --until 2h --reason 'it is "
    "down'\n"
    "  pawl hold create --workflow shop/order --task book --reason 'audit'\n"
    "  pawl hold ls\n"
    "  pawl hold show 01JABC\n"
    "  pawl hold release 01JABC");
  add_create(*hold, chosen);
  hold->add_subcommand("ls", "List the holds, the newest first")
    ->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  add_show(*hold, chosen, "All of one hold", "ID",
           [](session& s, const std::string& text) -> outcome<std::string> {
             const auto known = all_holds(s);
             if (!known)
               return known.error();
             return hold_target(text, *known);
           });
  auto* cmd = hold->add_subcommand("release", "Let it go on");
  auto ids = add_removal(*cmd, "id",
                         "Which, as `hold ls` names them, or unique "
                         "beginnings; - for those on stdin",
                         "ID...");
  cmd->callback([ids, &chosen] {
    chosen = [ids](session& s) { return release(s, *ids); };
  });
}

} // namespace pawl::cli::commands
