#define BOOST_TEST_MODULE workflow.cron

#include "workflow/cron.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <random>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

timestamp at(std::string_view text) {
  return *parse_timestamp(text);
}

std::string next(std::string_view rule, std::string_view from,
                 std::string_view zone = "") {
  const auto c = parse_cron(rule);
  BOOST_TEST_REQUIRE(static_cast<bool>(c), rule);
  const auto found = next_after(*c, *time_zone::load(zone), at(from));
  return found ? to_text(*found) : "never";
}

/// The next ones, without date and milliseconds.
std::string many(std::string_view rule, std::string_view from, int count,
                 std::string_view zone) {
  const auto c = parse_cron(rule);
  BOOST_TEST_REQUIRE(static_cast<bool>(c), rule);
  const auto z = *time_zone::load(zone);
  std::string out;
  auto t = at(from);
  for (int i = 0; i < count; ++i) {
    t = *next_after(*c, z, t);
    out += (i == 0 ? "" : " ") + to_text(t).substr(8, 8);
  }
  return out;
}

bool have_zones() {
  return std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin");
}

} // namespace

BOOST_AUTO_TEST_CASE(finds_the_next_time) {
  struct row {
    std::string_view rule, from, expected;
  };
  constexpr row rows[] = {
    {"* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00.000Z"},
    {"* * * * *", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00.000Z"},
    {"* * * * *", "2026-12-31T23:59:30Z", "2027-01-01T00:00:00.000Z"},
    {"* * * * * *", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01.000Z"},
    {"* * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01.000Z"},
    {"*/15 * * * * *", "2026-01-01T00:00:46Z", "2026-01-01T00:01:00.000Z"},
    {"30 5 * * * *", "2026-01-01T00:05:30Z", "2026-01-01T01:05:30.000Z"},
    {"0 9 * * 1-5", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00.000Z"},
    {"0 9 * * MON-fri", "2026-11-20T08:59:59Z", "2026-11-20T09:00:00.000Z"},
    {"0 0 * * 7", "2026-11-21T12:00:00Z", "2026-11-22T00:00:00.000Z"},
    {"0 0 * * 0", "2026-11-21T12:00:00Z", "2026-11-22T00:00:00.000Z"},
    {"0 0 * * FRI-SUN", "2026-11-21T12:00:00Z", "2026-11-22T00:00:00.000Z"},
    {"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00.000Z"},
    {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00.000Z"},
    {"0 0 29 2 */7", "2088-03-01T00:00:00Z", "2128-02-29T00:00:00.000Z"},
    {"0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00.000Z"},
    {"0 0 31 4,6,12 *", "2026-01-31T00:00:00Z", "2026-12-31T00:00:00.000Z"},
    // Either of the days of month and week is enough ...
    {"0 0 13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00.000Z"},
    {"0 0 13 * 5", "2026-12-11T00:00:00Z", "2026-12-13T00:00:00.000Z"},
    // ... unless one begins with a star.
    {"0 0 */13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00.000Z"},
    {"0 0 */13 * 5", "2026-11-27T00:00:00Z", "2027-01-01T00:00:00.000Z"},
    {"0 0 ? * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00.000Z"},
    {"0 0 13 * ?", "2026-11-21T00:00:00Z", "2026-12-13T00:00:00.000Z"},
    {"5/20 * * * *", "2026-01-01T00:05:00Z", "2026-01-01T00:25:00.000Z"},
    {"5/20 * * * *", "2026-01-01T00:45:00Z", "2026-01-01T01:05:00.000Z"},
    {"0 8-18/5 * * *", "2026-01-01T08:00:00Z", "2026-01-01T13:00:00.000Z"},
    {"0 8-18/5 * * *", "2026-01-01T18:00:00Z", "2026-01-02T08:00:00.000Z"},
    {"0 0 1 JAN,jul *", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00.000Z"},
    {"0/1000 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000Z"},
    {"  0\t0  1 1 *  ", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"},
    {"@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000Z"},
    {"@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.000Z"},
    {"@midnight", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.000Z"},
    {"@weekly", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00.000Z"},
    {"@monthly", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00.000Z"},
    {"@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"},
    {"@annually", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"},
    {"CRON_TZ=UTC 0 12 * * *", "2026-01-01T00:00:00Z",
     "2026-01-01T12:00:00.000Z"},
    {"0 0 1 1 *", "8999-06-01T00:00:00Z", "never"},
  };
  for (const auto& [rule, from, expected] : rows)
    BOOST_TEST(next(rule, from) == expected,
               rule << " after " << from << " is " << next(rule, from));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_cron_expression) {
  struct row {
    std::string_view rule, says;
  };
  constexpr row rows[] = {
    {"", "has 0"},
    {"* * * *", "has 4"},
    {"* * * * * * *", "has 7"},
    {"60 * * * *", "minute \"60\""},
    {"* 24 * * *", "hour \"24\""},
    {"* * 0 * *", "day of the month \"0\""},
    {"* * 32 * *", "day of the month \"32\""},
    {"* * * 13 *", "month \"13\""},
    {"* * * * 8", "day of the week \"8\""},
    {"60 * * * * *", "second \"60\""},
    {"-1 * * * *", "minute"},
    {"5-1 * * * *", "ends before it begins"},
    {"* * * * FRI-MON", "ends before it begins"},
    {"*/0 * * * *", "step"},
    {"*/x * * * *", "step"},
    {"*/ * * * *", "step"},
    {"1,,2 * * * *", "minute \"\""},
    {"1, * * * *", "minute \"\""},
    {"1- * * * *", "minute \"\""},
    {"? * * * *", "minute \"?\""},
    {"* * L * *", "\"L\""},
    {"* * 15W * *", "\"15W\""},
    {"* * * * 5#3", "\"5#3\""},
    {"* * * FOO *", "\"FOO\""},
    {"+1 * * * *", "\"+1\""},
    {"99999999999 * * * *", "minute"},
    {"0 0 30 2 *", "never"},
    {"0 0 31 4,6,9,11 *", "never"},
    {"@reboot", "@reboot"},
    {"@every 5m", "has 2"},
    {"CRON_TZ=../x * * * * *", "time zone"},
    {"CRON_TZ= * * * * *", "time zone"},
    {"TZ=UTC * * * * *", "second"},
  };
  for (const auto& [rule, says] : rows) {
    const auto c = parse_cron(rule);
    BOOST_TEST_CONTEXT(rule) {
      BOOST_TEST_REQUIRE(!c);
      BOOST_TEST((c.error().code == errc::malformed));
      BOOST_TEST(c.error().detail.find(says) != std::string::npos,
                 c.error().detail);
    }
  }
  BOOST_TEST(!parse_cron(std::string(257, '*')));
}

BOOST_AUTO_TEST_CASE(a_time_in_the_gap_is_due_at_its_end_once) {
  if (!have_zones())
    return; // base.time_zone tells what happens without the data.
  // Berlin, 2026-03-29: 02:00 to 03:00 is left out, at 01:00 UTC.
  const auto zone = "Europe/Berlin";
  BOOST_TEST(many("30 2 * * *", "2026-03-27T12:00:00Z", 3, zone)
             == "28T01:30 29T01:00 30T00:30");
  BOOST_TEST(many("*/20 2 * * *", "2026-03-28T12:00:00Z", 3, zone)
             == "29T01:00 30T00:00 30T00:20");
  BOOST_TEST(many("0 1-3 * * *", "2026-03-28T12:00:00Z", 3, zone)
             == "29T00:00 29T01:00 29T23:00");
  // By elapsed time nothing is there in the gap.
  BOOST_TEST(many("30 * * * *", "2026-03-29T00:00:00Z", 3, zone)
             == "29T00:30 29T01:30 29T02:30");
}

BOOST_AUTO_TEST_CASE(a_time_that_comes_twice_is_due_once) {
  if (!have_zones())
    return;
  // Berlin, 2026-10-25: 02:00 to 03:00 comes twice, again from 01:00 UTC.
  const auto zone = "Europe/Berlin";
  BOOST_TEST(many("30 2 * * *", "2026-10-24T12:00:00Z", 2, zone)
             == "25T00:30 26T01:30");
  BOOST_TEST(many("30 1-4 * * *", "2026-10-24T12:00:00Z", 4, zone)
             == "24T23:30 25T00:30 25T02:30 25T03:30");
  // From within the second time round.
  BOOST_TEST(many("50 2 * * *", "2026-10-25T01:10:00Z", 1, zone) == "26T01:50");
  // By elapsed time it comes twice.
  BOOST_TEST(many("30 * * * *", "2026-10-25T00:00:00Z", 3, zone)
             == "25T00:30 25T01:30 25T02:30");
}

BOOST_AUTO_TEST_CASE(follows_zones_of_all_kinds) {
  if (!have_zones())
    return;
  BOOST_TEST(next("0 9 * * *", "2026-07-01T00:00:00Z", "Asia/Kolkata")
             == "2026-07-01T03:30:00.000Z");
  BOOST_TEST(next("0 0 * * *", "2026-07-01T00:00:00Z", "America/New_York")
             == "2026-07-01T04:00:00.000Z");
  // Apia left 30 December 2011 out: its midnight is due at the end of the gap,
  // which is the next one.
  BOOST_TEST(many("0 0 * * *", "2011-12-29T00:00:00Z", 3, "Pacific/Apia")
             == "29T10:00 30T10:00 31T10:00");
  // Far behind the last change of the file, by its rule.
  BOOST_TEST(next("0 12 1 7 *", "2399-12-31T00:00:00Z", "Europe/Berlin")
             == "2400-07-01T10:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(agrees_with_looking_at_every_minute) {
  std::mt19937 random{5};
  const auto any = [&](int low, int high) {
    return std::to_string(
      low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)));
  };
  const auto field = [&](int low, int high) -> std::string {
    switch (random() % 4) {
    case 0:
      return "*";
    case 1:
      return "*/" + any(1, high);
    case 2:
      return any(low, high);
    default:
      return any(low, high) + ',' + any(low, high);
    }
  };
  for (int i = 0; i < 300; ++i) {
    const auto text = field(0, 59) + ' ' + field(0, 23) + ' ' + field(1, 28)
                      + " * " + field(0, 6);
    const auto c = *parse_cron(text);
    const auto from = timestamp{1'767'225'600'000ms
                                + std::chrono::minutes{random() % 500'000}};
    const auto found = next_after(c, {}, from);
    BOOST_TEST_REQUIRE(found.has_value());
    using namespace std::chrono;
    auto t = from + 1min;
    for (;; t += 1min) {
      const auto day = floor<days>(t);
      const hh_mm_ss time{t - day};
      const bool m = c.days[unsigned{year_month_day{day}.day()}];
      const bool w = c.weekdays[weekday{day}.c_encoding()];
      if (c.minutes[static_cast<std::size_t>(time.minutes().count())]
          && c.hours[static_cast<std::size_t>(time.hours().count())]
          && (c.either_day ? m || w : m && w))
        break;
    }
    BOOST_TEST_REQUIRE(to_text(*found) == to_text(t), text);
  }
}
