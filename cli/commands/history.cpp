#include "cli/commands/commands.hpp"
#include "cli/follow.hpp"
#include "cli/prefix.hpp"
#include "cli/views.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

struct history_options {
  std::string id;
  std::uint64_t after = 0;
  bool follow = false;
};

/// Writes items as they come. A table that is not complete cannot know its
/// widths, so the columns of a growing one are fixed.
class item_writer {
public:
  explicit item_writer(session& s) : s_{s} {}

  void operator()(const json::value& item) {
    switch (s_.output) {
    case format::table:
      write_row(item);
      break;
    case format::name:
      s_.out << text_at(item, {"sequence"}) << '\n';
      break;
    case format::yaml:
      s_.out << "---\n" << to_yaml(item);
      break;
    case format::json:
    case format::jsonl: // An array that never ends is of no use to a reader.
      s_.out << to_text(item) << '\n';
      break;
    }
    s_.out.flush();
  }

private:
  void write_row(const json::value& item) {
    auto line = fmt::format("{:<5} {:<13} {:<19} ", text_at(item, {"sequence"}),
                            time_of_day(text_at(item, {"time"})),
                            text_at(item, {"type"}));
    auto task = task_name(text_at(item, {"task"}));
    auto detail = event_detail(item);
    line += printable(task);
    if (!task.empty() && !detail.empty())
      line += "  ";
    line += detail;
    line.erase(line.find_last_not_of(' ') + 1);
    s_.out << line << '\n';
  }

  session& s_;
};

outcome<exit_code> follow(session& s, const history_options& o,
                          const std::string& id) {
  item_writer write{s};
  journal_sink sink;
  sink.item = [&](const json::value& item) { write(item); };
  sink.note = [&](const std::string& what) { s.err << what << std::endl; };
  auto instance = watch_journal(s, id, o.after, std::nullopt, sink);
  if (!instance)
    return instance.error();
  return ending(s, *instance);
}

outcome<exit_code> history(session& s, const history_options& o) {
  auto id = resolve_id(s, o.id);
  if (!id)
    return id.error();
  if (o.follow)
    return follow(s, o, *id);
  std::vector<json::value> items;
  json::value page;
  auto after = std::to_string(o.after);
  do {
    auto target = instance_target(s, *id, "/history");
    add_query(target, "after", after);
    add_query(target, "limit", "1000");
    auto answer = call(s, {.target = target}, {}, *id);
    if (!answer)
      return answer.error();
    page = std::move(*answer);
    const auto* list = find_at(page, {"items"});
    if (list == nullptr || !list->is_array() || list->get_array().empty())
      break;
    for (const auto& item : list->get_array())
      items.push_back(item);
    after = text_at(items.back(), {"sequence"});
  } while (!text_at(page, {"nextCursor"}).empty());
  std::vector<std::string> names;
  names.reserve(items.size());
  for (const auto& item : items)
    names.push_back(text_at(item, {"sequence"}));
  auto rows = history_table(items);
  json::object whole{{"items", json::array(items.begin(), items.end())},
                     {"nextCursor", nullptr}};
  print(s, whole, rows, names);
  return exit_code::ok;
}

} // namespace

void add_history(CLI::App& app, action& chosen) {
  auto o = std::make_shared<history_options>();
  auto* cmd = app.add_subcommand("history", "Show the journal of an instance");
  cmd->add_option("id", o->id, "Id, or a unique beginning of one")
    ->required()
    ->type_name("ID");
  cmd->add_flag("-f,--follow", o->follow,
                "Go on until the instance ends (json: one item a line)");
  cmd->add_option("--after", o->after, "Only what comes behind this sequence")
    ->type_name("SEQUENCE");
  cmd->footer("Examples:\n"
              "  pawl history 01JABC\n"
              "  pawl history 01JABC -f -o jsonl | "
              "jq 'select(.type==\"task.retried\")'");
  cmd->callback(
    [o, &chosen] { chosen = [o](session& s) { return history(s, *o); }; });
}

} // namespace pawl::cli::commands
