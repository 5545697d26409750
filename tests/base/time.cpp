#define BOOST_TEST_MODULE base.time
#include "base/time.hpp"

#include "base/http_date.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace pawl;

namespace {

struct good_time {
  const char* text;
  std::int64_t ms;
  const char* printed;
};

const good_time good_times[] = {
  {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
  {"2026-01-31T23:59:59.999Z", 1769903999999, "2026-01-31T23:59:59.999Z"},
  {"2026-01-31t23:59:59.9z", 1769903999900, "2026-01-31T23:59:59.900Z"},
  {"2026-01-31 23:59:59.99999999Z", 1769903999999, "2026-01-31T23:59:59.999Z"},
  {"2024-02-29T12:00:00+02:00", 1709200800000, "2024-02-29T10:00:00.000Z"},
  {"2024-02-29T12:00:00-05:30", 1709227800000, "2024-02-29T17:30:00.000Z"},
  {"1969-12-31T23:59:59.500Z", -500, "1969-12-31T23:59:59.500Z"},
  {"2016-12-31T23:59:60Z", 1483228800000, "2017-01-01T00:00:00.000Z"},
};

const char* const bad_times[] = {"",
                                 "2026",
                                 "2026-01-31",
                                 "2026-01-31T23:59:59",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-01T00:00:00Z",
                                 "2026-02-29T00:00:00Z",
                                 "2026-04-31T00:00:00Z",
                                 "2026-01-31T24:00:00Z",
                                 "2026-01-31T23:60:00Z",
                                 "2026-01-31T23:59:59.Z",
                                 "2026-01-31T23:59:59Zx",
                                 "2026-01-31T23:59:59+0200",
                                 "26-01-31T23:59:59Z",
                                 "2026-01-31T23:59:59+24:00",
                                 "x026-01-31T23:59:59Z",
                                 "2026-01-31T23:59:59 Z"};

} // namespace

BOOST_AUTO_TEST_CASE(reads_what_rfc_3339_allows_and_prints_it_in_utc) {
  for (const auto& row : good_times) {
    const auto t = parse_timestamp(row.text);
    BOOST_REQUIRE_MESSAGE(t, row.text);
    BOOST_TEST(unix_ms(*t) == row.ms, row.text);
    BOOST_TEST(to_text(*t) == row.printed);
  }
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_time) {
  for (const auto* text : bad_times) {
    const auto t = parse_timestamp(text);
    BOOST_REQUIRE_MESSAGE(!t, text);
    BOOST_CHECK(t.error().code == errc::malformed);
  }
}

BOOST_AUTO_TEST_CASE(reads_dates_as_http_writes_them) {
  for (const auto* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"}) {
    const auto t = parse_http_date(text);
    BOOST_REQUIRE_MESSAGE(t, text);
    BOOST_TEST(to_text(*t) == "1994-11-06T08:49:37.000Z", text);
  }
  for (const auto* text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 2021 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT "})
    BOOST_TEST(!parse_http_date(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_shift_moves_now) {
  const auto before = clock::now();
  clock::shift(std::chrono::hours{1});
  const auto after = clock::now();
  clock::shift(std::chrono::hours{-1});
  BOOST_CHECK(after - before >= std::chrono::hours{1});
  BOOST_CHECK(after - before < std::chrono::minutes{61});
}
