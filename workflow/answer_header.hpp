#pragma once

#include "workflow/effect.hpp"

#include <string_view>

namespace pawl {

/// The first header of `answer` with this name, in whichever case; "" if there
/// is none.
[[nodiscard]] std::string_view header_of(const http_outcome& answer,
                                         std::string_view name);

} // namespace pawl
