#pragma once

#include <string>

namespace pawl {

/// Where the program `name`, one of Pawl's own, is: beside the one that runs,
/// as in a build, else in /usr/lib/pawl, whether it is there or not.
[[nodiscard]] std::string program_beside(const std::string& name);

} // namespace pawl
