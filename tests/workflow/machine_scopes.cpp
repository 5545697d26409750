#define BOOST_TEST_MODULE workflow.machine_scopes
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

using texts = std::vector<std::string>;

std::string extended(std::string_view extensions) {
  return "use:\n  extensions:\n" + std::string{extensions} + R"(
do:
- first: {set: '${ . + ["task"] }'}
- last: {wait: PT0S}
)";
}

} // namespace

BOOST_AUTO_TEST_CASE(extensions_run_around_a_task_the_first_outermost) {
  trial f{extended(R"(
  - outer:
      extend: set
      before: [{in1: {do: [{w: {wait: PT0S, export: {as: '${ {l: (($context.l // []) + ["in1"])} }'}}}]}}]
      after: [{out1: {wait: PT0S, export: {as: '${ {l: ($context.l + ["out1"])} }'}}}]
  - inner:
      extend: set
      before: [{in2: {wait: PT0S, export: {as: '${ {l: ($context.l + ["in2"])} }'}}}]
      after: [{out2: {wait: PT0S, export: {as: '${ {l: ($context.l + ["out2"])} }'}}}]
)"),
          json::array{}};
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.output() == R"(["task"])");
  BOOST_TEST(f.context() == R"({"l":["in1","in2","out2","out1"]})");
}

BOOST_AUTO_TEST_CASE(what_extensions_put_out_does_not_reach_the_task) {
  trial f{extended(R"(
  - noisy:
      extend: set
      before: [{b: {wait: PT0S, output: {as: '${ ["lost"] }'}}}]
      after: [{a: {wait: PT0S, output: {as: '${ ["lost"] }'}}}]
)"),
          json::array{}};
  BOOST_TEST(f.output() == R"(["task"])");
}

BOOST_AUTO_TEST_CASE(exit_before_a_task_stands_in_for_it) {
  trial f{extended(R"(
  - mock:
      extend: set
      when: '${ $task.name == "first" }'
      before: [{stand_in: {do: [{x: {wait: PT0S, output: {as: '${ "mocked" }'}}}], then: exit}}]
)"),
          json::array{}};
  BOOST_TEST(f.output() == R"("mocked")");
  BOOST_TEST(f.news("task.completed").size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_timeout_covers_the_extensions_of_its_task) {
  const auto slow = [](std::string_view before, std::string_view after) {
    return "use:\n  extensions:\n  - slow: {extend: set, before: [{b: {wait: "
           + std::string{before}
           + ", timeout: {after: PT1H}}}], after: [{a: {wait: "
           + std::string{after} + "}}]}\n"
           + "do:\n- first: {set: '${ \"done\" }', input: {from: .more}, "
             "timeout: {after: "
             "'${ .limit }'}}\n- last: {wait: PT0S}\n";
  };
  const json::value input{{"more", {{"limit", "PT5S"}}}};
  for (const auto& [before, after] :
       {std::pair{"PT6S", "PT0S"}, {"PT0S", "PT6S"}, {"PT3S", "PT3S"}}) {
    trial f{slow(before, after), input};
    f.pass(std::chrono::seconds{3});
    BOOST_TEST(f.status() == "waiting");
    f.pass(std::chrono::seconds{2});
    BOOST_TEST(f.fault() == "timeout 408 /do/0/first");
    f.crash();
    f.grant(requests::retry{});
    BOOST_TEST(f.status() == "waiting");
  }
  trial in_time{slow("PT2S", "PT2S"), input};
  in_time.pass(std::chrono::seconds{2});
  in_time.pass(std::chrono::seconds{2});
  BOOST_TEST(in_time.output() == R"("done")");
  BOOST_TEST(in_time.count("timer.armed") == 4U); // Its own once, and theirs.
}

BOOST_AUTO_TEST_CASE(an_extended_task_that_took_too_long_can_be_skipped) {
  trial f{R"(
use:
  extensions:
  - slow: {extend: set, before: [{b: {wait: PT1M}}]}
do:
- first: {set: '${ "done" }', timeout: {after: PT1S}}
- last: {wait: PT0S}
)"};
  f.pass(std::chrono::seconds{1});
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::settle{.output = make_datum("instead")});
  BOOST_TEST(f.output() == R"("instead")");
}

BOOST_AUTO_TEST_CASE(an_extension_sees_the_task_that_it_extends) {
  trial f{extended(R"(
  - logs:
      extend: set
      before: [{say: {wait: PT0S, export: {as: '${ $task.reference }'}}}]
)"),
          json::array{}};
  BOOST_TEST(f.context() == R"("/do/0/first")");
}

BOOST_AUTO_TEST_CASE(the_way_on_of_an_extended_task_is_kept) {
  trial f{R"(
use:
  extensions:
  - around: {extend: set, after: [{pause: {wait: PT1S}}]}
do:
- a: {set: '${ 1 }', then: c}
- b: {set: '${ 2 }'}
- c: {wait: PT0S}
)"};
  f.to_next_timer();
  BOOST_TEST(f.output() == "1");
}

