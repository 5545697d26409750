#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace pawl {

/// Milliseconds: the resolution of every time that Pawl keeps or promises.
using duration = std::chrono::milliseconds;

/// A point in UTC.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Milliseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] inline std::int64_t unix_ms(timestamp t) {
  return t.time_since_epoch().count();
}
[[nodiscard]] inline timestamp from_unix_ms(std::int64_t ms) {
  return timestamp{duration{ms}};
}

/// RFC 3339 with milliseconds: 2026-01-31T23:59:59.999Z.
[[nodiscard]] std::string to_text(timestamp t);

/// Parses RFC 3339 with any fraction (cut to milliseconds) and any offset.
/// Fails with errc::malformed.
[[nodiscard]] result<timestamp> parse_timestamp(std::string_view text);

/// The only door to the wall clock. The system clock unless `shift` was called,
/// which moves it for tests of time steps (`PAWL_TEST_CLOCK_SHIFT`).
/// Thread safety: all functions may be called from any thread.
class clock {
public:
  /// The time now.
  [[nodiscard]] static timestamp now();
  /// Moves every later now() by `by`.
  static void shift(duration by);
};

} // namespace pawl
