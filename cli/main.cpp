#include "cli/commands/bulk_order.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/tree.hpp"
#include "cli/commands/wait_option.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace pawl::cli {
namespace {

struct common_options {
  std::string output = "table";
  server_options server;
  std::string ns;
  bool yes = false;
  double timeout_s = 30;
};

void add_common(CLI::App& app, common_options& o) {
  app.set_help_flag("-h,--help", "Help on this command");
  app.set_version_flag("--version", "pawl " PAWL_VERSION);
  app.add_option("-o,--output", o.output, "How data is written (table)")
    ->type_name("table|json|jsonl|yaml|name")
    ->check(CLI::IsMember({"table", "json", "jsonl", "yaml", "name"})
              .description(""));
  app
    .add_option("--url", o.server.url,
                "The daemon: http://HOST:PORT or unix:/PATH")
    ->type_name("URL");
  app
    .add_option("--token-file", o.server.token_file,
                "The file that holds the token to show to it")
    ->type_name("FILE");
  app
    .add_option("--ca-file", o.server.ca_file,
                "The certificates (PEM) by which to trust it")
    ->type_name("FILE");
  app.add_option("-n,--namespace", o.ns, "Only this namespace")
    ->type_name("NS");
  app.add_flag("-y,--yes", o.yes, "Do not ask whether it is meant");
  app
    .add_option("--timeout", o.timeout_s,
                "Seconds to go on trying when the daemon is busy or was lost "
                "(30)")
    ->type_name("SECONDS")
    ->check(CLI::Range(0.0, 86400.0).description(""));
  app.require_subcommand(1, 1);
  app.fallthrough();
  app.footer(
    "The daemon is found by --url, $PAWL_URL, url = \"...\" in\n"
    "~/.config/pawl/config.toml, else the unix socket, else "
    "http://127.0.0.1:7295. It is shown the token of --token-file, "
    "$PAWL_TOKEN or,\nif that file names it, token_file = \"...\" there.\n"
    "Ids may be unique beginnings. Data goes to stdout, all else to stderr.\n"
    "Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not allowed in this "
    "state,\n5 auth, 6 timed out, 7 unreachable; with --follow or --wait: "
    "10 faulted, 11 cancelled.\n"
    "\n"
    "Examples:\n"
    "  pawl run story.yaml -i @input.json --follow\n"
    "  pawl ls -s faulted\n"
    "  pawl pause 01JABC --reason 'look at this first'\n"
    "  pawl result 01JABC --wait 60 -o json\n");
}

/// Below the help of each command, where to read on.
class help_text : public CLI::Formatter {
public:
  std::string make_footer(const CLI::App* app) const override {
    auto text = CLI::Formatter::make_footer(app);
    if (app->get_parent() != nullptr)
      text += "Options of every command (-o, -n, -y, --url ...): pawl --help\n";
    return text;
  }
};

bool terminal(int descriptor) {
  const char* kind = std::getenv("TERM");
  return isatty(descriptor) == 1 && kind != nullptr
         && std::string_view{kind} != "dumb";
}

bool colours_wanted() {
  const char* no = std::getenv("NO_COLOR");
  return no == nullptr || *no == '\0';
}

int finish(exit_code code) {
  return static_cast<int>(code);
}

int complain(const failure& f) {
  if (!f.text.empty())
    std::cerr << "pawl: " << f.text << std::endl;
  return finish(f.code);
}

int run_action(const action& chosen, const common_options& o) {
  auto servers = find_servers(o.server, real_surroundings());
  if (!servers)
    return complain(servers.error());
  client http{std::move(*servers),
              duration{static_cast<std::int64_t>(o.timeout_s * 1000)}};
  session s{http, std::cin, std::cout, std::cerr};
  s.output = *parse_format(o.output);
  s.ns = o.ns;
  s.yes = o.yes;
  s.asks = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
  s.live = terminal(STDERR_FILENO);
  s.colour_out = terminal(STDOUT_FILENO) && colours_wanted();
  s.colour_err = s.live && colours_wanted();
  auto code = chosen(s);
  if (!code)
    return complain(code.error());
  std::cout.flush();
  // A full disk or a closed pipe: what was asked for did not get through.
  if (!std::cout)
    return complain({exit_code::error, "cannot write to stdout"});
  return finish(*code);
}

/// "pawl def apply", as far as the words named it.
std::string named_command(const CLI::App& app) {
  auto text = app.get_name();
  for (const auto* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    text += " " + at->get_name();
  }
  return text;
}

int parse_and_run(std::vector<std::string> arguments) {
  CLI::App app{"pawl: workflows that survive, from the command line", "pawl"};
  common_options o;
  action chosen;
  app.formatter(std::make_shared<help_text>());
  add_common(app, o);
  commands::add_run(app, chosen);
  commands::add_test(app, chosen);
  commands::add_instances(app, chosen);
  commands::add_explain(app, chosen);
  commands::add_history(app, chosen);
  commands::add_tasks(app, chosen);
  commands::add_control(app, chosen);
  commands::add_bulk(app, chosen);
  commands::add_emit(app, chosen);
  commands::add_events(app, chosen);
  commands::add_approvals(app, chosen);
  commands::add_definitions(app, chosen);
  commands::add_secrets(app, chosen);
  commands::add_schedules(app, chosen);
  commands::add_holds(app, chosen);
  commands::add_subscriptions(app, chosen);
  commands::add_flags(app, chosen);
  commands::add_limits(app, chosen);
  commands::add_faults(app, chosen);
  commands::add_export(app, chosen);
  commands::add_keeping(app, chosen);
  commands::add_tokens(app, chosen);
  commands::add_audit(app, chosen);
  commands::add_queues(app, chosen);
  commands::add_stats(app, chosen);
  commands::add_cluster(app, chosen);
  commands::add_doctor(app, chosen);
  commands::add_worker(app, chosen);
  commands::add_top(app, chosen);
  commands::add_version(app, chosen);
  commands::add_completion(app, chosen);
  commands::add_man(app, chosen);
  give_examples(app);
  const auto given = arguments;
  arguments = commands::join_wait_value(std::move(arguments));
  std::reverse(arguments.begin(), arguments.end()); // As CLI11 wants them.
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0)
      return app.exit(e, std::cout, std::cerr);
    const auto meant = guess_meant(app, given);
    std::cerr << "pawl: " << (meant.empty() ? e.what() : printable(meant))
              << "\nTry: " << named_command(app) << " --help" << std::endl;
    return finish(exit_code::usage);
  }
  return run_action(chosen, o);
}

} // namespace
} // namespace pawl::cli

int main(int argc, char** argv) {
  try {
    return pawl::cli::parse_and_run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << "pawl: " << e.what() << std::endl;
    return 1;
  }
}
