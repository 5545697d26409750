#include "cli/commands/commands.hpp"
#include "cli/commands/each.hpp"
#include "cli/size_text.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace pawl::cli::commands {
namespace {

std::string bytes_text(const std::string& number) {
  return to_size(std::strtod(number.c_str(), nullptr));
}

const json::array& items_of(const json::value& page, const char* name) {
  static const json::array none;
  const auto* items = find_at(page, {name});
  return items != nullptr && items->is_array() ? items->get_array() : none;
}

struct retention_options {
  std::string completed;
  std::string faulted;
  std::string cancelled;
};

outcome<exit_code> show_retention(session& s, const retention_options& o) {
  std::string target = "/v1/admin/retention";
  add_query(target, "completed", o.completed);
  add_query(target, "faulted", o.faulted);
  add_query(target, "cancelled", o.cancelled);
  auto seen = call(s, {.target = target});
  if (!seen)
    return seen.error();
  table rows{{"POLICY", "OF", "STATUS", "KEPT", "WOULD GO", "BYTES"}, {}};
  std::vector<std::string> names;
  for (const auto& one : items_of(*seen, "policies")) {
    names.push_back(text_at(one, {"source"}));
    const auto* whose = find_at(one, {"name"});
    const bool named = whose != nullptr && whose->is_string();
    rows.rows.push_back({names.back(), named ? text_at(one, {"name"}) : "all",
                         text_at(one, {"status"}), text_at(one, {"keep"}),
                         text_at(one, {"instances"}),
                         bytes_text(text_at(one, {"bytes"}))});
  }
  print(s, *seen, rows, names);
  if (s.output != format::table)
    return exit_code::ok;
  s.err << fmt::format("{} of {} instances would go now, {} before "
                       "compression\n",
                       text_at(*seen, {"instances"}),
                       text_at(*seen, {"examined"}),
                       bytes_text(text_at(*seen, {"bytes"})));
  if (text_at(*seen, {"complete"}) != "true")
    s.err << "not all was looked at: there is too much for one look\n";
  return exit_code::ok;
}

outcome<exit_code> create(session& s, const std::string& reason) {
  std::string target = "/v1/admin/backups";
  add_query(target, "reason", reason);
  auto made = call(s, {.method = "POST", .target = std::move(target)});
  if (!made)
    return made.error();
  if (text_at(*made, {"status"}) == "running") {
    s.err << "under way; see: pawl backup ls\n";
    return exit_code::timed_out;
  }
  const auto name = text_at(*made, {"name"});
  print(s, *made,
        {{"NAME", "TAKEN", "SIZE"},
         {{name, text_at(*made, {"takenAt"}),
           bytes_text(text_at(*made, {"bytes"}))}}},
        {name});
  return exit_code::ok;
}

outcome<exit_code> list(session& s) {
  auto all = call(s, {.target = "/v1/admin/backups?limit=1000"});
  if (!all)
    return all.error();
  table rows{{"NAME", "TAKEN", "SIZE", "FILES", "BY", "STATE"}, {}};
  std::vector<std::string> names;
  for (const auto& one : items_of(*all, "items")) {
    names.push_back(text_at(one, {"name"}));
    const bool damaged = text_at(one, {"damaged"}) == "true";
    rows.rows.push_back(
      {names.back(), damaged ? "?" : text_at(one, {"takenAt"}),
       bytes_text(text_at(one, {"bytes"})), text_at(one, {"files"}),
       text_at(one, {"program"}), damaged ? "DAMAGED" : "complete"});
  }
  print(s, *all, rows, names);
  if (s.output != format::table)
    return exit_code::ok;
  const auto* directory = find_at(*all, {"directory"});
  if (directory == nullptr || !directory->is_string())
    s.err << "no backups are taken: backup.directory is not set\n";
  else if (rows.rows.empty())
    s.err << "no backups in " << text_at(*all, {"directory"}) << '\n';
  if (const auto* bad = find_at(*all, {"lastFailure"});
      bad != nullptr && bad->is_string())
    s.err << "the last try failed: "
          << printable(text_at(*all, {"lastFailure"})) << '\n';
  return exit_code::ok;
}

struct offline_options {
  std::string directory;
  std::string name;
  std::string to;
};

/// What reads and writes stores is in pawld alone; this process becomes it.
failure become_daemon(session& s, std::vector<std::string> words) {
  std::error_code ignored;
  auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored);
  beside.replace_filename("pawld");
  const bool near = std::filesystem::exists(beside, ignored);
  words.insert(words.begin(), near ? beside.string() : "pawld");
  std::vector<char*> raw;
  raw.reserve(words.size() + 1);
  for (auto& word : words)
    raw.push_back(word.data());
  raw.push_back(nullptr);
  s.out.flush();
  s.err.flush();
  execvp(raw.front(), raw.data());
  return {exit_code::error, fmt::format("cannot run {}: {}", words.front(),
                                        std::strerror(errno))};
}

