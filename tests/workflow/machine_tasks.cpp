// What each task kind does with its data, and where the flow goes on behind
// it. HTTP calls and events have files of their own.
#define BOOST_TEST_MODULE workflow.machine_tasks
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

// The output of a workflow that needs nothing of the world.
std::string output_of(std::string_view text,
                      const json::value& given = json::object{}) {
  const trial f{text, given};
  return f.status() == "completed" ? f.output() : f.fault();
}

using lines = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(set_replaces_the_data) {
  BOOST_TEST(output_of("do:\n- a: {set: {n: 1}}\n- b: {set: {m: 2}}\n")
             == R"({"m":2})");
  BOOST_TEST(output_of("do:\n- a: {set: '${ .n + 1 }'}\n", {{"n", 4}}) == "5");
  BOOST_TEST(
    output_of(R"(do: [{a: {set: {deep: {list: [1, '${ .n }', {x: '${.n}'}]},
                                    text: 'n is ${ .n }'}}}])",
              {{"n", 4}})
    == R"({"deep":{"list":[1,4,{"x":4}]},"text":"n is ${ .n }"})");
}

BOOST_AUTO_TEST_CASE(expressions_in_data_are_never_evaluated) {
  BOOST_TEST(output_of("do:\n- a: {set: {got: '${ .text }'}}\n",
                       {{"text", "${ 1 + 1 }"}})
             == R"({"got":"${ 1 + 1 }"})");
}

BOOST_AUTO_TEST_CASE(several_values_are_an_error_and_none_is_null) {
  BOOST_TEST(output_of("do:\n- a: {set: {n: '${ 1, 2 }'}}\n")
             == "expression 400 /do/0/a");
  BOOST_TEST(output_of("do:\n- a: {set: {n: '${ empty }'}}\n")
             == R"({"n":null})");
}

BOOST_AUTO_TEST_CASE(do_runs_in_order_and_nests) {
  BOOST_TEST(output_of(R"(
do:
- outer:
    do:
    - a: {set: '${ . + [1] }'}
    - inner: {do: [{b: {set: '${ . + [2] }'}}]}
- c: {set: '${ . + [3] }'}
)",
                       json::array{})
             == "[1,2,3]");
}

BOOST_AUTO_TEST_CASE(switch_takes_the_first_match_else_the_default) {
  constexpr std::string_view text = R"(
do:
- choose:
    switch:
    - other: {then: low}
    - big: {when: .n > 10, then: high}
    - huge: {when: '${ .n > 100 }', then: end}
- none: {set: '"none"', then: end}
- low: {set: '"low"', then: end}
- high: {set: '"high"'}
)";
  BOOST_TEST(output_of(text, {{"n", 1}}) == R"("low")");
  BOOST_TEST(output_of(text, {{"n", 11}}) == R"("high")");
  BOOST_TEST(output_of(text, {{"n", 101}}) == R"("high")");
}

BOOST_AUTO_TEST_CASE(switch_without_a_match_follows_its_own_then) {
  constexpr std::string_view text = R"(
do:
- choose:
    switch: [{big: {when: .n > 10, then: end}}]
    then: last
- skipped: {set: '"skipped"'}
- last: {set: '${ [., "last"] }'}
)";
  BOOST_TEST(output_of(text, {{"n", 1}}) == R"([{"n":1},"last"])");
  BOOST_TEST(output_of(text, {{"n", 11}}) == R"({"n":11})");
}

BOOST_AUTO_TEST_CASE(for_hands_the_output_of_one_iteration_to_the_next) {
  BOOST_TEST(output_of(R"(
do:
- sum:
    for: {each: x, at: i, in: .list}
    do: [{add: {set: '${ {list, sum: (.sum + $x), last: $i} }'}}]
    output: {as: '${ {sum, last} }'}
)",
                       {{"list", {5, 6, 7}}, {"sum", 0}})
             == R"({"sum":18,"last":2})");
}

