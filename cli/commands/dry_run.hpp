#pragma once

#include "cli/session.hpp"

#include <string>
#include <vector>

namespace pawl::cli::commands {

/// What `pawl run --dry-run` is asked for.
struct dry_run_options {
  std::string what;               ///< A file or NAMESPACE/NAME[@VERSION].
  std::string input;              ///< As --input has it.
  std::vector<std::string> mocks; ///< TASK=JSON
};

/// Shows the path that an instance would take, without effects. Of the daemon
/// only the definition is asked for, if it is none in a file.
[[nodiscard]] outcome<exit_code> dry_run(session& s, const dry_run_options& o);

} // namespace pawl::cli::commands
