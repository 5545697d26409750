#pragma once

#include "config/load.hpp"

#include <string>
#include <variant>
#include <vector>

namespace pawl::daemon {

/// What the command line asks for.
struct flags {
  std::string config_file; ///< --config, else $PAWL_CONFIG, else "".
  std::vector<config::assignment> overrides; ///< In the order given.
  bool print_config = false;
  bool check_config = false;
};

/// The program ends without having done anything: help, the version, or a
/// mistake in the command line.
struct early_exit {
  int code = 0;     ///< 0, or 64 (EX_USAGE).
  std::string text; ///< For standard output if the code is 0, else for error.
};

/// What pawld takes on its command line, as the manual tells it.
struct flag_entry {
  std::string name;
  std::string type; ///< "" if it takes nothing.
  std::string help;
};

/// All flags but --help, in the order of the help.
[[nodiscard]] std::vector<flag_entry> all_flags();

/// Reads the command line of pawld; `arguments` are without the program's name.
/// A flag whose value its option refuses is a mistake in the command line.
[[nodiscard]] std::variant<flags, early_exit>
parse_flags(std::vector<std::string> arguments);

} // namespace pawl::daemon
