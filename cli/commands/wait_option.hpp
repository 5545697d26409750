#pragma once

#include "base/time.hpp"
#include "cli/failure.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace pawl::cli::commands {

/// --wait [SECONDS]
struct wait_option {
  bool given = false;
  std::string seconds;
};

/// Adds it to a command. The argument vector must have gone through
/// join_wait_value() first.
void add_wait_option(CLI::App& command, wait_option& into);

/// How long to wait: nothing for ever. Fails with usage if it is no number.
[[nodiscard]] outcome<std::optional<duration>>
limit_of(const wait_option& option);

/// Turns "--wait" "30" into "--wait=30" and a bare "--wait" into "--wait=", so
/// that an optional value never swallows what stands behind it.
[[nodiscard]] std::vector<std::string>
join_wait_value(std::vector<std::string> arguments);

} // namespace pawl::cli::commands