BOOST_AUTO_TEST_CASE(for_names_its_item_and_index) {
  BOOST_TEST(output_of(R"(
do:
- all:
    for: {in: '${ ["a", "b"] }'}
    do: [{note: {set: '${ . + [[$index, $item]] }'}}]
)",
                       json::array{})
             == R"([[0,"a"],[1,"b"]])");
}

BOOST_AUTO_TEST_CASE(nested_loops_see_both_items) {
  BOOST_TEST(output_of(R"(
do:
- outer:
    for: {each: a, in: '${ [1, 2] }'}
    do:
    - inner:
        for: {each: b, in: '${ [$a * 10, $a * 10 + 1] }'}
        do: [{note: {set: '${ . + [[$a, $b]] }'}}]
)",
                       json::array{})
             == "[[1,10],[1,11],[2,20],[2,21]]");
}

BOOST_AUTO_TEST_CASE(for_over_nothing_gives_its_input) {
  for (const auto* in : {"${ [] }", "${ empty }"})
    BOOST_TEST(output_of("do:\n- all: {for: {in: '" + std::string{in}
                           + "'}, do: [{a: {set: '\"x\"'}}]}\n",
                         {{"n", 1}})
               == R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(for_takes_several_values_as_the_list) {
  BOOST_TEST(output_of(R"(
do:
- all: {for: {in: '.list[]'}, do: [{a: {set: '${ . + {n: ((.n // 0) + $item)} }'}}],
        output: {as: .n}}
)",
                       {{"list", {1, 2, 3}}})
             == "6");
}

BOOST_AUTO_TEST_CASE(for_takes_one_value_of_a_generator_as_a_list_of_one) {
  const auto rounds = [](const std::string& in, const json::value& items) {
    return output_of("do:\n- all: {for: {in: '" + in
                       + "'}, do: [{a: {set: '${ .seen += [$item] }'}}], "
                         "output: {as: .seen}}\n",
                     {{"items", items}});
  };
  using list = json::array;
  BOOST_TEST(rounds("${ .items[] }", list{list{1, 2}, 3}) == "[[1,2],3]");
  BOOST_TEST(rounds("${ .items[] }", list{list{1, 2}}) == "[[1,2]]");
  BOOST_TEST(rounds("${ .items[] }", list{5}) == "[5]");
  BOOST_TEST(rounds("${ .items[] }", list{}) == "null");
  BOOST_TEST(rounds("${ .items[] | select(. > 4) }", list{1, 5}) == "[5]");
  BOOST_TEST(rounds("${ .items | select(length > 1) }", list{1, 5}) == "[1,5]");
  BOOST_TEST(rounds("${ .items // empty }", list{1, 5}) == "[1,5]");
  BOOST_TEST(rounds("${ first(.items[]) }", list{list{1, 2}}) == "[1,2]");
}

BOOST_AUTO_TEST_CASE(for_takes_one_value_of_a_generator_from_a_helper) {
  const auto rounds = [](const std::string& in) {
    trial t{"do:\n- rest: {wait: PT1S}\n- all: {for: {in: '" + in
              + "'}, do: [{a: {set: '${ .seen += [$item] }'}}], "
                "output: {as: .seen}}\n",
            json::object{}};
    t.help = [](const evaluation&) -> result<std::vector<json::value>> {
      return std::vector<json::value>{json::array{1, 2}};
    };
    t.to_next_timer();
    return t.output();
  };
  BOOST_TEST(rounds("${ splits(\"a\") }") == "[[1,2]]");
  BOOST_TEST(rounds("${ split(\"a\"; null) }") == "[1,2]");
}

BOOST_AUTO_TEST_CASE(for_over_no_array_is_an_expression_error) {
  for (const auto* in : {"${ 7 }", "${ null }", "${ {a: 1} }", "${ .n.x }"})
    BOOST_TEST(output_of("do:\n- all: {for: {in: '" + std::string{in}
                           + "'}, do: [{a: {set: '\"x\"'}}]}\n",
                         {{"n", 1}})
               == "expression 400 /do/0/all");
}

BOOST_AUTO_TEST_CASE(for_stops_when_while_does_not_hold) {
  constexpr std::string_view text = R"(
do:
- all:
    for: {each: x, in: '${ [1, 2, 3, 4] }'}
    while: . < 3 and $x != 4
    do: [{add: {set: '${ . + $x }'}}]
)";
  BOOST_TEST(output_of(text, 0) == "3");
  BOOST_TEST(output_of(text, 9) == "9");
  BOOST_TEST(output_of(R"(
do:
- all: {for: {in: '${ [1] }'}, while: '. | error("x")', do: [{a: {set: '"x"'}}]}
)") == "expression 400 /do/0/all");
}

BOOST_AUTO_TEST_CASE(exit_ends_the_loop_and_end_the_workflow) {
  const auto text = [](const std::string& to) {
    return R"(
do:
- all:
    for: {in: '${ [1, 2, 3] }'}
    do:
    - add: {set: '${ . + [$item] }', then: )"
           + to + R"(}
    - more: {set: '${ . + ["more"] }'}
- after: {set: '${ . + ["after"] }'}
)";
  };
  BOOST_TEST(output_of(text("exit"), json::array{}) == R"([1,"after"])");
  BOOST_TEST(output_of(text("end"), json::array{}) == "[1]");
  BOOST_TEST(output_of(text("continue"), json::array{})
             == R"([1,"more",2,"more",3,"more","after"])");
}

