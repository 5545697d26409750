#define BOOST_TEST_MODULE cli.diagnosis

#include "cli/diagnosis.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::cli;
using namespace std::chrono_literals;

namespace {

timestamp at(const char* text) {
  return parse_timestamp(text).value();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_clock_may_be_a_second_off_for_it_is_told_in_seconds) {
  const auto* date = "Sat, 31 Jan 2026 12:00:00 GMT";
  BOOST_TEST((clock_skew(date, at("2026-01-31T12:00:00Z")) == 0ms));
  BOOST_TEST((clock_skew(date, at("2026-01-31T12:00:00.900Z")) == 0ms));
  BOOST_TEST((clock_skew(date, at("2026-01-31T11:59:50Z")) == 10s));
  BOOST_TEST((clock_skew(date, at("2026-01-31T13:00:00Z")) == -1h));
  BOOST_TEST(!clock_skew("yesterday", at("2026-01-31T12:00:00Z")).has_value());
  BOOST_TEST(!clock_skew("", at("2026-01-31T12:00:00Z")).has_value());
}

BOOST_AUTO_TEST_CASE(lengths_are_read_as_the_daemon_writes_them) {
  BOOST_TEST((length_of("P1D") == 24h));
  BOOST_TEST((length_of("PT36H") == 36h));
  BOOST_TEST((length_of("P2DT3H4M5S") == 48h + 3h + 4min + 5s));
  for (const auto* bad : {"", "P", "PT", "1h", "P1M", "P1H", "PT5", "PTT5S",
                          "PT99999999999S", "null"})
    BOOST_TEST(!length_of(bad).has_value(), bad);
}
