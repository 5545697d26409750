#pragma once

#include "workflow/diagram/picture.hpp"

#include <string>

namespace pawl::diagram {

/// `of` as an SVG document that needs nothing else: no script, no font, no
/// picture from elsewhere. Light or dark as the reader prefers.
[[nodiscard]] std::string to_svg(const picture& of);

} // namespace pawl::diagram