BOOST_AUTO_TEST_CASE(exit_leaves_the_scope_it_stands_in) {
  BOOST_TEST(output_of(R"(
do:
- block:
    do:
    - a: {set: '${ . + ["a"] }', then: exit}
    - b: {set: '${ . + ["b"] }'}
- c: {set: '${ . + ["c"] }', then: exit}
- d: {set: '${ . + ["d"] }'}
)",
                       json::array{})
             == R"(["a","c"])");
}

BOOST_AUTO_TEST_CASE(then_jumps_forward_and_back) {
  trial f{R"(
do:
- start: {set: '${ . + {n: ((.n // 0) + 1)} }', then: check}
- never: {set: '"never"'}
- check: {switch: [{again: {when: .n < 5, then: start}}]}
- done: {set: '${ {total: .n} }'}
)"};
  BOOST_TEST(f.output() == R"({"total":5})");
  BOOST_TEST(f.count("task.started") == 11U);
}

BOOST_AUTO_TEST_CASE(end_inside_try_inside_do_ends_the_workflow) {
  BOOST_TEST(output_of(R"(
do:
- block:
    do:
    - guard:
        try: [{stop: {set: '"stopped"', then: end}}]
        catch: {do: [{never: {set: '"never"'}}]}
- after: {set: '"after"'}
output: {as: '${ {was: .} }'}
)") == R"({"was":"stopped"})");
}

BOOST_AUTO_TEST_CASE(if_skips_a_task_and_keeps_the_data) {
  trial f{R"(
do:
- a: {if: .n > 5, set: '"big"', then: end}
- b: {if: '${ null }', set: '"null task"'}
- c: {if: .n, set: '${ .n }'}
)",
          {{"n", 1}}};
  BOOST_TEST(f.output() == "1");
  BOOST_TEST(f.count("task.skipped") == 2U);
  BOOST_TEST(output_of("do:\n- a: {if: .n.x, set: '\"x\"'}\n", {{"n", 1}})
             == "expression 400 /do/0/a");
}

BOOST_AUTO_TEST_CASE(if_sees_the_raw_input) {
  BOOST_TEST(output_of(R"(
do:
- a: {if: .deep.n == 1, input: {from: .deep}, set: '${ [., .n] }'}
)",
                       {{"deep", {{"n", 1}}}})
             == R"([{"n":1},1])");
}

BOOST_AUTO_TEST_CASE(a_wait_of_nothing_is_over_at_once) {
  trial f{"do:\n- nap: {wait: PT0S}\n- a: {set: {n: 1}}\n"};
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.count("timer.armed") == 0U);
}

