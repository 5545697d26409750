#pragma once

#include "config/options.hpp"

#include <string>
#include <vector>

namespace pawl::config {

/// What SIGHUP leads to.
struct reload_outcome {
  options chosen;                   ///< The running ones with what may change.
  std::vector<std::string> changed; ///< Keys that are in force from now on.
  std::vector<std::string> waiting; ///< Keys that differ, but need a restart.
};

/// Takes from `fresh` what a running daemon can change, and names the rest.
[[nodiscard]] reload_outcome reload(const options& running,
                                    const options& fresh);

} // namespace pawl::config
