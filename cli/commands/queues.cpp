#include "cli/commands/commands.hpp"
#include "cli/commands/show.hpp"

#include <CLI/CLI.hpp>

namespace pawl::cli::commands {
namespace {

std::string number_at(const json::value& of, const char* name) {
  const auto* found = find_at(of, {name});
  return found == nullptr ? "0" : to_text(*found);
}

std::string waits_of(const json::value& queue) {
  const auto* seconds = find_at(queue, {"oldestSeconds"});
  if (seconds == nullptr || text_at(queue, {"oldest"}).empty())
    return "";
  return to_elapsed(std::chrono::seconds{seconds->to_number<std::int64_t>()});
}

outcome<exit_code> list(session& s) {
  auto items = all_items(s, "/v1/queues?limit=1000");
  if (!items)
    return items.error();
  table rows{{"QUEUE", "READY", "LEASED", "OLDEST", "WORKERS", "LAST POLL", ""},
             {}};
  std::vector<std::string> names;
  for (const auto& one : *items) {
    const auto* unserved = find_at(one, {"unserved"});
    const bool is
      = unserved != nullptr && unserved->is_bool() && unserved->get_bool();
    names.push_back(text_at(one, {"name"}));
    rows.rows.push_back({names.back(), number_at(one, "ready"),
                         number_at(one, "leased"), waits_of(one),
                         number_at(one, "workers"), text_at(one, {"lastPoll"}),
                         is ? "unserved" : ""});
  }
  print(s, as_list(*items), rows, names);
  if (s.output == format::table && names.empty())
    s.err << "no queues\n";
  return exit_code::ok;
}

} // namespace

void add_queues(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("queue", "Queues of jobs for workers");
  of->require_subcommand(1);
  of->footer("Examples:\n"
             "  pawl queue ls\n"
             "  pawl queue ls -o json\n"
             "  pawl queue show review");
  of->add_subcommand("ls", "List queues: what waits, since when, for whom")
    ->callback([&chosen] { chosen = [](session& s) { return list(s); }; });
  add_show(*of, chosen, "One queue, with its leases and workers", "QUEUE",
           [](session&, const std::string& name) -> outcome<std::string> {
             return "/v1/queues/" + url_encode(name);
           });
}

} // namespace pawl::cli::commands
