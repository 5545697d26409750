#include "workflow/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace pawl {

namespace {

constexpr std::int64_t ms_a_day = 24LL * 60 * 60 * 1000;
constexpr std::int64_t months_max = 12'000;         // 1,000 years.
constexpr std::int64_t ms_max = 365'250 * ms_a_day; // The same in days.

std::string quoted(std::string_view text) {
  auto size = std::min<std::size_t>(text.size(), 64);
  // Not in the middle of a character.
  while (size < text.size()
         && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80)
    --size;
  return "'" + std::string{text.substr(0, size)}
         + (size < text.size() ? "...'" : "'");
}

error refuse(std::string_view text, std::string_view why) {
  return {errc::malformed,
          quoted(text) + " is not a duration: " + std::string{why}};
}

error negative(std::string_view text) {
  return {errc::malformed, quoted(text) + " is negative; a duration is not"};
}

error too_long(std::string_view text) {
  return {errc::malformed,
          quoted(text) + " is too long; a duration is at most 1,000 years"};
}

/// The designators in the order in which ISO 8601 lets them stand; `T` parts
/// the days from the hours.
struct designator {
  char letter;
  bool behind_t;
  std::int64_t months; ///< What one of it is worth: either months ...
  std::int64_t ms;     ///< ... or milliseconds.
};
constexpr std::array<designator, 7> designators{{
  {'Y', false, 12, 0},
  {'M', false, 1, 0},
  {'W', false, 0, 7 * ms_a_day},
  {'D', false, 0, ms_a_day},
  {'H', true, 0, 3'600'000},
  {'M', true, 0, 60'000},
  {'S', true, 0, 1000},
}};

/// One number of a duration: whole and a fraction in billionths.
struct amount {
  std::int64_t whole = 0;
  std::int64_t billionths = 0;
  bool has_fraction = false;
};

/// Reads a number off the front of `rest`; false if there is none. One that is
/// far too large becomes one that is too large for any unit.
bool read_amount(std::string_view& rest, amount& out) {
  constexpr std::int64_t whole_max = 1'000'000'000'000'000;
  std::size_t at = 0;
  for (; at < rest.size() && rest[at] >= '0' && rest[at] <= '9'; ++at)
    out.whole = std::min(out.whole * 10 + (rest[at] - '0'), whole_max);
  if (at == 0)
    return false;
  if (at < rest.size() && rest[at] == '.') {
    out.has_fraction = true;
    const auto first = ++at;
    std::int64_t unit = 100'000'000;
    for (; at < rest.size() && rest[at] >= '0' && rest[at] <= '9'; ++at) {
      out.billionths += unit * (rest[at] - '0');
      unit /= 10;
    }
    if (at == first)
      return false;
  }
  rest.remove_prefix(at);
  return true;
}

/// Adds one whole or broken part to `sum`; false if that is too long.
bool add_part(calendar_duration& sum, const amount& n, const designator& unit) {
  if (unit.months != 0) {
    if (n.whole > months_max || sum.months + n.whole * unit.months > months_max)
      return false;
    sum.months += static_cast<std::int32_t>(n.whole * unit.months);
    return true;
  }
  if (n.whole > ms_max / unit.ms)
    return false;
  // A unit is a whole number of seconds, so this stays below 2^63.
  const auto fraction = n.billionths * (unit.ms / 1000) / 1'000'000;
  const auto total = sum.rest.count() + n.whole * unit.ms + fraction;
  if (total > ms_max)
    return false;
  sum.rest = duration{total};
  return true;
}

/// Why no unit fits where `rest` goes on.
std::string_view unit_fault(std::string_view rest, bool behind_t) {
  if (rest.empty())
    return "a number has no unit behind it, as the S in PT30S";
  if (rest.front() == ',')
    return "a fraction is written with a point, as in PT1.5S";
  if (!behind_t && (rest.front() == 'H' || rest.front() == 'S'))
    return "hours, minutes and seconds stand behind a T, as in P1DT12H and "
           "PT30S";
  if (behind_t && (rest.front() == 'D' || rest.front() == 'W'))
    return "days and weeks stand before the T, as in P1DT12H";
  return "the units are Y M W D, then T, then H M S, each once and in this "
         "order";
}

/// One member of the object form.
struct unit_name {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<unit_name, 5> unit_names{{
  {"days", ms_a_day},
  {"hours", 3'600'000},
  {"minutes", 60'000},
  {"seconds", 1000},
  {"milliseconds", 1},
}};

const unit_name* find_unit(std::string_view name) {
  for (const auto& unit : unit_names)
    if (unit.name == name)
      return &unit;
  return nullptr;
}

/// The whole number in `value`; 1.0 counts as one. Nothing if it is none.
bool whole_number(const json::value& value, std::int64_t& out) {
  if (const auto* n = value.if_int64()) {
    out = *n;
    return true;
  }
  if (const auto* n = value.if_double();
      n != nullptr && *n >= -1e15 && *n <= 1e15
      && *n == static_cast<double>(static_cast<std::int64_t>(*n))) {
    out = static_cast<std::int64_t>(*n);
    return true;
  }
  if (value.is_uint64()) {
    out = std::numeric_limits<std::int64_t>::max();
    return true;
  }
  return false;
}

error object_fault(std::string_view name, std::string_view why) {
  return {errc::malformed, quoted(name) + std::string{why}};
}

result<calendar_duration> parse_object(const json::object& parts) {
  if (parts.empty())
    return refuse("{}", "give at least one of days, hours, minutes, seconds "
                        "and milliseconds");
  calendar_duration sum;
  for (const auto& [key, value] : parts) {
    const std::string_view name{key.data(), key.size()};
    const auto* unit = find_unit(name);
    if (unit == nullptr)
      return object_fault(name, " is no part of a duration; those are days, "
                                "hours, minutes, seconds and milliseconds");
    std::int64_t n = 0;
    if (!whole_number(value, n))
      return object_fault(name, " of a duration must be a whole number; for a "
                                "fraction, use the next smaller part");
    if (n < 0)
      return negative(to_text(json::value(json::object{{key, value}})));
    if (n > ms_max / unit->ms || sum.rest.count() + n * unit->ms > ms_max)
      return too_long(to_text(json::value(parts)));
    sum.rest += duration{n * unit->ms};
  }
  return sum;
}

} // namespace

result<calendar_duration> parse_iso_duration(std::string_view text) {
  constexpr std::string_view form
    = "write ISO 8601, for example PT30S or P1DT12H";
  auto rest = text;
  if (rest.starts_with("-P") || rest.starts_with("P-")
      || rest.starts_with("PT-"))
    return negative(text);
  if (!rest.starts_with('P') || rest.size() < 3)
    return refuse(text, form);
  rest.remove_prefix(1);
  calendar_duration sum;
  bool fits = true;
  bool behind_t = false;
  std::size_t next = 0; // The first designator that may still come.
  while (!rest.empty()) {
    if (rest.front() == 'T') {
      if (behind_t || rest.size() == 1)
        return refuse(text, "behind the T stand hours, minutes or seconds");
      behind_t = true;
      rest.remove_prefix(1);
    }
    amount n;
    if (!read_amount(rest, n))
      return refuse(text, form);
    while (next < designators.size()
           && (rest.empty() || designators[next].letter != rest.front()
               || designators[next].behind_t != behind_t))
      ++next;
    if (next == designators.size())
      return refuse(text, unit_fault(rest, behind_t));
    if (n.has_fraction && designators[next].months != 0)
      return refuse(text, "years and months must be whole");
    fits = fits && add_part(sum, n, designators[next]);
    ++next;
    rest.remove_prefix(1);
  }
  if (!fits)
    return too_long(text);
  return sum;
}

result<calendar_duration> parse_duration(const json::value& value) {
  if (const auto* text = value.if_string())
    return parse_iso_duration({text->data(), text->size()});
  if (const auto* parts = value.if_object())
    return parse_object(*parts);
  return refuse(to_text(value), "write ISO 8601 text, for example PT30S, or an "
                                "object of days, hours, minutes, seconds and "
                                "milliseconds");
}

timestamp add(timestamp start, const calendar_duration& length) {
  if (length.months == 0)
    return start + length.rest;
  const auto midnight = std::chrono::floor<std::chrono::days>(start);
  const auto date = std::chrono::year_month_day{midnight}
                    + std::chrono::months{length.months};
  const auto moved
    = date.ok() ? date : date.year() / date.month() / std::chrono::last;
  return timestamp{std::chrono::sys_days{moved}} + (start - midnight)
         + length.rest;
}

std::string to_text(const calendar_duration& length) {
  std::string out = "P";
  const auto part = [&out](std::int64_t n, char letter) {
    if (n != 0)
      (out += std::to_string(n)) += letter;
  };
  part(length.months / 12, 'Y');
  part(length.months % 12, 'M');
  auto ms = length.rest.count();
  part(ms / ms_a_day, 'D');
  ms %= ms_a_day;
  if (ms != 0)
    out += 'T';
  part(ms / 3'600'000, 'H');
  part(ms / 60'000 % 60, 'M');
  ms %= 60'000;
  if (ms % 1000 == 0) {
    part(ms / 1000, 'S');
  } else {
    auto fraction = std::to_string(1000 + ms % 1000).substr(1);
    fraction.resize(fraction.find_last_not_of('0') + 1);
    out += std::to_string(ms / 1000) + '.' + fraction + 'S';
  }
  return out == "P" ? "PT0S" : out;
}

} // namespace pawl
