#include "cli/commands/commands.hpp"
#include "cli/commands/shells.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {

void add_completion(CLI::App& app, action& chosen) {
  auto shell = std::make_shared<std::string>();
  auto* cmd
    = app.add_subcommand("completion", "Print a completion script for a shell");
  cmd->add_option("shell", *shell, "Which shell")
    ->required()
    ->type_name("bash|zsh|fish")
    ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  cmd->footer("Examples:\n"
              "  source <(pawl completion bash)\n"
              "  source <(pawl completion zsh)\n"
              "  pawl completion fish > ~/.config/fish/completions/pawl.fish");
  cmd->callback([shell, &app, &chosen] {
    chosen = [shell, &app](session& s) -> outcome<exit_code> {
      s.out << completion_script(*shell, describe(app)) << std::flush;
      return exit_code::ok;
    };
  });
}

} // namespace pawl::cli::commands
