// How long a retry waits: tables over backoff, cap, jitter and what the target
// asked for.
#define BOOST_TEST_MODULE workflow.retry
#include "workflow/retry.hpp"

#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>
#include <set>

using namespace pawl;
using namespace std::chrono_literals;
using kind = retry_policy::backoff_kind;

namespace {

duration delay_of(kind backoff, std::uint32_t retry, duration base = 1s,
                  duration delay_max = 1h) {
  return retry_delay(
    {.base = base, .backoff = backoff, .retry = retry, .delay_max = delay_max},
    0);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_never_ends_slows_down) {
  using std::chrono::milliseconds;
  BOOST_TEST((endless_delay(1) == duration{}));
  BOOST_TEST((endless_delay(3) == duration{}));
  BOOST_TEST((endless_delay(4) == milliseconds{10}));
  BOOST_TEST((endless_delay(5) == milliseconds{20}));
  BOOST_TEST((endless_delay(10) == milliseconds{640}));
  BOOST_TEST((endless_delay(11) == milliseconds{1000}));
  BOOST_TEST((endless_delay(4'000'000'000) == milliseconds{1000}));
}

BOOST_AUTO_TEST_CASE(the_backoff_grows_by_its_kind) {
  struct row {
    std::uint32_t retry;
    duration constant, linear, exponential;
  };
  constexpr row table[]
    = {{1, 1s, 1s, 1s},
       {2, 1s, 2s, 2s},
       {3, 1s, 3s, 4s},
       {4, 1s, 4s, 8s},
       {11, 1s, 11s, 1024s},
       {12, 1s, 12s, 2048s},
       {13, 1s, 13s, 1h},
       {64, 1s, 64s, 1h},
       {65, 1s, 65s, 1h},
       {3600, 1s, 1h, 1h},
       {3601, 1s, 1h, 1h},
       {std::numeric_limits<std::uint32_t>::max(), 1s, 1h, 1h}};
  for (const auto& r : table)
    BOOST_TEST_CONTEXT("retry " << r.retry) {
      BOOST_TEST((delay_of(kind::constant, r.retry) == r.constant));
      BOOST_TEST((delay_of(kind::linear, r.retry) == r.linear));
      BOOST_TEST((delay_of(kind::exponential, r.retry) == r.exponential));
    }
}

BOOST_AUTO_TEST_CASE(no_delay_stays_none_however_often) {
  for (const auto backoff : {kind::constant, kind::linear, kind::exponential})
    for (const std::uint32_t retry : {1U, 2U, 63U, 64U, 1'000'000U})
      BOOST_TEST((delay_of(backoff, retry, 0s) == 0s));
}

BOOST_AUTO_TEST_CASE(the_cap_holds_for_every_kind) {
  for (const auto backoff : {kind::constant, kind::linear, kind::exponential})
    BOOST_TEST((delay_of(backoff, 7, 24h * 365 * 1000, 10s) == 10s));
}

BOOST_AUTO_TEST_CASE(jitter_is_added_within_its_bounds_both_included) {
  std::set<duration> seen;
  for (std::uint64_t random = 0; random < 1000; ++random) {
    const auto d
      = retry_delay({.base = 1s, .jitter_from = 5ms, .jitter_to = 9ms},
                    random * 0x9e3779b97f4a7c15ULL);
    BOOST_TEST((d >= 1005ms && d <= 1009ms));
    seen.insert(d);
  }
  BOOST_TEST(seen.size() == 5U);
}

BOOST_AUTO_TEST_CASE(jitter_comes_on_top_of_the_cap) {
  BOOST_TEST(
    (retry_delay(
       {.base = 10s, .delay_max = 5s, .jitter_from = 7ms, .jitter_to = 7ms}, 99)
     == 5007ms));
}

BOOST_AUTO_TEST_CASE(a_range_the_wrong_way_round_counts_as_its_start) {
  BOOST_TEST((retry_delay({.base = 1s, .jitter_from = 9ms, .jitter_to = 3ms}, 4)
              == 1009ms));
}

BOOST_AUTO_TEST_CASE(what_the_target_asks_for_is_the_least_up_to_the_cap) {
  BOOST_TEST((retry_delay({.base = 1s, .at_least = 30s}, 0) == 30s));
  BOOST_TEST((retry_delay({.base = 60s, .at_least = 30s}, 0) == 60s));
  BOOST_TEST(
    (retry_delay({.base = 1s, .delay_max = 10s, .at_least = 30s}, 0) == 10s));
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_from_an_answer) {
  const auto said
    = [](std::uint32_t status, std::string_view after, std::string_view date) {
        http_outcome answer;
        answer.status = status;
        answer.headers = {{"X", "1"}};
        answer.headers.emplace_back("RETRY-After", after);
        if (!date.empty())
          answer.headers.emplace_back("date", date);
        return retry_after_of(answer);
      };
  const auto* now = "Sun, 06 Nov 1994 08:49:37 GMT";
  BOOST_TEST((said(429, "7", "") == 7s));
  BOOST_TEST((said(503, "0", now) == 0s));
  BOOST_TEST((said(503, "4294967295", "") == 24h));
  BOOST_TEST((said(503, "99999999999", "") == 24h));
  BOOST_TEST((said(503, "Sun, 06 Nov 1994 08:51:07 GMT", now) == 90s));
  BOOST_TEST((said(503, "Sunday, 06-Nov-94 08:49:38 GMT", now) == 1s));
  BOOST_TEST((said(503, "Sun Nov  6 08:49:40 1994", now) == 3s));
  BOOST_TEST((said(429, "Sun, 06 Nov 1994 08:49:36 GMT", now) == 0s));
  BOOST_TEST((said(429, "Sun, 06 Nov 2094 08:49:36 GMT", now) == 24h));
  // Nobody knows what the time was there.
  BOOST_TEST(!said(503, "Sun, 06 Nov 1994 08:51:07 GMT", "").has_value());
  for (const auto* bad : {"", "-1", "1.5", "7 s", "soon"})
    BOOST_TEST(!said(503, bad, now).has_value(), bad);
  BOOST_TEST(!said(500, "7", now).has_value());
  BOOST_TEST(!said(200, "7", now).has_value());
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_from_the_problem) {
  BOOST_TEST((retry_after({}) == 0s));
  BOOST_TEST((retry_after({{"retryAfter", 7}}) == 7s));
  BOOST_TEST((retry_after({{"retryAfter", 7U}}) == 7s));
  BOOST_TEST((retry_after({{"retryAfter", -7}}) == 0s));
  BOOST_TEST((retry_after({{"retryAfter", "7"}}) == 0s));
  BOOST_TEST((retry_after({{"retryAfter", 1e300}}) == 0s));
  BOOST_TEST((retry_after({{"retryAfter", 100'000'000}}) == 24h));
}
