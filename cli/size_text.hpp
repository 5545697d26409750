#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::cli {

/// "512 B", "1.5 MiB".
[[nodiscard]] std::string to_size(double bytes);
/// The bytes that "4096", "512KiB", "10GiB" say; nothing if it is no size.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

} // namespace pawl::cli
