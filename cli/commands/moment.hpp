#pragma once

#include "cli/failure.hpp"

#include <string>

namespace pawl::cli::commands {

/// An RFC 3339 time as it is given, or so much from now: "30m", "12h", "7d". ""
/// stays "". Fails with usage, naming `option`.
[[nodiscard]] outcome<std::string> moment_of(const std::string& text,
                                             const char* option);

} // namespace pawl::cli::commands
