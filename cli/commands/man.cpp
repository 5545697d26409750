#include "base/roff.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/tree.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

namespace pawl::cli::commands {
namespace {

struct entry {
  const char* term;
  const char* text;
};

constexpr entry codes[]
  = {{"0", "It is done; with --follow or --wait: the instance completed."},
     {"1", "It failed."},
     {"2", "The command line is wrong."},
     {"3", "There is no such thing, or it was purged."},
     {"4", "It is not allowed in this state."},
     {"5", "The token is missing, wrong, or not enough."},
     {"6", "Not in time, or the daemon stayed too busy."},
     {"7", "The daemon cannot be reached."},
     {"10", "With --follow or --wait: the instance faulted."},
     {"11", "With --follow or --wait: the instance was cancelled."},
     {"130", "Interrupted."}};

constexpr entry variables[]
  = {{"PAWL_URL", "The daemon, as --url."},
     {"PAWL_TOKEN", "The token to show to it."},
     {"NO_COLOR", "If it is not empty, nothing is coloured."}};

/// Prose is filled, lines that are indented stay as they are.
void add_notes(roff_page& page, const std::string& text) {
  std::string prose;
  std::string lines;
  const auto flush = [&] {
    if (!prose.empty())
      page.paragraph(prose);
    if (!lines.empty())
      page.verbatim(lines);
    prose.clear();
    lines.clear();
  };
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    const bool indented = line.starts_with("  ");
    if (line.empty() || (indented ? !prose.empty() : !lines.empty()))
      flush();
    if (!line.empty())
      (indented ? lines : prose) += line + '\n';
  }
  flush();
}

void add_options(roff_page& page, const std::vector<option_entry>& options) {
  for (const auto& option : options) {
    std::string names;
    for (const auto& name : option.names)
      names += (names.empty() ? "" : ", ") + name;
    page.item(names, option.type, option.help);
  }
}

void add_command(roff_page& page, const command_entry& command) {
  auto title = "pawl " + command.path;
  if (!command.options.empty())
    title += " [OPTION...]";
  for (const auto& argument : command.arguments)
    title += " " + argument.type;
  page.part(title);
  page.paragraph(command.help + ".");
  for (const auto& argument : command.arguments)
    page.item(argument.type, "", argument.help);
  add_options(page, command.options);
  add_notes(page, command.footer);
}

std::string manual(const std::vector<command_entry>& commands) {
  roff_page page{"pawl", "1", PAWL_VERSION,
                 "control durable workflows from the command line"};
  page.section("SYNOPSIS");
  page.paragraph("pawl [OPTION...] COMMAND [ARGUMENT...]");
  page.section("DESCRIPTION");
  page.paragraph("pawl speaks with pawld(8), the daemon that runs workflows: "
                 "it registers definitions, starts instances, shows what "
                 "they wait for, and moves what stands still.");
  add_notes(page, commands.front().footer);
  page.section("OPTIONS");
  page.paragraph("These may stand before or behind every command.");
  add_options(page, commands.front().options);
  page.section("COMMANDS");
  for (const auto& command : commands)
    if (!command.path.empty() && command.subcommands.empty())
      add_command(page, command);
  page.section("EXIT STATUS");
  for (const auto& [term, text] : codes)
    page.item(term, "", text);
  page.section("ENVIRONMENT");
  for (const auto& [term, text] : variables)
    page.item(term, "", text);
  page.section("FILES");
  page.item("~/.config/pawl/config.toml", "",
            "url, token_file and ca_file of the daemon, as texts.");
  page.section("SEE ALSO");
  page.paragraph("pawld(8)");
  return page.text();
}

} // namespace

void add_man(CLI::App& app, action& chosen) {
  auto* cmd = app.add_subcommand(
    "man",
    "Print the manual page, made of what the commands say of themselves");
  cmd->footer("Examples:\n"
              "  pawl man | man -l -\n"
              "  pawl man > /usr/local/share/man/man1/pawl.1");
  cmd->callback([&app, &chosen] {
    chosen = [&app](session& s) -> outcome<exit_code> {
      s.out << manual(describe(app)) << std::flush;
      return exit_code::ok;
    };
  });
}

} // namespace pawl::cli::commands
