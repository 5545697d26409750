#define BOOST_TEST_MODULE actors.outbox
#include "actors/notify/outbox.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;

namespace {

constexpr duration second{1000};
const timestamp start = from_unix_ms(1'000'000'000'000);

struct fixture {
  outbox box{
    {.first = second, .max = 60 * second, .give_up_after = 600 * second}, 1};
  timestamp now = start;
  int keys = 0;

  void add(const std::string& lane) {
    add_key("k" + std::to_string(100 + keys++), lane);
  }
  void add_key(const std::string& key, const std::string& lane) {
    box.add({.key = key,
             .lane = lane,
             .at = now,
             .event = std::make_shared<const json::object>(),
             .bytes = 10});
  }
  /// The key of what leaves next; "" for nothing.
  std::string next() {
    const auto what = box.next(now);
    return what ? what->key : "";
  }
  std::size_t fail(const std::string& key, std::uint32_t status) {
    return box.failed(key, {.detail = "no", .status = status}, now).size();
  }
  void wait() {
    const auto due = box.due(now);
    BOOST_REQUIRE(due);
    now = *due;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(outboxes, fixture)

BOOST_AUTO_TEST_CASE(lets_one_of_a_lane_leave_at_a_time_in_order) {
  add("a");
  add("a");
  add("b");
  BOOST_TEST(next() == "k100");
  BOOST_TEST(next() == "k102");
  BOOST_TEST(next() == "");
  box.delivered("k100");
  BOOST_TEST(next() == "k101");
  BOOST_TEST(box.knows("k100")); // Its row may still be there.
  box.forget("k100");
  BOOST_TEST(!box.knows("k100"));
}

BOOST_AUTO_TEST_CASE(keeps_the_first_of_a_lane_when_the_clock_was_set_back) {
  add_key("k5", "a");
  BOOST_TEST(next() == "k5");
  add_key("k4", "a");
  box.delivered("k5");
  BOOST_TEST(next() == "k4");
}

BOOST_AUTO_TEST_CASE(holds_up_only_the_lane_of_what_is_refused) {
  add("a");
  add("a");
  add("b");
  add("b");
  BOOST_TEST(next() == "k100");
  BOOST_TEST(fail("k100", 400) == 0U);
  BOOST_TEST(!box.in_trouble());
  BOOST_TEST(next() == "k102");
  box.delivered("k102");
  BOOST_TEST(next() == "k103");
  box.delivered("k103");
  BOOST_TEST(next() == "");
  wait();
  BOOST_TEST((now - start >= second / 2 && now - start <= second));
  BOOST_TEST(next() == "k100");
}

BOOST_AUTO_TEST_CASE(asks_a_receiver_in_trouble_one_at_a_time) {
  for (int i = 0; i < 5; ++i)
    add("lane" + std::to_string(i));
  BOOST_TEST(next() == "k100");
  BOOST_TEST(next() == "k101");
  BOOST_TEST(fail("k100", 0) == 0U);
  BOOST_TEST(fail("k101", 0) == 0U);
  BOOST_TEST(box.in_trouble());
  BOOST_TEST(next() == "");
  wait();
  BOOST_TEST((now - start <= second)); // Both were one failure.
  BOOST_TEST(next() == "k102");
  BOOST_TEST(next() == "");
  BOOST_TEST((box.due(now) == std::nullopt));
  box.delivered("k102");
  // It is well again, and nobody waits for what he has failed.
  std::set<std::string> all;
  for (auto key = next(); !key.empty(); key = next())
    all.insert(key);
  BOOST_TEST((all == std::set<std::string>{"k100", "k101", "k103", "k104"}));
}

BOOST_AUTO_TEST_CASE(takes_several_refusals_for_trouble) {
  for (int i = 0; i < 4; ++i)
    add("lane" + std::to_string(i));
  for (const auto* key : {"k100", "k101", "k102"}) {
    BOOST_TEST(next() == key);
    BOOST_TEST(fail(key, 500) == 0U);
  }
  BOOST_TEST(box.in_trouble());
  BOOST_TEST(next() == "");
}

BOOST_AUTO_TEST_CASE(heeds_when_to_come_again) {
  add("a");
  BOOST_TEST(next() == "k100");
  BOOST_TEST(
    box
      .failed("k100",
              {.detail = "no", .status = 429, .retry_after = 90 * second}, now)
      .empty());
  BOOST_TEST((box.due(now) == now + 90 * second));
}

BOOST_AUTO_TEST_CASE(waits_longer_each_time_up_to_a_bound) {
  add("a");
  duration longest{};
  for (int i = 0; i < 12; ++i) {
    BOOST_TEST(next() == "k100");
    const auto before = now;
    if (fail("k100", 400) != 0)
      break;
    wait();
    longest = std::max(longest, now - before);
  }
  BOOST_TEST((longest >= 30 * second && longest <= 60 * second));
}

BOOST_AUTO_TEST_CASE(gives_a_message_up_and_goes_on_behind_it) {
  add("a");
  add("a");
  std::size_t dead = 0;
  while (dead == 0) {
    BOOST_TEST(next() == "k100");
    dead = fail("k100", 400);
    if (dead == 0)
      wait();
  }
  BOOST_TEST((now - start >= 600 * second));
  BOOST_TEST(next() == "k101");
}

BOOST_AUTO_TEST_CASE(gives_up_all_that_waited_as_long_as_the_trouble) {
  for (int i = 0; i < 20; ++i)
    add("lane" + std::to_string(i));
  std::size_t dead = 0;
  while (dead == 0) {
    const auto key = next();
    BOOST_REQUIRE(!key.empty());
    dead = fail(key, 503);
    if (dead == 0)
      wait();
  }
  BOOST_TEST(dead == 20U);
  BOOST_TEST((now - start >= 600 * second));
}

BOOST_AUTO_TEST_CASE(tries_at_once_what_has_failed_when_it_is_forgiven) {
  add("a");
  BOOST_TEST(next() == "k100");
  BOOST_TEST(fail("k100", 0) == 0U);
  BOOST_TEST(next() == "");
  box.forgive();
  BOOST_TEST(next() == "k100");
}

BOOST_AUTO_TEST_SUITE_END()
