#pragma once

#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

/// The commands of a parser as plain values: help, completions, the manual and
/// the guesses at misspelt words are all made of them, so none can lag behind.
namespace pawl::cli {

/// An option, or a positional argument.
struct option_entry {
  std::vector<std::string> names; ///< "-o", "--output"; empty for an argument.
  std::string type;               ///< "table|json|name"; "" for a flag.
  std::string help;
  std::vector<std::string> words; ///< All it takes, if that is a few words.
};

/// A command, or the program itself.
struct command_entry {
  std::string path; ///< "def apply"; "" for the program.
  std::string help;
  std::string footer;
  std::vector<option_entry> options; ///< Its own, without --help.
  std::vector<option_entry> arguments;
  std::vector<std::pair<std::string, std::string>> subcommands; ///< Name, help.
};

/// The program and all its commands, each before those below it.
[[nodiscard]] std::vector<command_entry> describe(const CLI::App& app);

/// Gives each command that has no notes of its own those of its group, with the
/// examples that show it and no other.
void give_examples(CLI::App& app);

/// What is wrong with words that the parser did not take: the command or option
/// that was meant, "" if there is no telling. `given` are all of the arguments.
[[nodiscard]] std::string guess_meant(const CLI::App& app,
                                      const std::vector<std::string>& given);

} // namespace pawl::cli
