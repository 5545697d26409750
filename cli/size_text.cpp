#include "cli/size_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

namespace pawl::cli {

namespace {
constexpr std::array size_units{"B", "KiB", "MiB", "GiB", "TiB"};
} // namespace

std::string to_size(double bytes) {
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < size_units.size(); ++unit)
    bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, size_units[unit]);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  constexpr std::size_t digits_max = 12;
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  if (end == 0 || end > digits_max)
    return std::nullopt;
  auto n = std::stoll(std::string{text.substr(0, end)});
  const auto unit = text.substr(end);
  if (unit.empty())
    return n;
  for (const auto* known : size_units) {
    if (unit == known)
      return n;
    if (n > std::numeric_limits<std::int64_t>::max() / 1024)
      return std::nullopt;
    n *= 1024;
  }
  return std::nullopt;
}

} // namespace pawl::cli
