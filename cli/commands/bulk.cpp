#include "cli/commands/bulk_order.hpp"
#include "cli/prefix.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

outcome<std::vector<json::value>> all_bulks(session& s) {
  std::string base = "/v1/bulk?limit=1000";
  add_query(base, "namespace", s.ns);
  return all_items(s, base);
}

/// The operation whose id begins so.
outcome<std::string> whole_id(session& s, const std::string& text) {
  auto known = all_bulks(s);
  if (!known)
    return known.error();
  return choose_among(text, *known, "bulk operation");
}

outcome<exit_code> list(session& s) {
  auto items = all_bulks(s);
  if (!items)
    return items.error();
  show_bulks(s, as_list(*items), *items);
  if (s.output == format::table && items->empty())
    s.err << "no bulk operations\n";
  return exit_code::ok;
}

outcome<exit_code> show(session& s, const std::string& text) {
  auto id = whole_id(s, text);
  if (!id)
    return id.error();
  auto one = call(s, {.target = "/v1/bulk/" + url_encode(*id)});
  if (!one)
    return one.error();
  show_bulks(s, *one, {*one});
  if (const auto why = text_at(*one, {"detail"});
      s.output == format::table && !why.empty() && why != "null")
    s.err << printable(why) << '\n';
  return exit_code::ok;
}

struct report_options {
  std::string id;
  std::string outcome;
};

outcome<exit_code> report(session& s, const report_options& o) {
  auto id = whole_id(s, o.id);
  if (!id)
    return id.error();
  std::string base = "/v1/bulk/" + url_encode(*id) + "/items?limit=1000";
  add_query(base, "outcome", o.outcome);
  auto items = all_items(s, base);
  if (!items)
    return items.error();
  table rows{{"INSTANCE", "OUTCOME", "CODE", "DETAIL"}, {}};
  std::vector<std::string> names;
  for (const auto& one : *items) {
    const auto text = [&](const char* name) {
      auto out = text_at(one, {name});
      return out == "null" ? std::string{} : out;
    };
    names.push_back(text("instance"));
    rows.rows.push_back(
      {names.back(), text("outcome"), text("code"), text("detail")});
  }
  print(s, as_list(*items), rows, names);
  return exit_code::ok;
}

struct control_options {
  std::string verb;
  std::string id;
  std::string reason;
};

outcome<exit_code> control(session& s, const control_options& o) {
  auto id = whole_id(s, o.id);
  if (!id)
    return id.error();
  json::object body;
  if (!o.reason.empty())
    body["reason"] = o.reason;
  auto done = call(s, {.method = "POST",
                       .target = "/v1/bulk/" + url_encode(*id) + "/" + o.verb,
                       .headers = {{"Content-Type", "application/json"}},
                       .body = to_text(json::value(body))});
  if (!done)
    return done.error();
  show_bulks(s, *done, {*done});
  return exit_code::ok;
}

void add_order(CLI::App& to, action& chosen) {
  auto o = std::make_shared<bulk_wish>();
  auto args = std::make_shared<std::string>();
  auto* cmd = to.add_subcommand(
    "run", "Order one. As the verb with -q: `pawl pause -q QUERY`");
  cmd->add_option("action", o->action, "What to do to each")
    ->required()
    ->type_name("VERB")
    ->check(CLI::IsMember({"pause", "resume", "cancel", "retry", "skip",
                           "complete", "fail", "rollback", "delete"})
              .description(""));
  add_bulk_options(*cmd, *o);
  cmd->get_option("--query")->required();
  cmd->add_option("--args", *args, "The body of the verb: JSON, @FILE, or -")
    ->type_name("JSON|@FILE|-");
  cmd->add_option("--reason", o->reason, "Why; kept in each history")
    ->type_name("TEXT");
  cmd->add_flag("--dry-run", o->dry_run,
                "Count them and show some, and do nothing");
  cmd->callback([o, args, &chosen] {
    chosen = [o, args](session& s) -> outcome<exit_code> {
      auto wish = *o;
      if (!args->empty()) {
        auto value = read_json_argument(s, *args, "--args");
        if (!value)
          return value.error();
        if (!value->is_object())
          return failure{exit_code::usage, "--args: expected an object"};
        wish.args = value->get_object();
      }
      return order_bulk(s, wish);
    };
  });
}

void add_control_of(CLI::App& to, action& chosen, const char* verb,
                    const char* help) {
  auto o = std::make_shared<control_options>();
  o->verb = verb;
  auto* cmd = to.add_subcommand(verb, help);
  cmd->add_option("id", o->id, "Which, as `bulk ls` names it")
    ->required()
    ->type_name("ID");
  cmd->add_option("--reason", o->reason, "Why")->type_name("TEXT");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return control(s, *o); }; });
}

} // namespace

void add_bulk(CLI::App& app, action& chosen) {
  auto* bulk = app.add_subcommand(
    "bulk", "One verb for all instances that a query selects");
  bulk->require_subcommand(1);
  bulk->footer(
    "Examples:\n"
    "  pawl retry -q 'status=faulted workflow=shop/order' --dry-run\n"
    "  pawl retry -q 'status=faulted workflow=shop/order' --rate 10\n"
    "  pawl bulk run delete -q 'status=completed' -n scratch\n"
    "  pawl bulk ls\n"
    "  pawl bulk show 01JABC\n"
    "  pawl bulk pause 01JABC --reason 'the bank is down again'\n"
    "  pawl bulk resume 01JABC\n"
    "  pawl bulk stop 01JABC\n"
    "  pawl bulk report 01JABC --outcome refused");
  add_order(*bulk, chosen);
  bulk->add_subcommand("ls", "List them, the newest first")
    ->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  auto id = std::make_shared<std::string>();
  auto* one = bulk->add_subcommand("show", "Show how one stands");
  one->add_option("id", *id, "Which, as `bulk ls` names it")
    ->required()
    ->type_name("ID");
  one->callback(
    [id, &chosen] { chosen = [id](session& s) { return show(s, *id); }; });
  auto o = std::make_shared<report_options>();
  auto* lines
    = bulk->add_subcommand("report", "Show what became of each instance");
  lines->add_option("id", o->id, "Which, as `bulk ls` names it")
    ->required()
    ->type_name("ID");
  lines
    ->add_option("--outcome", o->outcome,
                 "Only these: pending done refused failed unknown left")
    ->type_name("OUTCOME");
  lines->callback(
    [o, &chosen] { chosen = [o](session& s) { return report(s, *o); }; });
  add_control_of(*bulk, chosen, "pause", "Let it stand still");
  add_control_of(*bulk, chosen, "resume", "Let it go on");
  add_control_of(*bulk, chosen, "stop",
                 "End it; the instances that are left stay as they are");
}

} // namespace pawl::cli::commands
