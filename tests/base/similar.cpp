#define BOOST_TEST_MODULE base.similar

#include "base/similar.hpp"

#include <boost/test/unit_test.hpp>

using pawl::most_similar;

BOOST_AUTO_TEST_SUITE(similar)

BOOST_AUTO_TEST_CASE(finds_what_was_meant) {
  const std::vector<std::string> names{"status", "schedule", "secret", "skip"};
  BOOST_TEST(most_similar("stauts", names) == "status");
  BOOST_TEST(most_similar("skp", names) == "skip");
  BOOST_TEST(most_similar("scheduel", names) == "schedule");
  BOOST_TEST(most_similar("secret", names) == "secret");
}

BOOST_AUTO_TEST_CASE(does_not_guess_wildly) {
  BOOST_TEST(most_similar("dance", {"status", "explain"}) == "");
  BOOST_TEST(most_similar("", {}) == "");
  BOOST_TEST(most_similar(std::string(100'000, 'x'), {"status"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
