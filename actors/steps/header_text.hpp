#pragma once

#include <string>
#include <string_view>

/// What may stand in a header of HTTP.
namespace pawl::actors {

/// `text` with all but visible ASCII, and `"` and `%`, percent-encoded, so that
/// different texts stay different; as the HTTP binding of CloudEvents has it.
[[nodiscard]] std::string header_text(std::string_view text);

} // namespace pawl::actors
