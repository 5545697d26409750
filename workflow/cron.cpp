#include "workflow/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace pawl {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::size_t text_max = 256;
/// 29 February on a given weekday may be 40 years away (around 2100).
constexpr days search_max{50 * 366};
constexpr int last_year = 9000;
constexpr std::string_view zone_mark = "CRON_TZ=";

constexpr std::array<std::string_view, 12> month_names{
  "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{
  "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct macro {
  std::string_view name, meaning;
};
constexpr macro macros[] = {
  {"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
  {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
  {"@hourly", "0 * * * *"},
};

/// What one field may hold.
struct field {
  std::string_view name;
  int low, high;
  std::span<const std::string_view> names; ///< Of low and the next ones.
  bool of_days = false;                    ///< `?` may stand for `*`.
};
constexpr field second_field{"second", 0, 59, {}};
constexpr field minute_field{"minute", 0, 59, {}};
constexpr field hour_field{"hour", 0, 23, {}};
constexpr field day_field{"day of the month", 1, 31, {}, true};
constexpr field month_field{"month", 1, 12, month_names};
constexpr field weekday_field{"day of the week", 0, 7, weekday_names, true};

error wrong(const field& f, std::string_view text, std::string_view why) {
  return {errc::malformed, "The " + std::string{f.name} + " \""
                             + std::string{text} + "\" of the cron expression "
                             + std::string{why} + '.'};
}

std::vector<std::string_view> split(std::string_view text,
                                    std::string_view at) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find_first_of(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number_in(std::string_view text) {
  int n = 0;
  const auto [end, failed]
    = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || text[0] == '-' || failed != std::errc{}
      || end != text.data() + text.size())
    return std::nullopt;
  return n;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x >= 'a' && x <= 'z' ? static_cast<char>(x - 'a' + 'A') : x) == y;
  });
}

result<int> value_in(const field& f, std::string_view text) {
  for (std::size_t i = 0; i < f.names.size(); ++i)
    if (same_name(text, f.names[i]))
      return f.low + static_cast<int>(i);
  const auto n = number_in(text);
  if (!n)
    return wrong(f, text, "is none");
  if (*n < f.low || *n > f.high)
    return wrong(f, text,
                 "is not within " + std::to_string(f.low) + " to "
                   + std::to_string(f.high));
  return *n;
}

struct range {
  int low, high, step;
};

result<range> range_in(const field& f, std::string_view text) {
  const auto slash = text.find('/');
  const auto what = text.substr(0, slash);
  range out{f.low, f.high, 1};
  if (what != "*" && !(f.of_days && what == "?")) {
    const auto dash = what.find('-');
    const auto low = value_in(f, what.substr(0, dash));
    if (!low)
      return low.error();
    out.low = *low;
    if (dash != std::string_view::npos) {
      const auto high = value_in(f, what.substr(dash + 1));
      if (!high)
        return high.error();
      // "FRI-SUN": at the end of a range Sunday is the seventh day.
      const bool sunday = f.high == 7 && *high == 0 && *low > 0;
      out.high = sunday ? 7 : *high;
    } else if (slash == std::string_view::npos) {
      out.high = *low;
    }
    if (out.high < out.low)
      return wrong(f, text, "ends before it begins");
  }
  if (slash != std::string_view::npos) {
    const auto step = number_in(text.substr(slash + 1));
    if (!step || *step < 1)
      return wrong(f, text, "has a step that is no positive number");
    out.step = *step;
  }
  return out;
}

template <std::size_t Size>
result<> read_field(const field& f, std::string_view text,
                    std::bitset<Size>& into) {
  for (const auto part : split(text, ",")) {
    const auto r = range_in(f, part);
    if (!r)
      return r.error();
    for (int i = r->low; i <= r->high; i += std::min(r->step, f.high + 1))
      into.set(static_cast<std::size_t>(i) % Size); // Sunday is 7 and 0.
  }
  return {};
}

/// Whether some day is meant that no chosen month has.
bool never(const cron& c) {
  if (c.either_day)
    return false;
  constexpr std::array<std::size_t, 13> longest{0,  31, 29, 31, 30, 31, 30,
                                                31, 31, 30, 31, 30, 31};
  for (std::size_t m = 1; m < longest.size(); ++m)
    for (std::size_t d = 1; c.months[m] && d <= longest[m]; ++d)
      if (c.days[d])
        return false;
  return true;
}

