#pragma once

#include "cli/session.hpp"

#include <map>
#include <string>
#include <vector>

namespace pawl::cli {

/// How `pawl worker run` works.
struct worker_options {
  std::string queue;
  std::string id; ///< "": the host's name and the process.
  std::map<std::string, std::string> labels;
  std::uint32_t max = 1; ///< Commands at the same time.
  duration lease{30'000};
  std::vector<std::string> command;
};

/// Asks for jobs of a queue and runs the command for each, until SIGTERM or
/// SIGINT; then ends when those that run have ended. A second signal stops
/// them and gives their jobs back. Fails if the daemon refuses to give jobs.
[[nodiscard]] outcome<exit_code> run_worker(session& s, worker_options how);

} // namespace pawl::cli
