// Several tasks of one instance that listen: who gets an event, and once.
#define BOOST_TEST_MODULE workflow.machine_sharing
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

BOOST_AUTO_TEST_CASE(each_who_listens_in_an_instance_gets_the_event) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  trial f{"do:\n- both: {fork: {branches: [{x: " + hear + "}, {y: " + hear
          + "}]}}\n- more: " + hear + "\n"};
  (void)f.deliver("a", 1);
  f.crash();
  BOOST_TEST(f.status() == "waiting"); // Not for those, who had it.
  BOOST_TEST(f.state().inbox.empty());
  BOOST_TEST(f.count("task.completed") == 3U);
  (void)f.deliver("a", 2);
  BOOST_TEST(f.output() == "[2]");
}

BOOST_AUTO_TEST_CASE(an_event_goes_to_those_who_fit_and_once) {
  const auto hear = [](std::string_view n, std::string_view more) {
    return "{listen: {to: {any: [{with: {type: a, data: '${ .n >= "
           + std::string{n} + " }'}}], until: '${ length == 2 }'}}"
           + std::string{more} + "}";
  };
  trial f{"do:\n- both: {fork: {branches: [{x: " + hear("1", "") + "}, {y: "
          + hear("2", ", foreach: {item: e, do: [{rest: {wait: PT1S}}]}")
          + "}]}}\n"};
  (void)f.deliver("a", {{"n", 2}}); // Both, and y is at work on it.
  (void)f.deliver("a", {{"n", 3}}); // Also for y, when it is free again.
  (void)f.deliver("a", {{"n", 1}}); // Neither: x is through.
  f.crash();
  f.to_next_timer();
  f.to_next_timer();
  BOOST_TEST(f.output() == R"([[{"n":2},{"n":3}],[{"n":2},{"n":3}]])");
}

BOOST_AUTO_TEST_CASE(a_pause_does_not_change_who_gets_what) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  trial f{"do:\n- both: {fork: {branches: [{x: {listen: {to: {any: [{with: "
          "{type: a}}], until: '${ length == 3 }'}}}}, {y: {do: [{one: "
          + hear + "}, {two: " + hear + "}, {three: " + hear + "}]}}]}}\n"};
  f.grant(requests::pause{});
  for (int i = 0; i < 3; ++i)
    (void)f.deliver("a", i);
  f.grant(requests::resume{});
  BOOST_TEST(f.output() == "[[0,1,2],[2]]");
}

BOOST_AUTO_TEST_CASE(a_branch_that_is_busy_misses_nothing) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  const std::string three = "{to: {any: [{with: {type: a}}], until: '${ length "
                            "== 3 }'}}";
  trial f{"do:\n- both: {fork: {branches: [{x: {listen: " + three
          + "}}, {y: {do: [{one: " + hear + "}, {rest: {wait: PT1M}}, {two: "
          + hear + "}, {again: {wait: PT1M}}, {three: " + hear
          + "}]}}]}}\n- last: " + hear + "\n"};
  for (int i = 0; i < 3; ++i)
    (void)f.deliver("a", i); // x takes them all, y only the first.
  BOOST_TEST(f.state().inbox.size() == 2U);
  f.crash();
  f.to_next_timer();
  BOOST_TEST(f.state().inbox.size() == 1U); // Counted once by y as well.
  f.to_next_timer();
  BOOST_TEST(f.state().inbox.empty());
  BOOST_TEST(f.status() == "waiting"); // The last is behind both.
  (void)f.deliver("a", 9);
  BOOST_TEST(f.output() == "[9]");
}

BOOST_AUTO_TEST_CASE(branches_within_a_busy_branch_each_get_what_was_kept) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  trial f{"do:\n- both: {fork: {branches: [{x: " + hear
          + "}, {y: {do: [{rest: {wait: PT1M}}, {all: {fork: {branches: [{p: "
          + hear + "}, {q: " + hear + "}]}}}]}}]}}\n"};
  (void)f.deliver("a", 1);
  f.crash();
  f.to_next_timer();
  BOOST_TEST(f.output() == "[[1],[[1],[1]]]");
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_for_branches_that_want_nothing) {
  trial f{R"yaml(
do:
- all:
    for: {each: n, in: '${ [range(3)] }'}
    metadata: {concurrency: 3}
    do:
    - hear: {listen: {to: {one: {with: {type: a}, correlate: {n: {from: .data.n, expect: '${ $n }'}}}}}}
    - other: {listen: {to: {one: {with: {type: b}}}}}
)yaml"};
  (void)f.deliver("a", {{"n", 1}}); // The others wait for one of their own.
  BOOST_TEST(f.state().inbox.empty());
  (void)f.deliver("b", 1); // All of them may come to want it.
  BOOST_TEST(f.state().inbox.size() == 1U);
  (void)f.deliver("a", {{"n", 0}});
  (void)f.deliver("a", {{"n", 2}});
  BOOST_TEST(f.state().inbox.empty());
  BOOST_TEST(f.output() == "[[1],[1],[1]]");
}

BOOST_AUTO_TEST_CASE(what_is_kept_for_a_branch_is_bounded_and_ends_with_it) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  machine_limits limits;
  limits.inbox_max = 2;
  trial f{"do:\n- both: {fork: {branches: [{x: {listen: {to: {any: [{with: "
          "{type: a}}], until: '${ false }'}}}}, {y: {do: [{rest: {wait: "
          "PT1M}}, {then: "
            + hear + "}, {more: {wait: PT1M}}]}}]}}\n",
          json::object{}, limits};
  for (int i = 0; i < 1001; ++i)
    BOOST_TEST_REQUIRE(f.deliver("a", i).has_value());
  BOOST_TEST(f.state().inbox.size() == 1000U);
  f.to_next_timer();
  BOOST_TEST(f.state().inbox.size() == 999U);
  f.to_next_timer();
  BOOST_TEST(f.state().inbox.empty());
}

BOOST_AUTO_TEST_CASE(an_event_is_not_kept_for_who_has_left) {
  const std::string hear = "{listen: {to: {one: {with: {type: a}}}}}";
  trial f{"do:\n- race: {fork: {compete: true, branches: [{x: " + hear
          + "}, {y: " + hear + "}]}}\n- last: " + hear + "\n"};
  (void)f.deliver("a", 1); // One wins with it, and the other is gone.
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(f.state().inbox.empty());
}