outcome<exit_code> offline(session& s, const char* verb, offline_options o) {
  if (o.directory.empty()) {
    auto all = call(s, {.target = "/v1/admin/backups"});
    if (!all)
      return failure{all.error().code,
                     all.error().text + "\nwithout a daemon: --from DIRECTORY"};
    const auto* directory = find_at(*all, {"directory"});
    if (directory == nullptr || !directory->is_string())
      return failure{exit_code::not_allowed,
                     "the daemon takes no backups: backup.directory is not "
                     "set; --from DIRECTORY names another one"};
    o.directory = text_at(*all, {"directory"});
  }
  std::vector<std::string> words{"backup", verb, o.directory};
  if (!o.name.empty())
    words.insert(words.end(), {"--name", o.name});
  if (!o.to.empty())
    words.insert(words.end(), {"--to", o.to});
  return become_daemon(s, std::move(words));
}

void add_offline(CLI::App& backup, action& chosen) {
  auto o = std::make_shared<offline_options>();
  const auto common = [&](CLI::App& cmd) {
    cmd.add_option("name", o->name, "Which")->type_name("NAME");
    cmd
      .add_option("--from", o->directory,
                  "The directory of backups (the daemon's)")
      ->type_name("DIR");
  };
  auto* cmd = backup.add_subcommand(
    "verify", "Check all that a backup holds; without a name, every one");
  common(*cmd);
  cmd->callback([o, &chosen] {
    chosen = [o](session& s) { return offline(s, "verify", *o); };
  });
  cmd = backup.add_subcommand(
    "restore", "Make a data directory of a backup, the newest unless named");
  common(*cmd);
  cmd->add_option("--to", o->to, "The new data directory: empty or not there")
    ->required()
    ->type_name("DIR");
  cmd->callback([o, &chosen] {
    chosen = [o](session& s) { return offline(s, "restore", *o); };
  });
}

} // namespace

void add_keeping(CLI::App& app, action& chosen) {
  auto o = std::make_shared<retention_options>();
  auto* cmd = app.add_subcommand(
    "retention", "Show what retention would purge now; purges nothing");
  cmd
    ->add_option("--completed", o->completed,
                 "As if completed ones were kept so long: 30d, forever")
    ->type_name("TIME");
  cmd->add_option("--faulted", o->faulted, "The same of faulted ones")
    ->type_name("TIME");
  cmd->add_option("--cancelled", o->cancelled, "The same of cancelled ones")
    ->type_name("TIME");
  cmd->footer("Examples:\n"
              "  pawl retention\n"
              "  pawl retention --completed 30d --faulted forever");
  cmd->callback([o, &chosen] {
    chosen = [o](session& s) { return show_retention(s, *o); };
  });

  auto* backup = app.add_subcommand("backup", "Backups of the daemon's data");
  backup->require_subcommand(1);
  backup->footer("verify and restore need no daemon, but the right to read the "
                 "directory.\nExamples:\n"
                 "  pawl backup create\n"
                 "  pawl backup ls\n"
                 "  pawl backup verify 12\n"
                 "  pawl backup restore --from /backup/pawl "
                 "--to /var/lib/pawl");
  cmd = backup->add_subcommand("create", "Take a backup now");
  auto reason = std::make_shared<std::string>();
  add_reason(*cmd, *reason);
  cmd->callback([reason, &chosen] {
    chosen = [reason](session& s) { return create(s, *reason); };
  });
  cmd = backup->add_subcommand("ls", "List them, newest first");
  cmd->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  add_offline(*backup, chosen);
}

} // namespace pawl::cli::commands
