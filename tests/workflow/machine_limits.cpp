// Timeouts, the bounds of a turn, and what an operator does about a fault.
#define BOOST_TEST_MODULE workflow.machine_limits
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using std::chrono::seconds;
using test::trial;

namespace {

constexpr std::string_view ask
  = "call: http, with: {method: get, endpoint: 'http://x.test/'}";

machine_limits steps(std::uint32_t n) {
  machine_limits l;
  l.turn_steps_max = n;
  return l;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_task_that_takes_too_long_faults) {
  trial f{"do:\n- a: {" + std::string{ask} + ", timeout: {after: PT5S}}\n"};
  f.pass(duration{4999});
  BOOST_TEST(f.status() == "running");
  f.pass(duration{1});
  BOOST_TEST(f.fault() == "timeout 408 /do/0/a");
  BOOST_TEST(f.run.outstanding().empty());
}

BOOST_AUTO_TEST_CASE(a_timeout_can_be_caught_outside_of_its_task) {
  trial f{"use: {timeouts: {soon: {after: {seconds: 5}}}}\ndo:\n- guard:\n"
          "    try: [{a: {wait: PT1H, timeout: soon}}]\n"
          "    catch: {errors: {with: {status: 408}}, "
          "do: [{n: {set: '${ $error.instance }'}}]}\n"};
  f.to_next_timer();
  BOOST_TEST(f.output() == R"("/do/0/guard/try/0/a")");
  BOOST_TEST(!f.run.next_timer());
}

BOOST_AUTO_TEST_CASE(a_try_does_not_catch_its_own_timeout) {
  trial f{"do:\n- guard:\n    timeout: {after: PT1S}\n"
          "    try: [{a: {wait: PT1H}}]\n    catch: {do: [{n: {set: '1'}}]}\n"};
  f.to_next_timer();
  BOOST_TEST(f.fault() == "timeout 408 /do/0/guard");
}

BOOST_AUTO_TEST_CASE(the_shortest_of_nested_timeouts_fires) {
  for (const auto& [outer, inner, instance] :
       {std::tuple{"PT1S", "PT9S", "/do/0/block"},
        std::tuple{"PT9S", "PT1S", "/do/0/block/do/0/a"}}) {
    trial f{"timeout: {after: PT1M}\ndo:\n- block:\n    timeout: {after: "
            + std::string{outer} + "}\n    do: [{a: {wait: PT1H, timeout: "
            + "{after: " + inner + "}}}]\n"};
    f.to_next_timer();
    BOOST_TEST(f.fault() == "timeout 408 " + std::string{instance});
  }
}

BOOST_AUTO_TEST_CASE(a_timeout_may_be_computed) {
  trial f{"do:\n- a: {wait: PT1H, timeout: {after: '${ .limit }'}}\n",
          {{"limit", "PT7S"}}};
  BOOST_TEST((*f.run.next_timer() == f.now + seconds{7}));
}

BOOST_AUTO_TEST_CASE(a_workflow_that_takes_too_long_faults) {
  trial f{"timeout: {after: PT5S}\ndo:\n- guard:\n    try: [{a: {"
          + std::string{ask}
          + "}}]\n    catch: {do: [{never: {set: '\"never\"'}}]}\n"};
  f.to_next_timer();
  BOOST_TEST(f.fault() == "timeout 408 /");
  BOOST_TEST(f.run.outstanding().empty());
  // A retry gives it its time again and orders again what was under way.
  const auto key = f.state().frames.rbegin()->second.attempt;
  f.grant(requests::retry{});
  BOOST_TEST(f.status() == "running");
  BOOST_TEST(f.call().attempt == key + 1);
  BOOST_TEST((*f.run.next_timer() == f.now + seconds{5}));
  f.reply(test::ok("1"));
  BOOST_TEST(f.output() == "1");
}

BOOST_AUTO_TEST_CASE(an_endless_loop_is_cut_and_stays_cancellable) {
  trial f{
    test::flow_of("do:\n- a: {wait: PT1S}\n- b: {set: '\"x\"', then: b}\n"),
    nullptr, steps(50)};
  f.now += seconds{1};
  auto made = f.decide(reports::time_passed{});
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE(made.has_value());
    BOOST_TEST(made->unfinished);
    BOOST_TEST(made->events.size() <= 102U);
    BOOST_TEST(f.run.has_work());
    made = f.decide(reports::go_on{});
  }
  f.grant(requests::cancel{"endless"});
  BOOST_TEST(f.status() == "cancelled");
  BOOST_TEST(!f.run.has_work());
}

