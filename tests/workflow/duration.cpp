#define BOOST_TEST_MODULE workflow.duration

#include "workflow/duration.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

json::value value_of(std::string_view text) {
  return *parse_json(text);
}

} // namespace

BOOST_AUTO_TEST_CASE(reads_iso_8601) {
  struct row {
    std::string_view text;
    std::int32_t months;
    duration rest;
  };
  constexpr row rows[] = {
    {"PT30S", 0, 30s},
    {"PT0S", 0, 0s},
    {"P1D", 0, 24h},
    {"P1DT12H", 0, 36h},
    {"P2W", 0, 336h},
    {"P1Y", 12, 0s},
    {"P1M", 1, 0s},
    {"PT1M", 0, 1min},
    {"P1Y2M3W4DT5H6M7.089S", 14, 600h + 5h + 6min + 7089ms},
    {"PT0.001S", 0, 1ms},
    {"PT0.0019S", 0, 1ms},
    {"PT1.5H", 0, 90min},
    {"P0.5D", 0, 12h},
    {"P0.5W", 0, 84h},
    {"PT0.000001H", 0, 3ms},
    {"PT90061S", 0, 90061s},
    {"P1000Y", 12000, 0s},
    {"P365250D", 0, 365250 * 24h},
  };
  for (const auto& [text, months, rest] : rows) {
    BOOST_TEST_CONTEXT(text) {
      const auto got = parse_iso_duration(text);
      BOOST_TEST_REQUIRE(static_cast<bool>(got));
      BOOST_TEST(got->months == months);
      BOOST_TEST(got->rest.count() == rest.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_duration) {
  constexpr std::string_view rows[]
    = {"",          "P",      "PT",       "P1",
       "1D",        "T1S",    "P1S",      "PT1D",
       "PT1S1M",    "P1D1D",  "P1M1Y",    "-PT1S",
       "P-1D",      "PT-5S",  "+P1D",     "P1.5Y",
       "P0.5M",     "PT1.S",  "PT.5S",    "P1DT",
       "PT1",       "PT1H2",  "pt1s",     "P 1D",
       "PT1S ",     "P1001Y", "P365251D", "PT99999999999999999999S",
       "P1Y12000M", "PT1T1S", "10",       "PT1,5S",
       "P1TD"};
  for (const auto text : rows) {
    BOOST_TEST_CONTEXT(text) {
      const auto got = parse_iso_duration(text);
      BOOST_TEST_REQUIRE(!got);
      BOOST_TEST((got.error().code == errc::malformed));
      BOOST_TEST(!got.error().detail.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(says_that_a_duration_must_not_be_negative) {
  for (const auto text : {"-PT1S", "P-1D"})
    BOOST_TEST(parse_iso_duration(text).error().detail.find("negative")
               != std::string::npos);
  BOOST_TEST(parse_duration(value_of(R"({"seconds":-1})"))
               .error()
               .detail.find("negative")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong_with_a_duration) {
  struct row {
    std::string_view value, detail;
  };
  constexpr row rows[] = {
    {R"("PT99999999999999S")", "'PT99999999999999S' is too long; a duration is "
                               "at most 1,000 years"},
    {R"("PT99999999999999999999S")", "'PT99999999999999999999S' is too long"},
    {R"("P1001Y")", "'P1001Y' is too long"},
    {R"("P99999999999999999999Y")", "'P99999999999999999999Y' is too long"},
    {R"("P1001YX")", "'P1001YX' is not a duration: write ISO 8601"},
    {R"({"days":365251})", R"('{"days":365251}' is too long)"},
    {R"({"seconds":-1})", R"('{"seconds":-1}' is negative)"},
    {R"("-PT1S")", "'-PT1S' is negative; a duration is not"},
    {R"("PT-1S")", "'PT-1S' is negative"},
    {R"("-5")", "'-5' is not a duration: write ISO 8601"},
    {R"("5s")", "'5s' is not a duration: write ISO 8601, for example PT30S"},
    {R"("pt1s")", "'pt1s' is not a duration: write ISO 8601"},
    {R"("PT30")", "'PT30' is not a duration: a number has no unit"},
    {R"("PT1,5S")", "'PT1,5S' is not a duration: a fraction is written with a"},
    {R"("P30S")", "'P30S' is not a duration: hours, minutes and seconds stand"},
    {R"("PT1D")", "'PT1D' is not a duration: days and weeks stand before the"},
    {R"("PT1S1M")", "'PT1S1M' is not a duration: the units are Y M W D, then"},
    {R"("P1.5Y")", "'P1.5Y' is not a duration: years and months must be whole"},
    {R"({"second":1})", "'second' is no part of a duration; those are days"},
    {R"({"seconds":1.5})", "'seconds' of a duration must be a whole number"},
    {R"({"seconds":"1"})", "'seconds' of a duration must be a whole number"},
    {"5", "'5' is not a duration: write ISO 8601 text, for example PT30S"},
  };
  for (const auto& [value, detail] : rows)
    BOOST_TEST(
      parse_duration(value_of(value)).error().detail.starts_with(detail),
      parse_duration(value_of(value)).error().detail);
}

BOOST_AUTO_TEST_CASE(cuts_a_long_text_between_characters) {
  std::string text(63, 'x');
  for (int i = 0; i < 40; ++i)
    text += "\xE2\x82\xAC";
  const auto detail = parse_iso_duration(text).error().detail;
  BOOST_TEST(detail.starts_with("'" + std::string(63, 'x') + "...' is not"));
}

BOOST_AUTO_TEST_CASE(reads_the_object_form) {
  struct row {
    std::string_view text;
    duration rest;
  };
  constexpr row rows[] = {
    {R"({"days":1})", 24h},
    {R"({"hours":2,"minutes":3})", 123min},
    {R"({"seconds":3.0})", 3s},
    {R"({"milliseconds":1})", 1ms},
    {R"({"days":1,"hours":1,"minutes":1,"seconds":1,"milliseconds":1})",
     25h + 61s + 1ms},
    {R"({"seconds":0})", 0s},
    {R"("PT5S")", 5s},
  };
  for (const auto& [text, rest] : rows) {
    BOOST_TEST_CONTEXT(text) {
      const auto got = parse_duration(value_of(text));
      BOOST_TEST_REQUIRE(static_cast<bool>(got));
      BOOST_TEST(got->months == 0);
      BOOST_TEST(got->rest.count() == rest.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_other_values) {
  constexpr std::string_view rows[] = {"{}",
                                       R"({"second":1})",
                                       R"({"weeks":1})",
                                       R"({"seconds":"1"})",
                                       R"({"seconds":1.5})",
                                       R"({"seconds":1e300})",
                                       R"({"days":365251})",
                                       R"({"seconds":18446744073709551615})",
                                       R"({"days":365250,"hours":1})",
                                       "5",
                                       "null",
                                       "[]",
                                       "true"};
  for (const auto text : rows)
    BOOST_TEST_CONTEXT(text)
  BOOST_TEST(!parse_duration(value_of(text)));
}

BOOST_AUTO_TEST_CASE(adds_months_by_the_calendar) {
  struct row {
    std::string_view start, length, end;
  };
  constexpr row rows[] = {
    {"2026-01-31T10:00:00.000Z", "P1M", "2026-02-28T10:00:00.000Z"},
    {"2024-01-31T10:00:00.000Z", "P1M", "2024-02-29T10:00:00.000Z"},
    {"2024-02-29T00:00:00.000Z", "P1Y", "2025-02-28T00:00:00.000Z"},
    {"2026-12-15T23:59:59.999Z", "P1M", "2027-01-15T23:59:59.999Z"},
    {"2026-03-31T00:00:00.000Z", "P1M1DT1H", "2026-05-01T01:00:00.000Z"},
    {"2026-01-01T00:00:00.000Z", "P2W", "2026-01-15T00:00:00.000Z"},
    {"2026-01-01T00:00:00.000Z", "PT0.001S", "2026-01-01T00:00:00.001Z"},
    {"1969-12-31T23:00:00.000Z", "P1M", "1970-01-31T23:00:00.000Z"},
  };
  for (const auto& [start, length, end] : rows)
    BOOST_TEST_CONTEXT(start << " + " << length)
  BOOST_TEST(to_text(add(*parse_timestamp(start), *parse_iso_duration(length)))
             == end);
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads) {
  for (const std::string_view text :
       {"PT0S", "PT1H30M", "P1Y2M3DT4H5M6.789S", "PT0.5S", "P14D", "P1M",
        "PT59M", "PT0.001S"}) {
    const auto got = parse_iso_duration(text);
    BOOST_TEST_REQUIRE(static_cast<bool>(got));
    BOOST_TEST(to_text(*got) == text);
  }
}
