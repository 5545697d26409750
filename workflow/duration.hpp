#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <string_view>

namespace pawl {

/// A length of time as the DSL writes it. Months and years are calendar
/// arithmetic in UTC, so its end depends on its start.
struct calendar_duration {
  std::int32_t months = 0; ///< Years count as twelve.
  duration rest{};         ///< Weeks, days and below.
  bool operator==(const calendar_duration&) const = default;
};

/// Parses ISO 8601: P[nY][nM][nW][nD][T[nH][nM][nS]], fractions on any part but
/// Y and M, resolution one millisecond, at most 1,000 years.
/// Fails with errc::malformed; a negative duration fails too.
[[nodiscard]] result<calendar_duration>
parse_iso_duration(std::string_view text);

/// A duration as a JSON value: ISO 8601 text, or an object of at least one of
/// days, hours, minutes, seconds, milliseconds.
/// Fails with errc::malformed.
[[nodiscard]] result<calendar_duration>
parse_duration(const json::value& value);

/// `start` plus `length`; a day that the target month lacks becomes its last.
[[nodiscard]] timestamp add(timestamp start, const calendar_duration& length);

/// Writes `length` as ISO 8601 ("PT1H30M", "PT0S").
[[nodiscard]] std::string to_text(const calendar_duration& length);

} // namespace pawl