BOOST_AUTO_TEST_CASE(a_cut_turn_goes_on_after_a_crash) {
  trial f{
    test::flow_of("do:\n- a: {wait: PT1S}\n- b: {set: '${ .n + 1 | {n: .} "
                  "}'}\n- c: {switch: [{m: {when: .n < 500, then: b}}]}\n"),
    json::value{{"n", 0}}, steps(20)};
  f.now += seconds{1};
  auto made = f.decide(reports::time_passed{});
  int turns = 0;
  while (made && made->unfinished && turns < 1000) {
    ++turns;
    f.crash();
    made = f.decide(reports::go_on{});
  }
  BOOST_TEST(f.output() == R"({"n":500})");
  BOOST_TEST(turns > 40);
}

BOOST_AUTO_TEST_CASE(costly_expressions_cut_a_turn_as_well) {
  machine_limits l;
  l.step_budget.steps = 20'000;
  const auto of
    = test::flow_of("do:\n- a: {set: '${ [range(1000)] | length }', then: b}\n"
                    "- b: {switch: [{x: {when: . > 0, then: a}}]}\n");
  machine m{of, l};
  auto made = m.decide(requests::create{"test", "one", null_datum(), {}},
                       {from_unix_ms(0), 1});
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(made->unfinished);
  BOOST_TEST(made->events.size() < 200U);
}

BOOST_AUTO_TEST_CASE(an_expression_over_its_budget_is_an_error_of_its_task) {
  machine_limits l;
  l.step_budget.steps = 1000;
  const trial f{test::flow_of("do:\n- a: {set: '${ [range(100000)] }'}\n"),
                nullptr, l};
  BOOST_TEST(f.fault() == "expression 400 /do/0/a");
}

BOOST_AUTO_TEST_CASE(a_value_that_grows_without_end_is_an_error_of_its_task) {
  machine_limits l;
  l.payload_max = 1000;
  const trial f{test::flow_of("do:\n- a: {set: {v: xxxxxxxx}}\n"
                              "- b: {set: {v: '${ .v + .v }'}, then: b}\n"),
                nullptr, l};
  BOOST_TEST(f.fault() == "expression 400 /do/1/b");
}

BOOST_AUTO_TEST_CASE(a_list_to_go_through_is_bounded_as_other_values_are) {
  machine_limits l;
  l.payload_max = 1000;
  const trial f{test::flow_of("do:\n- l: {for: {in: '${ [range(1000)] }'}, "
                              "do: [{a: {set: '1'}}]}\n"),
                nullptr, l};
  BOOST_TEST(f.fault() == "expression 400 /do/0/l");
}

BOOST_AUTO_TEST_CASE(commit_each_ends_the_turn_behind_a_task) {
  const auto of = test::flow_of("do:\n- a: {set: '1'}\n"
                                "- b: {set: '2', metadata: {commit: each}}\n"
                                "- c: {set: '3'}\n- d: {set: '4'}\n");
  machine m{of};
  auto made = m.decide(requests::create{"test", "one", null_datum(), {}},
                       {from_unix_ms(0), 1});
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(made->unfinished);
  BOOST_TEST(task_of(made->events.back()) == "/do/1/b");
  made = m.decide(reports::go_on{}, {from_unix_ms(0), 1});
  BOOST_TEST(!made->unfinished);
  BOOST_TEST((m.state().status == instance_status::completed));
}

