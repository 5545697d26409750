#define BOOST_TEST_MODULE workflow.machine_lanes
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using test::trial;

namespace {

using texts = std::vector<std::string>;

// Three calls side by side.
constexpr std::string_view forked = R"(
do:
- both:
    fork:
      branches:
      - a: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}
      - b: {call: http, with: {method: get, endpoint: 'http://x.test/b'}}
      - c: {set: '${ 3 }'}
)";

constexpr std::string_view race = R"(
do:
- first:
    fork:
      compete: true
      branches:
      - a: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}
      - b: {call: http, with: {method: get, endpoint: 'http://x.test/b'}}
)";

const test::http_order& to(const std::vector<test::http_order>& calls,
                           std::string_view uri) {
  for (const auto& one : calls)
    if (one.uri == uri)
      return one;
  throw std::logic_error{"no call to " + std::string{uri}};
}

void answer(trial& f, std::string_view uri, const http_outcome& how) {
  const auto calls = f.calls();
  const auto& one = to(calls, uri);
  f.grant(reports::effect_done{one.frame, one.dispatch, how});
}

} // namespace

BOOST_AUTO_TEST_CASE(a_fork_runs_all_and_puts_out_a_list) {
  trial f{forked};
  BOOST_TEST(f.calls().size() == 2U);
  answer(f, "http://x.test/b", test::ok("2"));
  BOOST_TEST(f.status() == "running");
  f.crash();
  answer(f, "http://x.test/a", test::ok("1"));
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.output() == "[1,2,3]");
}

BOOST_AUTO_TEST_CASE(branches_have_effect_keys_of_their_own) {
  trial f{forked};
  std::set<std::string> keys;
  for (const auto& one : f.calls())
    keys.insert(one.effect_key);
  BOOST_TEST(
    keys
    == (std::set<std::string>{"test/one/do/0/both/fork/branches/0/a/1.b1.1",
                              "test/one/do/0/both/fork/branches/1/b/1.b2.1"}));
}

BOOST_AUTO_TEST_CASE(a_branch_that_fails_takes_the_others_along) {
  trial f{R"(
do:
- guard:
    try:
    - both:
        fork:
          branches:
          - a: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}
          - b: {call: http, with: {method: get, endpoint: 'http://x.test/b'}}
    catch: {do: [{saved: {set: '"saved"'}}]}
)"};
  (void)f.news();
  answer(f, "http://x.test/a", test::status_of(500));
  BOOST_TEST(f.calls().empty());
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.output() == R"("saved")");
  BOOST_TEST(
    f.news("task.cancelled")
    == (texts{"task.cancelled /do/0/guard/try/0/both/fork/branches/1/b"}));
}

BOOST_AUTO_TEST_CASE(a_fault_in_a_branch_ends_the_instance_until_a_retry) {
  trial f{forked};
  answer(f, "http://x.test/a", test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(f.calls().empty());
  f.grant(requests::retry{});
  BOOST_TEST(f.calls().size() == 2U);
  answer(f, "http://x.test/a", test::ok("1"));
  answer(f, "http://x.test/b", test::ok("2"));
  BOOST_TEST(f.output() == "[1,2,3]");
}

BOOST_AUTO_TEST_CASE(the_first_to_complete_wins_a_race) {
  trial f{race};
  answer(f, "http://x.test/b", test::ok("2"));
  BOOST_TEST(f.calls().empty());
  BOOST_TEST(f.output() == "2");
}

BOOST_AUTO_TEST_CASE(who_faults_only_loses_the_race) {
  trial f{race};
  answer(f, "http://x.test/a", test::status_of(500));
  BOOST_TEST(f.status() == "running");
  BOOST_TEST(f.calls().size() == 1U);
  f.crash();
  answer(f, "http://x.test/b", test::ok("2"));
  BOOST_TEST(f.output() == "2");
}

BOOST_AUTO_TEST_CASE(a_race_that_all_lose_ends_with_the_last_error) {
  trial f{race};
  answer(f, "http://x.test/a", test::status_of(500));
  answer(f, "http://x.test/b", test::status_of(503));
  BOOST_TEST(f.fault() == "communication 503 /do/0/first/fork/branches/1/b");
}

BOOST_AUTO_TEST_CASE(exit_ends_its_branch_and_end_the_workflow) {
  trial left{R"(
do:
- both:
    fork:
      branches:
      - a: {do: [{one: {set: '${ 1 }', then: exit}}, {two: {set: '${ 2 }'}}]}
      - b: {set: '${ 3 }'}
)"};
  BOOST_TEST(left.output() == "[1,3]");
  trial over{R"(
do:
- both:
    fork:
      branches:
      - a: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}
      - b: {set: '${ 3 }', then: end}
- never: {set: '${ 4 }'}
)"};
  BOOST_TEST(over.status() == "completed");
  BOOST_TEST(over.output() == "3");
}

