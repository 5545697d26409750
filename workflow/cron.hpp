#pragma once

#include "base/time.hpp"
#include "base/time_zone.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

/// A cron expression: when something is due again and again.
///
///     [CRON_TZ=Area/City ] [second] minute hour day-of-month month day-of-week
///
/// Five fields, or six with the seconds first; without seconds they are 0.
/// A field is `*`, a value, a range `a-b`, either with a step (`*/5`, `8-18/2`,
/// `8/2` = from 8 to the end), or a list of those joined by ','. Months and
/// days of the week may be names of three letters; Sunday is 0, 7 or SUN. `?`
/// is `*` in both fields of days. Instead of fields: @yearly @annually @monthly
/// @weekly @daily @midnight @hourly.
///
/// Days: if both fields of days are given, one that fits is enough; if one of
/// them begins with `*` or is `?`, both must fit.
///
/// The time is UTC, or that of the zone. Where clocks are put forward, a time
/// that is left out is due at the end of the gap, once; where they are put
/// back, a time that comes twice is due the first time only. An expression
/// whose hours are all 24 goes by elapsed time instead: what is left out is
/// left out, what comes twice is due twice.
struct cron {
  std::bitset<60> seconds;
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;    ///< 1 to 31.
  std::bitset<13> months;  ///< 1 to 12.
  std::bitset<7> weekdays; ///< 0 is Sunday.
  bool either_day = false; ///< One of the two fields of days is enough.
  std::string zone;        ///< "" for UTC; not looked up.
  bool operator==(const cron&) const = default;
};

/// Reads a cron expression of at most 256 bytes. The zone's name is checked
/// only for its form: time_zone::load knows whether it is there.
/// Fails with errc::malformed and a sentence that names the field; an
/// expression that never comes true (30 February) fails too.
[[nodiscard]] result<cron> parse_cron(std::string_view text);

/// The first time after `from` that fits, in `zone`, which is to be that of
/// the expression. None if there is none within 50 years, or before the year
/// 9000. Takes some milliseconds at the very most.
[[nodiscard]] std::optional<timestamp>
next_after(const cron& rule, const time_zone& zone, timestamp from);

} // namespace pawl
