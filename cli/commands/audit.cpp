#include "cli/commands/commands.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct audit_options {
  std::string who;
  std::string action;
  std::string target;
  std::string after;
  std::string before;
  std::size_t limit = 50;
  bool all = false;
  bool oldest = false;
};

outcome<exit_code> list(session& s, const audit_options& o) {
  json::array items;
  std::string cursor;
  do {
    const auto left = o.all ? 1000 : o.limit - items.size();
    auto target
      = "/v1/audit?limit=" + std::to_string(std::min<std::size_t>(left, 1000));
    for (const auto& [key, value] :
         {std::pair{"who", o.who}, std::pair{"action", o.action},
          std::pair{"namespace", s.ns}, std::pair{"target", o.target},
          std::pair{"after", o.after}, std::pair{"before", o.before},
          std::pair{"order", std::string{o.oldest ? "oldest" : ""}},
          std::pair{"cursor", cursor}})
      add_query(target, key, value);
    auto page = call(s, {.target = target});
    if (!page)
      return page.error();
    if (const auto* some = find_at(*page, {"items"});
        some != nullptr && some->is_array())
      items.insert(items.end(), some->get_array().begin(),
                   some->get_array().end());
    cursor = text_at(*page, {"nextCursor"});
  } while (!cursor.empty() && (o.all || items.size() < o.limit));
  table rows{{"NUMBER", "TIME", "WHO", "FROM", "ACTION", "NAMESPACE", "TARGET",
              "STATUS", "REASON"},
             {}};
  std::vector<std::string> names;
  for (const auto& item : items) {
    names.push_back(text_at(item, {"number"}));
    std::vector<std::string> row{names.back()};
    for (const auto* name : {"time", "who", "from", "action", "namespace",
                             "target", "status", "reason"})
      row.push_back(text_at(item, {name}));
    rows.rows.push_back(std::move(row));
  }
  json::object whole{{"items", std::move(items)}, {"nextCursor", nullptr}};
  if (!cursor.empty())
    whole["nextCursor"] = cursor;
  print(s, whole, rows, names);
  if (s.output == format::table && rows.rows.empty())
    s.err << "no records\n";
  return exit_code::ok;
}

/// Reads all of it, piece by piece; exit code 1 if anything is wrong.
outcome<exit_code> verify(session& s) {
  std::uint64_t checked = 0;
  json::array faults;
  for (std::string after;;) {
    std::string target = "/v1/audit/verify";
    add_query(target, "after", after);
    auto page = call(s, {.target = target});
    if (!page)
      return page.error();
    const auto* count = find_at(*page, {"checked"});
    if (count == nullptr || !count->is_int64())
      return failure{exit_code::error, "the server did not say what it read"};
    checked += static_cast<std::uint64_t>(count->get_int64());
    if (const auto* some = find_at(*page, {"faults"});
        some != nullptr && some->is_array())
      faults.insert(faults.end(), some->get_array().begin(),
                    some->get_array().end());
    after = text_at(*page, {"last", "number"});
    if (count->get_int64() > 0 && text_at(*page, {"complete"}) == "false")
      continue;
    for (const auto& fault : faults)
      s.err << "pawl: " << printable(std::string{fault.as_string()}) << '\n';
    const bool sound = faults.empty();
    table rows{{"RECORDS", "PRUNED", "FAULTS", "LAST HASH"}, {}};
    rows.rows.push_back({std::to_string(checked), text_at(*page, {"pruned"}),
                         std::to_string(faults.size()),
                         text_at(*page, {"last", "hash"})});
    print(s,
          json::object{{"ok", sound},
                       {"pruned", *find_at(*page, {"pruned"})},
                       {"checked", checked},
                       {"faults", std::move(faults)},
                       {"last", *find_at(*page, {"last"})}},
          rows, {text_at(*page, {"last", "hash"})});
    return sound ? exit_code::ok : exit_code::error;
  }
}

} // namespace

void add_audit(CLI::App& app, action& chosen) {
  auto* audit = app.add_subcommand("audit", "Who changed what, and why");
  audit->require_subcommand(1);
  audit->footer("Examples:\n"
                "  pawl audit ls --action cancelInstance\n"
                "  pawl audit ls --who token:1f0c6d2b9a3e --all -o jsonl\n"
                "  pawl audit verify");
  auto o = std::make_shared<audit_options>();
  auto* cmd = audit->add_subcommand("ls", "List records, newest first");
  cmd->add_option("--who", o->who, "Only of this one: token:ID, uid:N")
    ->type_name("WHO");
  cmd->add_option("--action", o->action, "Only this: pauseInstance, putSecret")
    ->type_name("ACTION");
  cmd->add_option("--target", o->target, "Only what was done to this")
    ->type_name("TARGET");
  cmd->add_option("--after", o->after, "Only later ones")->type_name("TIME");
  cmd->add_option("--before", o->before, "Only earlier ones")
    ->type_name("TIME");
  cmd->add_option("--limit", o->limit, "So many (50)")
    ->type_name("N")
    ->check(CLI::Range(1, 1'000'000).description(""));
  cmd->add_flag("--all", o->all, "All there are");
  cmd->add_flag("--oldest", o->oldest, "Oldest first");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return list(s, *o); }; });
  audit
    ->add_subcommand("verify", "Read the chain of records over; exit code 1 if "
                               "one was changed or is missing")
    ->callback([&chosen] { chosen = [](session& s) { return verify(s); }; });
}

} // namespace pawl::cli::commands
