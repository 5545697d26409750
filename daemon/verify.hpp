#pragma once

#include <string>
#include <vector>

namespace pawl::daemon {

inline constexpr const char* verify_usage
  = "usage: pawld verify --data-dir DIR\n";

/// `pawld verify --data-dir D`: reads every row of a store that nobody uses and
/// prints what is wrong with it. `arguments` are those after "verify".
/// Returns the exit code: 0 if all is well, 64, 74, 75, or 78 if something is
/// damaged.
int verify(const std::vector<std::string>& arguments);

} // namespace pawl::daemon
