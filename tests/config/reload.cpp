#define BOOST_TEST_MODULE config.reload
#include "config/reload.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::config;

BOOST_AUTO_TEST_CASE(nothing_changes_when_nothing_was_changed) {
  const auto out = reload(options{}, options{});
  BOOST_CHECK(out.chosen == options{});
  BOOST_TEST(out.changed.empty());
  BOOST_TEST(out.waiting.empty());
}

BOOST_AUTO_TEST_CASE(takes_what_may_change_and_names_what_must_wait) {
  options fresh;
  fresh.log_level = log::level::debug;
  fresh.storage.disk_low = 7ULL << 30;
  fresh.http.threads = 4;
  fresh.listen = {"127.0.0.1:1"};
  const auto out = reload(options{}, fresh);
  BOOST_CHECK(out.chosen.log_level == log::level::debug);
  BOOST_TEST(out.chosen.storage.disk_low == 7ULL << 30);
  BOOST_TEST(out.chosen.http.threads == options{}.http.threads);
  BOOST_CHECK(out.chosen.listen == options{}.listen);
  const std::vector<std::string> changed = {"log_level", "storage.disk_low"};
  const std::vector<std::string> waiting = {"listen", "http.threads"};
  BOOST_TEST(out.changed == changed, boost::test_tools::per_element());
  BOOST_TEST(out.waiting == waiting, boost::test_tools::per_element());
}
