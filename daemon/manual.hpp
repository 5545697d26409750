#pragma once

#include <string>

namespace pawl::daemon {

/// The page pawld(8) in roff, made of what the flags and the options of the
/// configuration say of themselves.
[[nodiscard]] std::string manual();

} // namespace pawl::daemon
