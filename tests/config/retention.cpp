#define BOOST_TEST_MODULE config.retention
#include "config/retention.hpp"

#include "config/load.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::config;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retention)

BOOST_AUTO_TEST_CASE(reads_whose_instances_are_kept_how_long) {
  const std::pair<const char*, namespace_retention> table[] = {
    {"billing=400d", {"billing", "", 9600h}},
    {"billing=P400D", {"billing", "", 9600h}},
    {"scratch/completed=1h", {"scratch", "completed", 1h}},
    {"a/faulted=forever", {"a", "faulted", std::nullopt}},
    {"a/cancelled=5s", {"a", "cancelled", 5s}},
  };
  for (const auto& [text, wanted] : table)
    BOOST_TEST((parse_namespace_retention(text).value() == wanted), text);
  for (const char* text :
       {"", "billing", "=5d", "billing=", "billing=soon", "billing=0s",
        "/completed=5d", "billing/done=5d", "billing/=5d", "a=-5d"})
    BOOST_TEST(parse_namespace_retention(text).has_error(), text);
}

BOOST_AUTO_TEST_CASE(is_checked_with_the_configuration) {
  const auto loads = [](const char* key, const char* value) {
    return load({.file = {}, .environment = {}, .flags = {{key, value}}});
  };
  BOOST_TEST(loads("retention.namespaces", "a=5d, b/faulted=1h").has_value());
  const auto bad = loads("retention.namespaces", "a=5d, b/done=1h");
  BOOST_REQUIRE(bad.has_error());
  BOOST_TEST(bad.error().detail.find("'b/done=1h'") != std::string::npos,
             bad.error().detail);
  BOOST_TEST(loads("backup.every", "15min").has_error());
  BOOST_TEST(loads("backup.every", "0ms").has_value());
}

BOOST_AUTO_TEST_CASE(reads_a_time_in_either_way) {
  BOOST_TEST((parse_time("30d") == duration{720h}));
  BOOST_TEST((parse_time("P30D") == duration{720h}));
  BOOST_TEST((parse_time("0s") == duration{}));
  for (const char* text : {"", "d", "30", "P", "P1M", "forever"})
    BOOST_TEST(!parse_time(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
