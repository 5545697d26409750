#pragma once

#include <string_view>

namespace pawl {

/// The release, as CMakeLists.txt has it (a test compares the two).
inline constexpr std::string_view version = "0.1.0";

} // namespace pawl
