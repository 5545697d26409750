#pragma once

#include <string>
#include <string_view>

/// What may stand in a header of HTTP.
namespace pawl::actors {

/// `text` with all but visible ASCII, and `"` and `%`, percent-encoded, so that
/// different texts stay different; as the HTTP binding of CloudEvents has it.
[[nodiscard]] std::string header_text(std::string_view text);

/// Whether both name the same header.
[[nodiscard]] bool same_header(std::string_view a, std::string_view b);

} // namespace pawl::actors
