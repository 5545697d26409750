#include "cli/commands/commands.hpp"

#include <CLI/CLI.hpp>

namespace pawl::cli::commands {
namespace {

outcome<exit_code> status(session& s) {
  auto cluster = call(s, {.target = "/v1/cluster"});
  if (!cluster)
    return cluster.error();
  table rows{{"NODE", "STATUS", "VERSION", "SINCE", "ADDRESS", "HOT", ""}, {}};
  std::vector<std::string> names;
  if (const auto* nodes = find_at(*cluster, {"nodes"});
      nodes != nullptr && nodes->is_array())
    for (const auto& node : nodes->get_array()) {
      names.push_back(text_at(node, {"id"}));
      const auto why = text_at(node, {"detail"});
      const bool leads = text_at(node, {"leader"}) == "true";
      rows.rows.push_back({names.back(),
                           why == "null" || why.empty()
                             ? text_at(node, {"status"})
                             : text_at(node, {"status"}) + " (" + why + ")",
                           text_at(node, {"version"}), text_at(node, {"since"}),
                           text_at(node, {"address"}),
                           text_at(node, {"instances", "hot"}),
                           leads ? "leader" : ""});
    }
  print(s, *cluster, rows, names);
  return exit_code::ok;
}

} // namespace

void add_cluster(CLI::App& app, action& chosen) {
  auto* of = app.add_subcommand("cluster", "The nodes of the daemon");
  of->require_subcommand(1);
  of->footer("Pawl runs on one node today.\n"
             "Examples:\n"
             "  pawl cluster status\n"
             "  pawl cluster status -o json");
  of->add_subcommand("status", "Which nodes there are, and how they are")
    ->callback([&chosen] { chosen = [](session& s) { return status(s); }; });
}

} // namespace pawl::cli::commands
