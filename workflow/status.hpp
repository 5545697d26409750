#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pawl {

/// The status of an instance as users see it. On disk: never renumber.
enum class instance_status : std::uint8_t {
  pending = 1,
  running = 2,
  waiting = 3,
  suspending = 4,
  suspended = 5,
  cancelling = 6,
  completed = 7,
  faulted = 8,
  cancelled = 9,
};

/// Whether nothing will happen any more unless somebody asks: completed,
/// faulted, cancelled.
[[nodiscard]] constexpr bool ended(instance_status s) {
  return s == instance_status::completed || s == instance_status::faulted
         || s == instance_status::cancelled;
}

/// "running", "waiting", ...
[[nodiscard]] std::string_view to_text(instance_status s);
[[nodiscard]] std::optional<instance_status>
parse_status(std::string_view text);

} // namespace pawl
