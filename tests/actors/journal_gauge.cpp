#define BOOST_TEST_MODULE actors.journal_gauge
#include "actors/journal_gauge.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;

namespace {

const load_limits limits{.queue_bytes_max = 1000,
                         .shed_after = duration{100},
                         .disk_low = 200,
                         .disk_critical = 50,
                         .hot_max = 10};

load calm() {
  return {.queued_bytes = 0,
          .overdue = {},
          .free_bytes = 1000,
          .hot = 0,
          .draining = false};
}

} // namespace

BOOST_AUTO_TEST_SUITE(journal_gauge_suite)

BOOST_AUTO_TEST_CASE(lets_everything_in_when_calm) {
  for (const auto l : {lane::start, lane::signal, lane::control})
    BOOST_TEST(!shed(l, calm(), limits).has_value());
}

BOOST_AUTO_TEST_CASE(sheds_starts_first_then_signals_never_control) {
  struct row {
    load now;
    bool start;
    bool signal;
  };
  auto slow = calm();
  slow.overdue = std::chrono::milliseconds{150};
  auto slower = calm();
  slower.overdue = std::chrono::milliseconds{500};
  auto full = calm();
  full.queued_bytes = 1001;
  auto hot = calm();
  hot.hot = 10;
  auto low = calm();
  low.free_bytes = 100;
  auto lower = calm();
  lower.free_bytes = 10;
  const row table[]
    = {{slow, true, false}, {slower, true, true}, {full, true, true},
       {hot, true, false},  {low, true, false},   {lower, true, true}};
  for (const auto& r : table) {
    BOOST_TEST(shed(lane::start, r.now, limits).has_value() == r.start);
    BOOST_TEST(shed(lane::signal, r.now, limits).has_value() == r.signal);
    BOOST_TEST(!shed(lane::control, r.now, limits).has_value());
  }
  BOOST_TEST((shed(lane::start, low, limits) == errc::disk_low));
  auto ending = calm();
  ending.draining = true;
  BOOST_TEST((shed(lane::control, ending, limits) == errc::shutting_down));
}

BOOST_AUTO_TEST_CASE(is_overdue_only_while_turns_stand_long) {
  journal_gauge g;
  const journal_gauge::steady::time_point start{std::chrono::hours{1}};
  const std::chrono::milliseconds bound{100};
  const std::chrono::milliseconds spent{1};
  g.entered(10);
  g.committed(std::chrono::milliseconds{150}, bound, 10, spent, start);
  BOOST_TEST((g.overdue(start + bound) == bound));
  g.committed(std::chrono::milliseconds{150}, bound, 10, spent, start + bound);
  BOOST_TEST((g.overdue(start + 2 * bound) == 2 * bound));
  g.committed(std::chrono::milliseconds{50}, bound, 10, spent, start);
  BOOST_TEST((g.overdue(start + bound).count() == 0));
}

BOOST_AUTO_TEST_CASE(an_empty_queue_is_never_overdue) {
  journal_gauge g;
  const journal_gauge::steady::time_point start{std::chrono::hours{1}};
  g.committed(std::chrono::seconds{1}, std::chrono::milliseconds{100}, 10,
              std::chrono::milliseconds{1}, start);
  BOOST_TEST((g.overdue(start + std::chrono::seconds{1}).count() == 0));
}

BOOST_AUTO_TEST_CASE(tells_how_long_the_queue_takes_to_drain) {
  journal_gauge g;
  BOOST_TEST(g.drain_time().count() == 1000);
  g.entered(50'000);
  g.committed({}, std::chrono::milliseconds{100}, 10'000,
              std::chrono::seconds{1}, journal_gauge::steady::now());
  BOOST_TEST(g.drain_time().count() == 5000);
}

BOOST_AUTO_TEST_SUITE_END()