BOOST_AUTO_TEST_CASE(a_function_runs_its_task_with_the_arguments) {
  trial f{R"(
use:
  functions:
    greet: {set: '${ "hello " + .who }'}
do:
- a: {call: greet, with: {who: '${ .name }'}}
- b: {call: greet, with: {who: '${ . }'}}
)",
          json::object{{"name", "pawl"}}};
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.output() == R"("hello hello pawl")");
}

BOOST_AUTO_TEST_CASE(an_effect_in_a_function_has_a_key_for_each_call) {
  trial f{R"(
use:
  functions:
    ask: {call: http, with: {method: get, endpoint: 'http://x.test/{n}'}}
do:
- a: {call: ask, with: {n: 1}}
- b: {call: ask, with: {n: 2}}
)"};
  texts keys;
  f.serve([&](const test::http_order& call) {
    keys.push_back(call.effect_key);
    return test::ok();
  });
  BOOST_REQUIRE(keys.size() == 2U);
  BOOST_TEST(keys[0] != keys[1]);
}

BOOST_AUTO_TEST_CASE(a_log_says_its_message) {
  trial f{"do:\n- say: {call: log, with: {message: '${ .what }'}}\n"};
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_program_puts_out_what_return_names) {
  const auto ran = [](std::string more, program_outcome how) {
    trial f{"do:\n- p: {run: {shell: {command: x}" + more + "}}\n"};
    f.reply(effect_outcome{std::move(how)});
    return f.status() == "completed" ? f.output() : f.fault();
  };
  BOOST_TEST(ran("", {0, "o", "e"}) == R"("o")");
  BOOST_TEST(ran(", return: stderr", {0, "o", "e"}) == R"("e")");
  BOOST_TEST(ran(", return: code", {3, "o", "e"}) == "3");
  BOOST_TEST(ran(", return: all", {3, "o", "e"})
             == R"({"code":3,"stdout":"o","stderr":"e"})");
  BOOST_TEST(ran(", return: none", {0, "o", "e"}) == "null");
  BOOST_TEST(ran("", {3, "o", "e"}) == "runtime 500 /do/0/p");
}

BOOST_AUTO_TEST_CASE(a_listen_takes_one_event_for_each_filter_of_all) {
  trial f{R"(
do:
- hear:
    listen:
      to:
        all:
        - with: {type: a}
        - with: {type: b}
)"};
  (void)f.deliver("a", 1);
  (void)f.deliver("a", 2);
  BOOST_TEST(f.status() == "waiting");
  f.crash();
  (void)f.deliver("b", 3);
  BOOST_TEST(f.output() == "[1,3]");
}

BOOST_AUTO_TEST_CASE(a_listen_goes_on_until_its_expression_holds) {
  trial f{R"(
do:
- hear: {listen: {to: {any: [{with: {type: a}}], until: '${ length >= 3 }'}}}
)"};
  for (int i = 0; i < 3; ++i)
    (void)f.deliver("a", i);
  BOOST_TEST(f.output() == "[0,1,2]");
}

BOOST_AUTO_TEST_CASE(the_event_that_ends_a_listen_is_not_put_out) {
  trial f{R"(
do:
- hear: {listen: {to: {any: [], until: {one: {with: {type: stop}}}}}}
)"};
  (void)f.deliver("a", 1);
  (void)f.deliver("b", 2);
  BOOST_TEST(f.status() == "waiting");
  (void)f.deliver("stop", 3);
  BOOST_TEST(f.output() == "[1,2]");
}

BOOST_AUTO_TEST_CASE(foreach_handles_one_event_after_the_other) {
  trial f{R"(
do:
- hear:
    listen: {to: {any: [{with: {type: a}}], until: '${ length >= 2 }'}}
    foreach:
      item: e
      at: i
      do: [{slow: {wait: PT1S, output: {as: '${ [$e, $i] }'}}}]
      output: {as: '${ . + ["x"] }'}
)"};
  (void)f.deliver("a", 5);
  (void)f.deliver("a", 6);
  (void)f.deliver("a", 7);
  f.to_next_timer();
  f.crash();
  f.grant(reports::go_on{});
  BOOST_TEST(f.status() == "waiting");
  f.to_next_timer();
  BOOST_TEST(f.output() == R"([[5,0,"x"],[6,1,"x"]])");
}

BOOST_AUTO_TEST_CASE(the_first_correlated_value_is_asked_of_the_others) {
  trial f{R"(
do:
- hear:
    listen:
      to:
        all:
        - with: {type: a}
          correlate: {order: {from: .data.order}}
        - with: {type: b}
          correlate: {order: {from: .data.order}}
)"};
  (void)f.deliver("a", json::object{{"order", 1}});
  (void)f.deliver("b", json::object{{"order", 2}});
  BOOST_TEST(f.status() == "waiting");
  (void)f.deliver("b", json::object{{"order", 1}});
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(what_came_before_a_listen_is_not_lost) {
  trial f{R"(
do:
- first: {wait: PT1S}
- hear: {listen: {to: {all: [{with: {type: a}}, {with: {type: b}}]}}}
)"};
  (void)f.deliver("b", 2);
  (void)f.deliver("a", 1);
  f.to_next_timer();
  BOOST_TEST(f.output() == "[2,1]");
}
