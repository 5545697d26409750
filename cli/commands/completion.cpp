#include "cli/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace pawl::cli::commands {
namespace {

/// A command as completion sees it: "def apply", its options and subcommands.
struct entry {
  std::string path; ///< "" for pawl itself.
  std::vector<std::pair<std::string, std::string>> options; ///< Name, help.
  std::vector<std::pair<std::string, std::string>> subcommands;
};

std::string first_line(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  std::string safe; // Goes between single quotes in a shell.
  for (char c : line)
    if (c != '\'' && c != '\\')
      safe.push_back(c);
  return safe;
}

void collect(const CLI::App& app, const std::string& path,
             std::vector<entry>& out) {
  entry e{path, {}, {}};
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames())
      e.options.emplace_back("--" + name,
                             first_line(option->get_description()));
  auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* sub : subcommands)
    e.subcommands.emplace_back(sub->get_name(),
                               first_line(sub->get_description()));
  out.push_back(std::move(e));
  for (const auto* sub : subcommands)
    collect(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
}

/// Whether its arguments are ids of instances, which the daemon knows.
bool takes_ids(std::string_view path) {
  for (auto name : {"status", "explain", "history", "result", "pause", "resume",
                    "cancel", "retry", "skip", "complete", "fail"})
    if (path == name)
      return true;
  return false;
}

std::string bash_script(const std::vector<entry>& entries) {
  std::string cases;
  std::string paths;
  for (const auto& e : entries) {
    std::string words;
    for (const auto& [name, help] : e.subcommands)
      words += name + " ";
    for (const auto& [name, help] : e.options)
      words += name + " ";
    if (takes_ids(e.path))
      words += "$(pawl ls -o name --timeout 1 2>/dev/null)";
    cases += fmt::format("    '{}') words=\"{}\" ;;\n", e.path, words);
    if (!e.path.empty())
      paths += fmt::format("'{}'|", e.path);
  }
  paths.pop_back();
  return fmt::format(R"(# bash completion for pawl
_pawl() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" path= try= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    try="${{path:+$path }}${{COMP_WORDS[i]}}"
    case "$try" in
    {}) path="$try" ;;
    esac
  done
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _pawl pawl
)",
                     paths, cases);
}

std::string fish_script(const std::vector<entry>& entries) {
  std::string out = "# fish completion for pawl\n";
  for (const auto& e : entries) {
    std::string when = "__fish_use_subcommand";
    if (!e.path.empty())
      when
        = "__fish_seen_subcommand_from " + e.path.substr(0, e.path.find(' '));
    if (auto blank = e.path.find(' '); blank != e.path.npos)
      when += "; and __fish_seen_subcommand_from " + e.path.substr(blank + 1);
    for (const auto& [name, help] : e.subcommands)
      out += fmt::format("complete -c pawl -n '{}' -a '{}' -d '{}'\n", when,
                         name, help);
    for (const auto& [name, help] : e.options)
      out += fmt::format("complete -c pawl -n '{}' -l '{}' -d '{}'\n", when,
                         name.substr(2), help);
    if (takes_ids(e.path))
      out += fmt::format("complete -c pawl -n '{}' -f -a "
                         "'(pawl ls -o name --timeout 1 2>/dev/null)'\n",
                         when);
  }
  return out;
}

} // namespace

void add_completion(CLI::App& app, action& chosen) {
  auto shell = std::make_shared<std::string>();
  auto* cmd
    = app.add_subcommand("completion", "Print a completion script for a shell");
  cmd->add_option("shell", *shell, "bash, zsh or fish")
    ->required()
    ->type_name("SHELL")
    ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  cmd->footer("Examples:\n"
              "  source <(pawl completion bash)\n"
              "  pawl completion fish > ~/.config/fish/completions/pawl.fish");
  cmd->callback([shell, &app, &chosen] {
    chosen = [shell, &app](session& s) -> outcome<exit_code> {
      std::vector<entry> entries;
      collect(app, "", entries);
      if (*shell == "fish")
        s.out << fish_script(entries);
      else if (*shell == "bash")
        s.out << bash_script(entries);
      else
        s.out << "#compdef pawl\nautoload -Uz bashcompinit && bashcompinit\n"
              << bash_script(entries);
      s.out << std::flush;
      return exit_code::ok;
    };
  });
}

} // namespace pawl::cli::commands