BOOST_AUTO_TEST_CASE(exports_of_branches_do_not_tear_the_context) {
  trial f{R"(
do:
- all:
    for: {each: n, in: '${ [range(8)] }'}
    metadata: {concurrency: 8}
    do:
    - add: {set: '${ $n }', export: {as: '${ {n: (($context.n // 0) + 1)} }'}}
    - wait: {wait: PT1S}
    - more: {set: '${ $n }', export: {as: '${ {n: ($context.n + 1)} }'}}
)"};
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.context() == R"({"n":16})");
  BOOST_TEST(f.output() == "[0,1,2,3,4,5,6,7]");
}

BOOST_AUTO_TEST_CASE(a_concurrent_loop_keeps_to_its_bound) {
  trial f{
    R"yaml(
do:
- all:
    for: {each: n, in: '${ [range(5)] }'}
    metadata: {concurrency: 2}
    do:
    - ask:
        call: http
        with: {method: get, endpoint: '${ "http://x.test/\($n)/\($index)" }'}
)yaml"};
  BOOST_TEST(f.calls().size() == 2U);
  answer(f, "http://x.test/1/1", test::ok("\"b\""));
  BOOST_TEST(f.calls().size() == 2U);
  f.crash();
  std::set<std::string> keys;
  f.serve([&](const test::http_order& call) {
    keys.insert(call.effect_key);
    return test::ok("\"x\"");
  });
  BOOST_TEST(keys.size() == 4U);
  BOOST_TEST(f.output() == R"(["x","b","x","x","x"])");
}

BOOST_AUTO_TEST_CASE(exit_leaves_a_concurrent_loop) {
  trial f{R"yaml(
do:
- all:
    for: {each: n, in: '${ [range(5)] }'}
    metadata: {concurrency: 2}
    do:
    - ask:
        call: http
        with: {method: get, endpoint: '${ "http://x.test/\($n)" }'}
    - enough: {if: '. == "enough"', set: '${ "left" }', then: exit}
    - say: {set: '${ "went on" }'}
- behind: {set: '${ [., "behind"] }'}
)yaml"};
  answer(f, "http://x.test/1", test::ok("\"enough\""));
  BOOST_TEST(f.calls().size() == 1U); // What has begun goes on, no more begins.
  f.crash();
  answer(f, "http://x.test/0", test::ok("\"a\""));
  BOOST_TEST(f.output() == R"([["went on","left"],"behind"])");
}

BOOST_AUTO_TEST_CASE(a_concurrent_loop_over_nothing_puts_out_its_input) {
  trial f{R"(
do:
- all:
    for: {in: '${ [] }'}
    metadata: {concurrency: 2}
    do: [{never: {set: '${ 1 }'}}]
)",
          json::value(7)};
  BOOST_TEST(f.output() == "7");
}

BOOST_AUTO_TEST_CASE(no_lane_starves_another) {
  trial f{R"(
do:
- both:
    fork:
      branches:
      - spins:
          do:
          - a: {set: '${ . }', then: b}
          - b: {set: '${ . }', then: a}
      - b: {set: '${ 3 }', export: {as: '${ {done: true} }'}}
)",
          json::object{}, [] {
            machine_limits small;
            small.turn_steps_max = 60;
            return small;
          }()};
  BOOST_TEST(f.context() == R"({"done":true})");
}

BOOST_AUTO_TEST_CASE(a_paused_fork_goes_on_where_it_was) {
  trial f{forked};
  f.grant(requests::pause{pause_mode::interrupt, ""});
  BOOST_TEST(f.status() == "suspending");
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspending");
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  f.serve([](const test::http_order&) { return test::ok("1"); });
  BOOST_TEST(f.output() == "[1,1,3]");
}

BOOST_AUTO_TEST_CASE(a_fork_in_a_loop_ends_at_the_bound_of_its_data) {
  machine_limits small;
  small.payload_max = 1000;
  trial f{R"(
do:
- twice:
    fork:
      branches:
      - a: {set: '${ . }'}
      - b: {set: '${ . }'}
    then: twice
)",
          json::object{}, small};
  BOOST_TEST(f.fault() == "expression 400 /do/0/twice", to_text(f.error()));
}

BOOST_AUTO_TEST_CASE(a_listen_without_end_ends_at_the_bound_of_its_data) {
  machine_limits small;
  small.payload_max = 1000;
  trial f{R"(
do:
- all: {listen: {to: {any: [{with: {type: t}}], until: '${ false }'}}}
)",
          json::object{}, small};
  for (int i = 0; i < 200 && f.status() != "faulted"; ++i)
    f.deliver("t", "0123456789");
  BOOST_TEST(f.fault() == "expression 400 /do/0/all", to_text(f.error()));
}
