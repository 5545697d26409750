#include "cli/commands/shells.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace pawl::cli {
namespace {

/// What lists the names that the arguments of some commands are.
struct source {
  std::string_view listing;         ///< The command, behind `pawl`.
  std::vector<std::string_view> of; ///< Whose arguments these are.
};

const std::vector<source>& sources() {
  static const std::vector<source> all{
    {"ls --limit 1000",
     {"status", "explain", "history", "result", "purge", "pause", "resume",
      "cancel", "retry", "skip", "complete", "fail", "rollback", "restart",
      "redo", "tasks"}},
    {"approvals ls", {"approve", "reject", "approvals show", "approvals link"}},
    {"def ls", {"run", "def show", "def diagram", "def rm"}},
    {"schedule ls",
     {"schedule pause", "schedule resume", "schedule trigger",
      "schedule backfill", "schedule next", "schedule show"}},
    {"queue ls", {"worker run", "queue show"}},
    {"secret ls", {"secret set", "secret rm"}},
    {"token ls", {"token revoke", "token show"}},
    {"hold ls", {"hold release", "hold show"}},
    {"limit ls", {"limit set", "limit show", "limit rm"}},
    {"flag ls", {"flag set", "flag show", "flag rm"}},
    {"fault ls", {"fault show", "fault rm"}},
    {"subscription ls",
     {"subscription set", "subscription show", "subscription rm",
      "subscription test", "subscription redeliver"}},
    {"bulk ls",
     {"bulk show", "bulk pause", "bulk resume", "bulk stop", "bulk report"}},
    {"backup ls", {"backup verify", "backup restore"}}};
  return all;
}

/// The command that lists what an option takes, "" if there is none.
std::string_view source_of(const option_entry& option) {
  if (option.type.find("NAME[@VER]") != option.type.npos)
    return "def ls";
  if (option.type == "QUEUE")
    return "queue ls";
  return option.names.back() == "--instance" ? "ls --limit 1000" : "";
}

std::string_view source_of(const command_entry& command) {
  for (const auto& each : sources())
    if (std::find(each.of.begin(), each.of.end(), command.path)
        != each.of.end())
      return each.listing;
  return {};
}

std::string call_of(std::string_view listing) {
  return fmt::format("$(pawl {} -o name --timeout 1 2>/dev/null)", listing);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out.append(out.empty() ? "" : " ").append(word);
  return out;
}

/// The first line, without what a shell might take for its own.
std::string safe(const std::string& help) {
  std::string out;
  for (const char c : help.substr(0, help.find('\n')))
    if (std::string_view{"'\"\\`$[]"}.find(c) == std::string_view::npos)
      out.push_back(c);
  return out;
}

/// All that can stand behind a command besides names of things: those below it,
/// its own options and those of the program.
std::vector<std::pair<std::string, std::string>>
choices_of(const command_entry& command, const command_entry& program) {
  auto out = command.subcommands;
  const auto add = [&](const command_entry& of) {
    for (const auto& option : of.options)
      for (const auto& name : option.names)
        if (std::none_of(out.begin(), out.end(),
                         [&](const auto& one) { return one.first == name; }))
          out.emplace_back(name, option.help);
  };
  add(command);
  if (&command != &program)
    add(program);
  out.emplace_back("--help", "Help on this command");
  return out;
}

/// Arguments that are words: those of `completion`.
std::string argument_words(const command_entry& command) {
  std::string out;
  for (const auto& argument : command.arguments)
    if (!argument.words.empty())
      out += joined(argument.words) + " ";
  return out;
}

/// Cases of "PATH OPTION" that set `words` to what the option takes. Those that
/// take anything get no words, so that the shell offers files.
std::string value_cases(const std::vector<command_entry>& commands) {
  std::string out;
  const auto add = [&](const std::string& path, const option_entry& option) {
    if (option.type.empty())
      return;
    std::string pattern;
    for (const auto& name : option.names)
      pattern += fmt::format("{}{}' {}'", pattern.empty() ? "" : "|",
                             path.empty() ? "*" : "'" + path + "'", name);
    auto words = joined(option.words);
    if (const auto listing = source_of(option); !listing.empty())
      words = call_of(listing);
    out += fmt::format("  {}) taken=1 words=\"{}\" ;;\n", pattern, words);
  };
  for (const auto& command : commands) // The program's come last: the first
    if (!command.path.empty())         // pattern that fits counts.
      for (const auto& option : command.options)
        add(command.path, option);
  for (const auto& option : commands.front().options)
    add("", option);
  return out;
}

std::string all_paths(const std::vector<command_entry>& commands) {
  std::string out;
  for (const auto& command : commands)
    if (!command.path.empty())
      out += fmt::format("{}'{}'", out.empty() ? "" : "|", command.path);
  return out;
}

std::string bash_script(const std::vector<command_entry>& commands) {
  std::string cases;
  for (const auto& command : commands) {
    std::string words = argument_words(command);
    for (const auto& [name, help] : choices_of(command, commands.front()))
      words += name + " ";
    if (const auto listing = source_of(command); !listing.empty())
      words += call_of(listing);
    cases += fmt::format("  '{}') words=\"{}\" ;;\n", command.path, words);
  }
  return fmt::format(R"(# bash completion for pawl
_pawl() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}"
  local path= try= words= taken= i
  # bash takes --mode=drain for three words.
  [ "$cur" = = ] && cur=
  [ "$prev" = = ] && prev="${{COMP_WORDS[COMP_CWORD-2]}}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    try="${{path:+$path }}${{COMP_WORDS[i]}}"
    case "$try" in
    {}) path="$try" ;;
    esac
  done
  case "$path $prev" in
{}  esac
  [ -n "$taken" ] || case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _pawl pawl
)",
                     all_paths(commands), value_cases(commands), cases);
}

