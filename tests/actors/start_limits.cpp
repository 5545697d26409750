#define BOOST_TEST_MODULE actors.start_limits
#include "actors/limits/limit_keeper.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

constexpr timestamp noon = timestamp{duration{1'749'988'800'000}};
using rule = start_refusal::rule;

instance_key key(std::uint8_t n) {
  instance_key k;
  k.bytes[0] = n;
  return k;
}

/// A keeper whose world is a clock and a namespace of some bytes.
struct world {
  timestamp now = noon;
  std::uint64_t bytes = 0;
  std::vector<limit_lines::near_end> near;
  std::string called;
  bool counts = true;
  std::shared_ptr<limit_keeper> keeper = std::make_shared<limit_keeper>(
    limit_world{.now = [this] { return now; },
                .wake = [](duration, const std::function<void()>&) {},
                .write = [](const auto&, const auto&) {},
                .changed = [] {},
                .near = [this](const auto& one) { near.push_back(one); },
                .count =
                  [this](const std::string& ns, const auto& into) {
                    if (counts)
                      into->counted(ns, {});
                  },
                .bytes = [this](const std::string&) { return bytes; }});

  void put(const std::string& rules) {
    const kept_thing kept{
      .ns = {},
      .name = "l",
      .body = *checked_limit(
        {"", "l"}, *parse_json(R"({"on":{"namespace":"shop"},)" + rules + "}")),
      .created = noon,
      .updated = noon,
      .by = {}};
    keeper->changed("", "l", &kept);
  }
  waiting_start waits(std::uint8_t n, duration due) {
    return {.due = noon + due, .key = key(n), .wake = [this, n] {
              called += static_cast<char>('0' + n);
            }};
  }
  /// Starts one; what is committed is told at once.
  bool start(std::uint8_t n, const waiting_start* who = nullptr) {
    const auto permit = keeper->admit_start("shop", key(n), who);
    refused = permit.refused;
    if (permit.refused)
      return false;
    keeper->saw("shop", key(n), true);
    keeper->settle_start("shop", key(n), permit, true);
    return true;
  }
  std::optional<start_refusal> refused;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(start_limits, world)

BOOST_AUTO_TEST_CASE(a_namespace_that_is_full_takes_no_more) {
  put(R"("bytes":100)");
  bytes = 99;
  BOOST_TEST(start(1));
  bytes = 100;
  BOOST_TEST(!start(2));
  BOOST_TEST((refused->by == rule::bytes));
  BOOST_TEST(refused->used == 100U);
  BOOST_TEST(refused->max == 100U);
  BOOST_TEST(members_of(*refused).at("used") == 100);
  BOOST_TEST(keeper->admit_start("other", key(3)).refused.has_value() == false);
  bytes = 50;
  BOOST_TEST(start(2));
}

BOOST_AUTO_TEST_CASE(bytes_near_their_end_are_told_by_the_turn_that_led_there) {
  put(R"("bytes":100,"warnAt":0.5)");
  bytes = 49;
  keeper->saw("shop", key(1), true);
  BOOST_TEST(near.empty());
  bytes = 60;
  keeper->saw("shop", key(1), true);
  keeper->saw("shop", key(1), true);
  BOOST_REQUIRE(near.size() == 1U);
  BOOST_TEST(near[0].used == 60U);
  BOOST_TEST(near[0].max == 100U);
  BOOST_TEST(!near[0].until);
  // A limit that is put when it is near already tells at once.
  put(R"("bytes":110,"warnAt":0.5)");
  BOOST_TEST(near.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_waits_goes_first_and_in_order) {
  put(R"("live":1)");
  BOOST_TEST(start(1));
  const auto late = waits(3, 2min);
  const auto early = waits(2, 1min);
  BOOST_TEST(!start(3, &late));
  BOOST_TEST((refused->by == rule::live));
  BOOST_TEST(!start(2, &early));
  called.clear();
  keeper->saw("shop", key(1), false);
  BOOST_TEST(called == "2"); // Who is first is called.
  BOOST_TEST(!start(4));     // Who cannot wait comes behind them.
  BOOST_TEST((refused->by == rule::line));
  BOOST_TEST(!start(3, &late));
  BOOST_TEST((refused->by == rule::line));
  BOOST_TEST(start(2, &early));
  BOOST_TEST(called == "23");
  BOOST_TEST(!start(3, &late));
  BOOST_TEST((refused->by == rule::live));
  keeper->saw("shop", key(2), false);
  keeper->leave_line("shop", late);
  BOOST_TEST(start(4));
}

BOOST_AUTO_TEST_CASE(what_waits_is_called_when_the_limit_changes) {
  put(R"("live":1)");
  BOOST_TEST(start(1));
  const auto who = waits(2, 0min);
  BOOST_TEST(!start(2, &who));
  BOOST_TEST(keeper->obstacle_to_start("shop").value().used == 1U);
  called.clear();
  put(R"("live":2)");
  BOOST_TEST(called == "2");
  BOOST_TEST(!keeper->obstacle_to_start("shop"));
  BOOST_TEST(start(2, &who));
}

BOOST_AUTO_TEST_CASE(what_can_wait_waits_until_the_living_are_counted) {
  counts = false;
  put(R"("live":1)");
  const auto who = waits(2, 0min);
  BOOST_TEST(!start(2, &who));
  BOOST_TEST(start(1)); // Whoever cannot wait is not refused.
  keeper->counted("shop", {key(1)});
  BOOST_TEST(!start(2, &who));
  BOOST_TEST((refused->by == rule::live));
  BOOST_TEST(refused->used == 1U);
  keeper->saw("shop", key(1), false);
  BOOST_TEST(called == "2");
}

BOOST_AUTO_TEST_CASE(what_waits_spends_the_tokens_of_a_rate) {
  put(R"("starts":{"max":1,"per":"PT10S"})");
  const auto first = waits(1, 0min);
  const auto second = waits(2, 1min);
  BOOST_TEST(start(1, &first));
  BOOST_TEST(!start(2, &second));
  BOOST_TEST((refused->by == rule::starts));
  BOOST_TEST((refused->again == duration{10s}));
  now += 4s;
  BOOST_TEST(!start(2, &second));
  BOOST_TEST((refused->again == duration{6s}));
  now += 4s;
  BOOST_TEST(!start(2, &second));
  now += 2s;
  BOOST_TEST(!start(3));
  BOOST_TEST(start(2, &second));
}

BOOST_AUTO_TEST_CASE(a_place_that_was_not_used_is_given_back) {
  put(R"("live":1)");
  const auto permit = keeper->admit_start("shop", key(1));
  BOOST_TEST(permit.reserved);
  BOOST_TEST(!start(2));
  keeper->settle_start("shop", key(1), permit, false);
  BOOST_TEST(start(2));
}

BOOST_AUTO_TEST_SUITE_END()
