#pragma once

#include <string>
#include <vector>

namespace pawl::daemon {

/// `pawld token create`: makes a token in a data directory that no daemon
/// holds, for the first one of a daemon that is to be reached from elsewhere.
/// `arguments` begin behind "token". Prints the token's text and nothing else
/// on standard output. Returns the exit code.
[[nodiscard]] int token(const std::vector<std::string>& arguments);

} // namespace pawl::daemon