result<cron> read_fields(std::vector<std::string_view> texts) {
  if (texts.size() != 5 && texts.size() != 6)
    return error{errc::malformed,
                 "A cron expression has five fields (minute, hour, day of the "
                 "month, month, day of the week), or six with the second in "
                 "front; this one has "
                   + std::to_string(texts.size()) + '.'};
  if (texts.size() == 5)
    texts.insert(texts.begin(), "0");
  cron out;
  for (const auto& done : {read_field(second_field, texts[0], out.seconds),
                           read_field(minute_field, texts[1], out.minutes),
                           read_field(hour_field, texts[2], out.hours),
                           read_field(day_field, texts[3], out.days),
                           read_field(month_field, texts[4], out.months),
                           read_field(weekday_field, texts[5], out.weekdays)})
    if (!done)
      return done.error();
  const auto open
    = [](std::string_view text) { return text[0] == '*' || text[0] == '?'; };
  out.either_day = !open(texts[3]) && !open(texts[5]);
  if (never(out))
    return error{errc::malformed,
                 "The cron expression never comes true: no month that it names "
                 "has such a day."};
  return out;
}

/// The first local time in [from, end) that fits.
std::optional<sys_seconds> first_within(const cron& c, sys_seconds from,
                                        sys_seconds end) {
  using namespace std::chrono;
  for (auto day = floor<days>(from); day < end; day += days{1}) {
    const year_month_day date{day};
    if (!c.months[unsigned{date.month()}]) {
      day = sys_days{year_month_day_last{date.year(), date.month() / last}};
      continue;
    }
    const bool by_month = c.days[unsigned{date.day()}];
    const bool by_week = c.weekdays[weekday{day}.c_encoding()];
    if (c.either_day ? !by_month && !by_week : !by_month || !by_week)
      continue;
    const auto start = std::max(from - day, seconds{0}).count();
    for (std::size_t h = static_cast<std::size_t>(start) / 3600; h < 24; ++h)
      for (std::size_t m = 0; c.hours[h] && m < 60; ++m)
        for (std::size_t s = 0; c.minutes[m] && s < 60; ++s) {
          const auto at = day + hours{h} + minutes{m} + seconds{s};
          if (c.seconds[s] && at >= from)
            return at < end ? std::optional{at} : std::nullopt;
        }
  }
  return std::nullopt;
}

} // namespace

result<cron> parse_cron(std::string_view text) {
  if (text.size() > text_max)
    return error{errc::malformed, "A cron expression has at most "
                                    + std::to_string(text_max) + " bytes."};
  std::vector<std::string_view> words;
  for (const auto word : split(text, " \t"))
    if (!word.empty())
      words.push_back(word);
  std::string zone;
  if (!words.empty() && words[0].substr(0, zone_mark.size()) == zone_mark) {
    zone = words[0].substr(zone_mark.size());
    if (!time_zone::valid_name(zone))
      return error{errc::malformed, "\"" + zone + "\" names no time zone."};
    words.erase(words.begin());
  }
  if (words.size() == 1 && words[0][0] == '@') {
    const auto found
      = std::find_if(std::begin(macros), std::end(macros),
                     [&](const macro& m) { return m.name == words[0]; });
    if (found == std::end(macros))
      return error{errc::malformed,
                   "\"" + std::string{words[0]}
                     + "\" is none of @yearly, @annually, @monthly, @weekly, "
                       "@daily, @midnight and @hourly."};
    words = split(found->meaning, " ");
  }
  auto out = read_fields(std::move(words));
  if (out)
    out->zone = std::move(zone);
  return out;
}

std::optional<timestamp> next_after(const cron& rule, const time_zone& zone,
                                    timestamp from) {
  using namespace std::chrono;
  const auto start = floor<seconds>(from) + seconds{1};
  const auto end = std::min(start + search_max,
                            sys_seconds{sys_days{year{last_year} / 1 / 1}});
  const bool by_elapsed = rule.hours.all();
  for (auto at = start; at < end;) {
    const auto span = zone.at(at);
    auto local = at + span.offset;
    const auto local_end = std::min(span.end, end) + span.offset;
    if (!by_elapsed) {
      // The local time at which the span before this one ended.
      const auto before = zone.at(span.begin - seconds{1});
      const auto left_off = span.begin + before.offset;
      if (at == span.begin && left_off < local
          && first_within(rule, left_off, local))
        return timestamp{at};
      local = std::max(local, left_off);
    }
    if (const auto found = first_within(rule, local, local_end))
      return timestamp{*found - span.offset};
    at = span.end;
  }
  return std::nullopt;
}

} // namespace pawl
