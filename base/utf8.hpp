#pragma once

#include <string>
#include <string_view>

namespace pawl {

/// `text` with every byte that is no part of well-formed UTF-8 replaced by
/// U+FFFD, so that it can stand in JSON. What is well-formed stays as it is.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

} // namespace pawl
