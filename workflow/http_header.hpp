#pragma once

#include "workflow/effect.hpp"

#include <string_view>

/// What is asked of headers of HTTP.
namespace pawl {

/// Whether both are the same name of a header or a media type: neither has a
/// case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

/// The first header of `answer` with this name; "" if there is none.
[[nodiscard]] std::string_view header_of(const http_outcome& answer,
                                         std::string_view name);

} // namespace pawl