std::string zsh_script(const std::vector<command_entry>& commands) {
  std::string cases;
  for (const auto& command : commands) {
    cases += fmt::format("  '{}') list=(", command.path);
    for (const auto& [name, help] : choices_of(command, commands.front()))
      cases += fmt::format("\n    '{}:{}'", name, safe(help));
    cases += ")";
    auto names = argument_words(command);
    if (const auto listing = source_of(command); !listing.empty())
      names += fmt::format("${{(f)\"{}\"}}", call_of(listing));
    if (!names.empty())
      cases += fmt::format("\n    names=({})", names);
    cases += " ;;\n";
  }
  return fmt::format(R"(#compdef pawl
# zsh completion for pawl
_pawl() {{
  local prev="${{words[CURRENT-1]}}" path_= try= taken= i
  local -a list names
  for ((i = 2; i < CURRENT; i++)); do
    try="${{path_:+$path_ }}${{words[i]}}"
    case "$try" in
    {}) path_="$try" ;;
    esac
  done
  _pawl_values "$path_ $prev"
  if [[ -n "$taken" ]]; then
    (( $#names )) && compadd -a names || _files
    return
  fi
  case "$path_" in
{}  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option list
    return
  fi
  list=(${{list:#-*}})
  (( $#names )) && compadd -a names
  (( $#list )) && _describe command list
  (( $#list || $#names )) || _files
}}
# Sets `names` to what the option before takes.
_pawl_values() {{
  local words=
  case "$1" in
{}  esac
  names=(${{=words}})
}}
if [[ "$funcstack[1]" == _pawl ]]; then
  _pawl "$@"
else
  compdef _pawl pawl
fi
)",
                     all_paths(commands), cases, value_cases(commands));
}

/// The condition in fish that the command line has come to `command`.
std::string fish_condition(const command_entry& command) {
  const auto blank = command.path.find(' ');
  if (command.path.empty()) {
    // __fish_use_subcommand takes the value of an option for a command.
    std::string when = "not __fish_seen_subcommand_from";
    for (const auto& [name, help] : command.subcommands)
      when += ' ' + name;
    return when;
  }
  auto when = "__fish_seen_subcommand_from " + command.path.substr(0, blank);
  if (blank != command.path.npos)
    when
      += "; and __fish_seen_subcommand_from " + command.path.substr(blank + 1);
  return when;
}

void add_fish_option(std::string& out, const std::string& when,
                     const option_entry& option) {
  out += "complete -c pawl";
  if (!when.empty())
    out += fmt::format(" -n '{}'", when);
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2)
                                  : " -s " + name.substr(1);
  if (!option.type.empty()) {
    const auto listing = source_of(option);
    if (!option.words.empty())
      out += fmt::format(" -x -a '{}'", joined(option.words));
    else if (!listing.empty())
      out += fmt::format(" -x -a '{}'", call_of(listing).substr(1));
    else
      out += " -r";
  }
  out += fmt::format(" -d '{}'\n", safe(option.help));
}

std::string fish_script(const std::vector<command_entry>& commands) {
  std::string out = "# fish completion for pawl\n";
  for (const auto& command : commands) {
    const auto when = fish_condition(command);
    for (const auto& [name, help] : command.subcommands)
      out += fmt::format(
        "complete -c pawl -f -n '{}{}' -a '{}' -d '{}'\n", when,
        command.path.empty()
          ? ""
          : "; and not __fish_seen_subcommand_from " +
              [&] {
                std::vector<std::string> names;
                for (const auto& [each, ignored] : command.subcommands)
                  names.push_back(each);
                return joined(names);
              }(),
        name, safe(help));
    // Those of the program hold everywhere.
    for (const auto& option : command.options)
      add_fish_option(out, command.path.empty() ? "" : when, option);
    if (const auto words = argument_words(command); !words.empty())
      out += fmt::format("complete -c pawl -f -n '{}' -a '{}'\n", when, words);
    if (const auto listing = source_of(command); !listing.empty()) {
      auto call = call_of(listing);
      out += fmt::format("complete -c pawl -n '{}' -a '{}'\n", when,
                         call.substr(1));
    }
  }
  return out;
}

} // namespace

std::string completion_script(const std::string& shell,
                              const std::vector<command_entry>& commands) {
  if (shell == "fish")
    return fish_script(commands);
  return shell == "zsh" ? zsh_script(commands) : bash_script(commands);
}

} // namespace pawl::cli