BOOST_AUTO_TEST_CASE(a_wait_ends_at_its_time_and_not_before) {
  trial f{"do:\n- nap: {wait: {minutes: 1, milliseconds: 5}}\n", {{"n", 1}}};
  BOOST_TEST(f.status() == "waiting");
  const auto shown = f.shown();
  const auto& current = shown.at("current").at(0);
  BOOST_TEST(current.at("waitingFor").at("kind").as_string() == "timer");
  BOOST_TEST((f.run.next_timer() == f.now + duration{60'005}));
  f.pass(duration{60'004});
  BOOST_TEST(f.status() == "waiting");
  f.pass(duration{1});
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.output() == R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(a_wait_may_be_computed_and_counts_calendar_months) {
  trial f{"do:\n- nap: {wait: '${ .length }'}\n", {{"length", "P1M"}}};
  // From 2025-06-15T15:06:40Z to 2025-07-15: thirty days.
  BOOST_TEST((*f.run.next_timer() == f.now + std::chrono::hours{30 * 24}));
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(
    output_of("do:\n- nap: {wait: '${ .length }'}\n", {{"length", "-PT1S"}})
    == "expression 400 /do/0/nap");
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_back_does_not_fire_early) {
  trial f{"do:\n- nap: {wait: PT1M}\n"};
  f.pass(-std::chrono::hours{1});
  BOOST_TEST(f.status() == "waiting");
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(raise_makes_a_problem_of_its_parts) {
  const trial f{R"x(
do:
- fail:
    raise:
      error:
        type: https://pawl.test/errors/broken
        status: 418
        title: '${ "Broken \(.n)" }'
        detail: plain
)x",
                {{"n", 7}}};
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(
    to_text(f.error())
    == R"({"type":"https://pawl.test/errors/broken","status":418,)"
       R"("title":"Broken 7","detail":"plain","instance":"/do/0/fail"})");
  const auto shown = f.shown().at("error");
  BOOST_TEST(shown.at("attempt").to_number<int>() == 1);
  BOOST_TEST(shown.as_object().contains("at"));
}

BOOST_AUTO_TEST_CASE(the_type_of_an_error_is_a_template) {
  const auto fault = [](std::string_view type, json::value input) {
    return trial{"do:\n- fail: {input: {from: .given}, raise: {error: {type: '"
                   + std::string{type} + "', status: 409}}}\n",
                 {{"given", std::move(input)}}}
      .fault();
  };
  BOOST_TEST(fault("https://pawl.test/errors/{kind}", {{"kind", "sold out"}})
             == "sold%20out 409 /do/0/fail");
  BOOST_TEST(fault("https://pawl.test/{kind}", {{"kind", {1}}})
             == "expression 400 /do/0/fail");
}

BOOST_AUTO_TEST_CASE(raise_takes_a_named_error_and_its_own_instance) {
  BOOST_TEST(output_of(R"(
use:
  errors:
    broken: {type: 'https://pawl.test/broken', status: 500, instance: '/mine'}
do:
- fail: {raise: {error: broken}}
)") == "broken 500 /mine");
  BOOST_TEST(output_of(R"(
do:
- fail: {raise: {error: {type: '${ .x | error("no") }', status: 500}}}
)") == "expression 400 /do/0/fail");
}

BOOST_AUTO_TEST_CASE(a_history_tells_what_happened) {
  trial f{"do:\n- a: {set: {n: 1}}\n- b: {wait: PT1S}\n"};
  f.to_next_timer();
  BOOST_TEST(
    f.news()
    == (lines{"instance.created", "instance.started", "task.started /do/0/a",
              "task.completed /do/0/a", "task.started /do/1/b", "timer.armed",
              "timer.fired", "task.completed /do/1/b", "instance.completed"}));
  BOOST_TEST(f.shown().at("progress").at("completed").to_number<int>() == 2);
}
