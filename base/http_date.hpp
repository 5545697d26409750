#pragma once

#include "base/time.hpp"

#include <string_view>

namespace pawl {

/// Parses a date as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT", or one of
/// the two old forms that a recipient must understand (RFC 9110, 5.6.7). Fails
/// with errc::malformed.
[[nodiscard]] result<timestamp> parse_http_date(std::string_view text);

} // namespace pawl
