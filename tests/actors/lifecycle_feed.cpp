#define BOOST_TEST_MODULE actors.lifecycle_feed

#include "actors/lifecycle_feed.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;

namespace {

// A feed that somebody follows from its beginning.
struct fixture {
  lifecycle_feed feed;
  std::unique_ptr<watch> follower = feed.observe([] {});

  sequence publish(std::string instance, std::string type = "t",
                   std::size_t bytes = 1) {
    feed.publish({.of = {"ns", "flow", "1.0.0"},
                  .instance = std::move(instance),
                  .status = instance_status::running,
                  .state = "open",
                  .labels = {{"team", "red"}},
                  .index = {{"order", "7"}},
                  .started = from_unix_ms(1000)},
                 {make_datum(json::object{{"type", std::move(type)},
                                          {"x", std::string(bytes, 'x')}})});
    return feed.position();
  }
  std::size_t count(const lifecycle_filter& want, sequence after) {
    return feed.read(want, after, 100).items.size();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lifecycle_feed_, fixture)

BOOST_AUTO_TEST_CASE(whoever_was_there_misses_nothing) {
  const auto begin = feed.position();
  const auto one = publish("a");
  const auto two = publish("b");
  auto page = feed.read({}, begin, 100);
  BOOST_TEST(!page.missed.has_value());
  BOOST_TEST_REQUIRE(page.items.size() == 2U);
  BOOST_TEST(page.items[0].number == one);
  BOOST_TEST((page.looked_to == two));
  page = feed.read({}, two, 100);
  BOOST_TEST(page.items.empty());
  BOOST_TEST(!page.missed.has_value());
}

BOOST_AUTO_TEST_CASE(filters_look_at_the_instance) {
  const auto begin = feed.position();
  publish("a", "io.one");
  BOOST_TEST(count({.instance = "a"}, begin) == 1U);
  BOOST_TEST(count({.instance = "b"}, begin) == 0U);
  BOOST_TEST(count({.type = "io."}, begin) == 1U);
  BOOST_TEST(count({.status = instance_status::running}, begin) == 1U);
  BOOST_TEST(count({.status = instance_status::waiting}, begin) == 0U);
  BOOST_TEST(count({.state = "open"}, begin) == 1U);
  BOOST_TEST(count({.state = ""}, begin) == 0U);
  BOOST_TEST(count({.labels = {{"team", "red"}}}, begin) == 1U);
  BOOST_TEST(count({.labels = {{"team", "red"}, {"x", "y"}}}, begin) == 0U);
  BOOST_TEST(count({.index = {{"order", "7"}}}, begin) == 1U);
  BOOST_TEST(count({.index = {{"order", "8"}}}, begin) == 0U);
  BOOST_TEST(count({.started_after = from_unix_ms(999)}, begin) == 1U);
  BOOST_TEST(count({.started_after = from_unix_ms(1000)}, begin) == 0U);
  BOOST_TEST(count({.started_before = from_unix_ms(1001)}, begin) == 1U);
  BOOST_TEST(count({.started_before = from_unix_ms(1000)}, begin) == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_looked_at_is_not_missed) {
  auto at = feed.position();
  // Nobody who looks all the time misses what he does not want to see.
  for (int i = 0; i < 20'000; ++i) {
    publish("a");
    const auto page = feed.read({.instance = "b"}, at, 100);
    BOOST_TEST_REQUIRE(!page.missed.has_value());
    at = page.looked_to.value();
  }
}

BOOST_AUTO_TEST_CASE(an_overrun_is_told_once) {
  const auto begin = feed.position();
  for (int i = 0; i < 9'000; ++i)
    publish("a");
  const auto page = feed.read({}, begin, 10);
  BOOST_TEST_REQUIRE(page.missed.has_value());
  BOOST_TEST(page.missed->from == begin);
  BOOST_TEST(page.items.front().number == page.missed->to + 1);
  BOOST_TEST(!feed.read({}, page.missed->to, 10).missed.has_value());
  BOOST_TEST(!feed.read({}, *page.looked_to, 10).missed.has_value());
}

BOOST_AUTO_TEST_CASE(large_ones_are_bounded_by_their_bytes) {
  const auto begin = feed.position();
  for (int i = 0; i < 40; ++i)
    publish("a", "t", std::size_t{1} << 20);
  const auto page = feed.read({}, begin, 100);
  BOOST_TEST(page.missed.has_value());
  BOOST_TEST(page.items.size() < 17U);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_ours_are_told) {
  publish("a");
  const auto last = feed.position();
  for (const auto stranger :
       {sequence{0}, sequence{77}, last + 1, ~sequence{0}})
    BOOST_TEST(feed.read({}, stranger, 10).missed.has_value(), stranger);
  for (const auto since = clock::now(); clock::now() == since;)
    continue; // Numbers are those of a millisecond.
  // One of a later start is not one of this one, and the other way round.
  BOOST_TEST(feed.read({}, lifecycle_feed{}.position(), 10).missed.has_value());
  BOOST_TEST(lifecycle_feed{}.read({}, last, 10).missed.has_value());
}

BOOST_AUTO_TEST_CASE(what_nobody_wanted_is_a_gap) {
  lifecycle_feed lonely;
  BOOST_TEST(!lonely.wanted()); // This one is left out.
  const auto begin = lonely.position();
  BOOST_TEST(lonely.wanted()); // Somebody is about to follow.
  BOOST_TEST(!lonely.read({}, begin, 10).missed.has_value());
  BOOST_TEST(lonely.read({}, begin - 1, 10).missed.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
