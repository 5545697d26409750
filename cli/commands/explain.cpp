#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/output.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

// What names the awaited event, or what people are asked, best.
std::string event_of(const json::object& reason) {
  if (const auto* title = reason.if_contains("title"))
    return " " + to_text(*title);
  for (const auto* member : {"with", "any", "all"})
    if (const auto* filter = reason.if_contains(member))
      return " " + to_text(*filter);
  return {};
}

std::string moves_of(const json::object& reason, const std::string& id) {
  std::string text;
  const auto* moves = reason.if_contains("movedBy");
  if (moves == nullptr || !moves->is_array())
    return text;
  const auto task = text_at(json::value(reason), {"task"});
  for (const auto& move : moves->get_array()) {
    const auto verb = text_at(move, {"name"});
    text += text.empty() ? "" : ", ";
    if (verb == "event")
      text += "an event";
    else if (verb == "release")
      text += "pawl hold release " + text_at(json::value(reason), {"id"});
    else if (verb == "approve" || verb == "reject")
      text += fmt::format("pawl {} {}", verb,
                          text_at(json::value(reason), {"id"}));
    else if (verb == "resume" || verb == "retry" || task.empty())
      text += fmt::format("pawl {} {}", verb, id);
    else
      text += fmt::format("pawl {} {} --task {}", verb, id, task);
  }
  return text;
}

void tell(session& s, const json::value& reasons, const char* heading,
          const std::string& id) {
  const auto* list = reasons.if_array();
  if (list == nullptr || list->empty())
    return;
  s.out << heading << '\n';
  for (const auto& one : *list) {
    const auto* reason = one.if_object();
    if (reason == nullptr)
      continue;
    const auto task = text_at(one, {"task"});
    auto line = fmt::format("  {:<11}", text_at(one, {"kind"}));
    if (!task.empty())
      line += task + ": ";
    line += text_at(one, {"detail"}) + event_of(*reason);
    if (const auto until = text_at(one, {"until"}); !until.empty())
      line += ", until " + until;
    if (const auto* due = find_at(one, {"due"});
        due != nullptr && due->is_string())
      line += ", due " + text_at(one, {"due"});
    if (const auto since = text_at(one, {"since"}); !since.empty())
      line += " (since " + since + ")";
    s.out << printable(line) << '\n';
    if (const auto moves = moves_of(*reason, id); !moves.empty())
      s.out << "             moved by: " << printable(moves) << '\n';
  }
}

outcome<json::value> reasons_of(session& s, const std::string& text) {
  auto id = resolve_id(s, text);
  if (!id)
    return id.error();
  auto why = call(s, {.target = instance_target(s, *id, "/explain")}, {}, *id);
  if (!why || s.output != format::table)
    return why;
  const auto* moves = find_at(*why, {"canProceed"});
  const bool goes = moves != nullptr && moves->is_bool() && moves->get_bool();
  s.out << printable(
    fmt::format("{} is {} and {}", *id, text_at(*why, {"status"}),
                goes ? "goes on by itself" : "does not go on by itself"))
        << '\n';
  if (const auto* blocked = find_at(*why, {"blockedBy"}))
    tell(s, *blocked, "blocked by", *id);
  if (const auto* waits = find_at(*why, {"waitsFor"}))
    tell(s, *waits, "waits for", *id);
  s.out << std::flush;
  return why;
}

outcome<exit_code> explain(session& s, const std::vector<std::string>& ids) {
  auto did = for_each(
    s, ids, [&](const std::string& text) { return reasons_of(s, text); });
  if (!did)
    return did.error();
  if (s.output == format::table || did->answers.empty())
    return did->code;
  std::vector<std::string> names;
  for (const auto& one : did->answers)
    names.push_back(text_at(one, {"id"}));
  print(s, data_of(*did), {}, names);
  return did->code;
}

} // namespace

void add_explain(CLI::App& app, action& chosen) {
  auto ids = std::make_shared<std::vector<std::string>>();
  auto* cmd = app.add_subcommand(
    "explain", "Why an instance does not move, and what would move it");
  cmd
    ->add_option("id", *ids,
                 "Ids, or unique beginnings of them; - for those on stdin")
    ->required()
    ->type_name("ID...");
  cmd->footer("Example:\n  pawl explain 01JABC");
  cmd->callback([ids, &chosen] {
    chosen = [ids](session& s) { return explain(s, *ids); };
  });
}

} // namespace pawl::cli::commands