BOOST_AUTO_TEST_CASE(a_document_may_ask_for_a_commit_per_task) {
  const auto of = test::flow_of(R"(document:
  dsl: 1.0.3
  namespace: test
  name: flow
  version: 1.0.0
  metadata: {commit: each}
do:
- a: {set: '1'}
- b: {set: '2'}
)");
  machine m{of};
  auto made = m.decide(requests::create{"test", "one", null_datum(), {}},
                       {from_unix_ms(0), 1});
  for (const auto* task : {"/do/0/a", "/do/1/b"}) {
    BOOST_REQUIRE(made.has_value());
    BOOST_TEST(made->unfinished);
    BOOST_TEST(task_of(made->events.back()) == task);
    made = m.decide(reports::go_on{}, {from_unix_ms(0), 1});
  }
  BOOST_TEST((m.state().status == instance_status::completed));
}

BOOST_AUTO_TEST_CASE(an_operator_retries_the_faulted_task) {
  trial f{"do:\n- pre: {set: {n: 1}}\n- a: {" + std::string{ask}
          + ", output: {as: '${ [., $input] }'}}\n"};
  const auto first = f.call();
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  f.crash();
  f.grant(requests::retry{});
  BOOST_TEST(f.status() == "running");
  BOOST_TEST(f.shown().at("endedAt").is_null());
  BOOST_TEST(f.shown().at("error").is_null());
  const auto again = f.call();
  BOOST_TEST(again.effect_key == first.effect_key);
  BOOST_TEST(again.attempt == 2U);
  f.reply(test::ok("7"));
  BOOST_TEST(f.output() == R"([7,{"n":1}])");
}

BOOST_AUTO_TEST_CASE(an_operator_may_replace_the_input) {
  trial f{"do:\n- a: {input: {from: .x}, set: '${ . / 2 }'}\n",
          {{"x", "text"}}};
  BOOST_TEST(f.fault() == "expression 400 /do/0/a");
  f.grant(requests::retry{make_datum({{"x", 8}}), ""});
  BOOST_TEST(f.output() == "4");
  trial whole{"output: {as: '${ error }'}\ndo: [{a: {set: '\"no\"'}}]\n"};
  const auto why
    = whole.refusal(requests::retry{make_datum(json::object{}), ""});
  BOOST_TEST((why.what.code == errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(a_retry_arms_the_enclosing_limits_anew) {
  trial f{"timeout: {after: PT1M}\ndo:\n- block:\n    timeout: {after: PT30S}\n"
          "    do: [{a: {"
          + std::string{ask} + ", timeout: {after: PT10S}}}]\n"};
  f.pass(seconds{9});
  f.reply(test::status_of(500));
  BOOST_TEST(!f.run.next_timer());
  f.pass(std::chrono::hours{1});
  f.grant(requests::retry{});
  BOOST_TEST((*f.run.next_timer() == f.now + seconds{10}));
  f.reply(test::ok());
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_workflow_whose_input_fails_does_not_run_without_it) {
  trial f{"input: {from: '${ .n | tonumber }'}\ndo: [{a: {set: '\"x\"'}}]\n",
          {{"n", "no"}}};
  BOOST_TEST(f.fault() == "expression 400 /");
  f.grant(requests::retry{});
  BOOST_TEST(f.fault() == "expression 400 /");
  BOOST_TEST(f.count("task.started") == 0U);
}

BOOST_AUTO_TEST_CASE(a_workflow_whose_output_fails_can_be_retried) {
  trial f{"output: {as: '${ error }'}\ndo: [{a: {set: '\"no\"'}}]\n"};
  BOOST_TEST(f.fault() == "expression 400 /");
  f.grant(requests::retry{});
  BOOST_TEST(f.fault() == "expression 400 /");
  BOOST_TEST(f.count("task.started") == 1U);
  f.grant(requests::cancel{});
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_retry_of_a_task_in_a_try_counts_against_the_policy) {
  trial f{"do:\n- guard:\n    try: [{a: {" + std::string{ask}
          + "}}]\n    catch: {retry: {limit: {attempt: {count: 1}}}}\n"};
  f.reply(test::status_of(500));
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{});
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{});
  f.reply(test::ok("1"));
  BOOST_TEST(f.output() == "1");
}
