#define BOOST_TEST_MODULE base.time_zone

#include "base/time_zone.hpp"

#include "base/time.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

using namespace pawl;
using namespace std::chrono;

namespace {

constexpr std::string_view zones[]
  = {"Europe/Berlin",    "America/New_York",  "Australia/Lord_Howe",
     "Asia/Kolkata",     "Africa/Casablanca", "America/Sao_Paulo",
     "Pacific/Apia",     "Europe/Dublin",     "Antarctica/Troll",
     "America/Santiago", "Asia/Gaza",         "Etc/GMT+12"};

bool have_zones() {
  return std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin");
}

sys_seconds at(std::string_view text) {
  return floor<seconds>(*parse_timestamp(text));
}

/// Four bytes, big-endian.
std::string four(int n) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(n >> shift);
  return out;
}

std::string eight(int n) {
  return four(n < 0 ? -1 : 0) + four(n);
}

/// A file with one type, so many changes to it, and this last line.
std::string file(const std::string& footer, const std::string& changes = "",
                 int count = 0, int offset = 3600, int leaps = 0) {
  const auto empty = "TZif2" + std::string(15 + 24, '\0');
  return empty + "TZif2" + std::string(15, '\0') + four(0) + four(0)
         + four(leaps) + four(count) + four(1) + four(4) + changes
         + std::string(static_cast<std::size_t>(count), '\0') + four(offset)
         + std::string(2, '\0') + std::string("CET\0", 4) + '\n' + footer
         + '\n';
}

} // namespace

BOOST_AUTO_TEST_CASE(utc_needs_no_file) {
  for (const auto* name : {"", "UTC"}) {
    const auto zone = time_zone::load(name);
    BOOST_TEST_REQUIRE(static_cast<bool>(zone));
    const auto span = zone->at(at("2026-07-01T00:00:00Z"));
    BOOST_TEST(span.offset.count() == 0);
    BOOST_TEST((span.begin < at("0001-01-01T00:00:00Z")));
    BOOST_TEST((span.end > at("9999-01-01T00:00:00Z")));
  }
}

BOOST_AUTO_TEST_CASE(agrees_with_the_c_library) {
  if (!have_zones())
    return; // The next case says what happens without the data.
  std::mt19937_64 random{7};
  for (const auto name : zones)
    BOOST_TEST_CONTEXT(name) {
      const auto zone = time_zone::load(name);
      BOOST_TEST_REQUIRE(static_cast<bool>(zone));
      ::setenv("TZ", std::string{name}.c_str(), 1);
      ::tzset();
      for (int i = 0; i < 4000; ++i) {
        // 1970 to 2100.
        const auto t = static_cast<std::time_t>(random() % 4'102'444'800U);
        std::tm local{};
        ::localtime_r(&t, &local);
        const auto span = zone->at(sys_seconds{seconds{t}});
        BOOST_TEST_REQUIRE(span.offset.count() == local.tm_gmtoff, t);
        BOOST_TEST_REQUIRE((span.begin <= sys_seconds{seconds{t}}));
        BOOST_TEST_REQUIRE((sys_seconds{seconds{t}} < span.end));
        // Its ends are where the offset changes, and not before.
        BOOST_TEST_REQUIRE(
          (zone->at(span.end - seconds{1}).offset == span.offset));
        BOOST_TEST_REQUIRE((zone->at(span.begin).offset == span.offset));
      }
    }
  ::unsetenv("TZ");
}

BOOST_AUTO_TEST_CASE(refuses_names_that_are_none) {
  for (const auto* name :
       {"Middle/Earth", "../../etc/passwd", "/etc/passwd", "Europe", "Europe/",
        "a//b", "tzdata.zi", "zone.tab", "Europe/Berlin ", "Europe\\Berlin"}) {
    const auto zone = time_zone::load(name);
    BOOST_TEST_CONTEXT(name)
    BOOST_TEST_REQUIRE(!zone);
    BOOST_TEST((zone.error().code == errc::invalid_request));
  }
}

BOOST_AUTO_TEST_CASE(reads_rules_for_the_time_behind_all_changes) {
  struct row {
    std::string footer, when;
    int offset;
  };
  const row rows[] = {
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-12-31T23:59:59Z", 39600},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
    {"<+0530>-5:30", "2026-07-01T00:00:00Z", 19800},
    {"X3Y2,J60/0,J300/0", "2028-03-01T02:59:59Z", -10800},
    {"X3Y2,J60/0,J300/0", "2028-03-01T03:00:00Z", -7200},
    {"X3Y2,59/0,300/0", "2028-02-29T03:00:00Z", -7200},
    {"", "2026-07-01T00:00:00Z", 3600},
  };
  for (const auto& r : rows)
    BOOST_TEST_CONTEXT(r.footer << " at " << r.when) {
      const auto zone = time_zone::parse(file(r.footer));
      BOOST_TEST_REQUIRE(static_cast<bool>(zone));
      BOOST_TEST(zone->at(at(r.when)).offset.count() == r.offset);
    }
}

BOOST_AUTO_TEST_CASE(refuses_files_that_make_no_sense) {
  const auto good = file("CET-1CEST,M3.5.0,M10.5.0/3", eight(5) + eight(9), 2);
  BOOST_TEST_REQUIRE(static_cast<bool>(time_zone::parse(good)));
  for (std::size_t n = 0; n < good.size(); ++n)
    BOOST_TEST(!time_zone::parse(good.substr(0, n)));
  BOOST_TEST(!time_zone::parse(file("", eight(9) + eight(5), 2)));
  BOOST_TEST(!time_zone::parse(file("", "", 0, 3600, 1)));
  BOOST_TEST(!time_zone::parse(file("", "", 0, 100 * 3600)));
  for (const auto* footer :
       {"CET", "1", "CET-1CEST,", "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M1.1.0", "CET-1CEST,M3.6.0,M1.1.0",
        "CET-1CEST,M3.5.7,M1.1.0", "CET-999", "CET-1CEST,M3.5.0,M10.5.0/3x",
        "<CET-1", "CET-1CEST"})
    BOOST_TEST(!time_zone::parse(file(footer)), footer);
}

BOOST_AUTO_TEST_CASE(takes_no_harm_from_any_bytes) {
  std::mt19937 random{11};
  const auto good = file("CET-1CEST,M3.5.0,M10.5.0/3", eight(5) + eight(9), 2);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto bad = good;
    for (unsigned n = random() % 4 + 1; n > 0; --n)
      bad[random() % bad.size()] = static_cast<char>(random());
    if (const auto zone = time_zone::parse(bad)) {
      ++accepted;
      const auto when = sys_seconds{seconds{static_cast<int>(random())}};
      const auto span = zone->at(when);
      BOOST_TEST_REQUIRE((span.begin <= when && when < span.end));
    }
  }
  BOOST_TEST(accepted > 100);
  BOOST_TEST(accepted < 20'000);
}
