#pragma once

#include "cli/commands/tree.hpp"

#include <string>
#include <vector>

/// Completion scripts. Pure.
namespace pawl::cli {

/// A script for "bash", "zsh" or "fish" that completes every command, every
/// option, the words that options take, and the names that the daemon knows.
[[nodiscard]] std::string
completion_script(const std::string& shell,
                  const std::vector<command_entry>& commands);

} // namespace pawl::cli
