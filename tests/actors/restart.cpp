#define BOOST_TEST_MODULE actors.restart
#include "actors/restart.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;

namespace {

using children = std::vector<std::size_t>;

timestamp at(std::int64_t ms) {
  return from_unix_ms(1'000'000 + ms);
}

restart_decision decide(const restart_policy& policy, death last,
                        const std::vector<timestamp>& earlier = {}) {
  return decide_restart(policy, earlier, 4, last);
}

children restarted(const restart_decision& d) {
  const auto* again = std::get_if<restarts::again>(&d);
  return again == nullptr ? children{} : again->which;
}

duration delay(const restart_decision& d) {
  return std::get<restarts::again>(d).delay;
}

} // namespace

BOOST_AUTO_TEST_SUITE(restart)

BOOST_AUTO_TEST_CASE(chooses_whom_to_restart_by_scope) {
  struct row {
    restart_scope scope;
    std::size_t who;
    children expected;
  };
  const row table[] = {
    {restart_scope::one_for_one, 0, {0}},
    {restart_scope::one_for_one, 3, {3}},
    {restart_scope::one_for_all, 0, {0, 1, 2, 3}},
    {restart_scope::one_for_all, 3, {0, 1, 2, 3}},
    {restart_scope::rest_for_one, 0, {0, 1, 2, 3}},
    {restart_scope::rest_for_one, 2, {2, 3}},
    {restart_scope::rest_for_one, 3, {3}},
  };
  for (const auto& r : table) {
    const auto d = decide({.scope = r.scope},
                          {.who = r.who, .abnormal = true, .at = at(0)});
    const auto got = restarted(d);
    BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), r.expected.begin(),
                                  r.expected.end());
  }
}

BOOST_AUTO_TEST_CASE(restarts_by_rule_and_by_how_it_died) {
  struct row {
    restart_rule rule;
    bool abnormal;
    bool again;
  };
  const row table[] = {
    {restart_rule::permanent, true, true},
    {restart_rule::permanent, false, true},
    {restart_rule::transient, true, true},
    {restart_rule::transient, false, false},
    {restart_rule::temporary, true, false},
    {restart_rule::temporary, false, false},
  };
  for (const auto& r : table) {
    const auto d = decide({.rule = r.rule},
                          {.who = 1, .abnormal = r.abnormal, .at = at(0)});
    BOOST_TEST(std::holds_alternative<restarts::again>(d) == r.again);
    BOOST_TEST(std::holds_alternative<restarts::forget>(d) == !r.again);
  }
}

BOOST_AUTO_TEST_CASE(gives_up_after_too_many_restarts_within_the_window) {
  const restart_policy policy{.max_restarts = 2, .within = duration{1000}};
  const death now{.who = 0, .abnormal = true, .at = at(1500)};
  BOOST_TEST(
    std::holds_alternative<restarts::again>(decide(policy, now, {at(1400)})));
  BOOST_TEST(std::holds_alternative<restarts::give_up>(
    decide(policy, now, {at(1300), at(1400)})));
  BOOST_TEST(std::holds_alternative<restarts::again>(
    decide(policy, now, {at(100), at(500), at(1400)})));
}

BOOST_AUTO_TEST_CASE(a_budget_of_none_gives_up_at_once) {
  const auto d
    = decide({.max_restarts = 0}, {.who = 0, .abnormal = true, .at = at(0)});
  BOOST_TEST(std::holds_alternative<restarts::give_up>(d));
}

BOOST_AUTO_TEST_CASE(waits_longer_each_time_up_to_the_bound) {
  const restart_policy policy{.max_restarts = 9,
                              .within = duration{60'000},
                              .backoff = duration{100},
                              .backoff_factor = 10,
                              .backoff_max = duration{10'000}};
  const duration expected[]
    = {duration{100}, duration{1000}, duration{10'000}, duration{10'000}};
  std::vector<timestamp> earlier;
  for (const auto& e : expected) {
    const auto d
      = decide(policy, {.who = 0, .abnormal = true, .at = at(500)}, earlier);
    BOOST_TEST(delay(d).count() == e.count());
    earlier.push_back(at(400));
  }
}

BOOST_AUTO_TEST_CASE(a_quiet_window_starts_the_backoff_anew) {
  const restart_policy policy{.within = duration{1000}};
  const auto d = decide(policy, {.who = 0, .abnormal = true, .at = at(5000)},
                        {at(100), at(200)});
  BOOST_TEST(delay(d).count() == policy.backoff.count());
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_forgives_nothing) {
  const restart_policy policy{.max_restarts = 1};
  const auto d
    = decide(policy, {.who = 0, .abnormal = true, .at = at(0)}, {at(100'000)});
  BOOST_TEST(std::holds_alternative<restarts::give_up>(d));
}

BOOST_AUTO_TEST_CASE(remembers_no_more_than_the_window) {
  const restart_policy policy{.within = duration{1000}};
  std::vector<timestamp> earlier;
  for (int i = 0; i < 100; ++i)
    note_restart(policy, earlier, at(i * 500));
  BOOST_TEST(earlier.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
