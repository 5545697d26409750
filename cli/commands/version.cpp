#include "cli/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace pawl::cli::commands {
namespace {

outcome<exit_code> version(session& s) {
  json::object both{{"client", json::object{{"version", PAWL_VERSION}}},
                    {"server", nullptr}};
  auto server = call(s, {.target = "/version"});
  if (server)
    both["server"] = *server;
  std::string named = server ? text_at(*server, {"version"}) : "unreachable";
  print(
    s, both,
    {{}, {{"client", PAWL_VERSION}, {"server", named, s.http.server_name()}}},
    {PAWL_VERSION});
  if (!server)
    return server.error();
  return exit_code::ok;
}

} // namespace

void add_version(CLI::App& app, action& chosen) {
  auto* cmd
    = app.add_subcommand("version", "Versions of the client and the daemon");
  cmd->footer("Examples:\n"
              "  pawl version\n"
              "  pawl version -o json | jq -r .server.version");
  cmd->callback([&chosen] { chosen = version; });
}

} // namespace pawl::cli::commands
