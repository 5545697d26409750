// The data flow of the DSL's section 6 and what expressions see where.
#define BOOST_TEST_MODULE workflow.machine_data
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

std::string output_of(std::string_view text,
                      const json::value& given = json::object{}) {
  const trial f{text, given};
  return f.status() == "completed" ? f.output() : f.fault();
}

} // namespace

BOOST_AUTO_TEST_CASE(data_is_transformed_on_its_way) {
  trial f{R"(
input: {from: .in}
output: {as: '${ {result: ., seen: $context} }'}
do:
- a:
    input: {from: '${ {from: .n} }'}
    set: '${ {body: .from, input: $input} }'
    output: {as: '${ {as: .body, input: $input.from} }'}
    export: {as: '${ {exported: $output.as, dot: .as, was: $context} }'}
)",
          {{"in", {{"n", 3}}}}};
  BOOST_TEST(
    f.output()
    == R"({"result":{"as":3,"input":3},"seen":{"exported":3,"dot":3,"was":{}}})");
  BOOST_TEST(f.context() == R"({"exported":3,"dot":3,"was":{}})");
}

BOOST_AUTO_TEST_CASE(context_stays_until_the_next_export) {
  BOOST_TEST(output_of(R"(
do:
- a: {set: '1', export: {as: '${ {a: .} }'}}
- b: {set: '2'}
- c: {set: '${ [., $context.a] }'}
)") == "[2,1]");
}

BOOST_AUTO_TEST_CASE(an_input_that_breaks_the_schema_creates_nothing) {
  constexpr std::string_view text = R"(
input: {schema: {format: json, document: {type: object, required: [n]}}}
do: [{a: {set: '${ .n }'}}]
)";
  machine m{test::flow_of(text)};
  const auto made
    = m.decide(requests::create{"test", "one", make_datum(json::object{}), {}},
               {from_unix_ms(0), 1});
  BOOST_REQUIRE(!made);
  const auto why = made.error();
  BOOST_TEST((why.what.code == errc::invalid_input));
  const auto& problem = why.members.at("error");
  BOOST_TEST(problem.at("type").as_string().ends_with("/validation"));
  BOOST_TEST(problem.at("status").to_number<int>() == 400);
  BOOST_TEST(m.state().last == 0U);
  BOOST_TEST(output_of(text, {{"n", 1}}) == "1");
}

BOOST_AUTO_TEST_CASE(schemas_guard_every_station) {
  const auto task = [](std::string_view rule) {
    return output_of("do:\n- a: {set: {n: '${ .n }'}, " + std::string{rule}
                       + "}\n",
                     {{"n", "text"}});
  };
  const std::string number
    = "{format: json, document: {type: object, properties: {n: {type: "
      "integer}}}}";
  BOOST_TEST(task("input: {schema: " + number + "}")
             == "validation 400 /do/0/a");
  BOOST_TEST(task("output: {schema: " + number + "}")
             == "validation 400 /do/0/a");
  BOOST_TEST(task("output: {schema: " + number + ", as: '${ {n: 1} }'}")
             == R"({"n":1})");
  BOOST_TEST(task("export: {as: '${ . }', schema: " + number + "}")
             == "validation 400 /do/0/a");
  BOOST_TEST(
    output_of("output: {schema: " + number + "}\ndo: [{a: {set: {n: text}}}]\n")
    == "validation 400 /");
}

BOOST_AUTO_TEST_CASE(the_schema_of_an_input_checks_it_raw) {
  BOOST_TEST(output_of(R"(
do:
- a:
    input:
      schema: {format: json, document: {type: object, required: [n]}}
      from: .n
    set: '${ . }'
)",
                       {{"n", 3}})
             == "3");
}

BOOST_AUTO_TEST_CASE(tasks_see_themselves_and_their_workflow) {
  trial f{R"(
do:
- block:
    do:
    - a:
        input: {from: .n}
        set:
          name: ${ $task.name }
          reference: ${ $task.reference }
          raw: ${ $task.input }
          kind: ${ $task.definition.set.name }
          id: ${ $workflow.id }
          workflow: ${ $workflow.definition.document.name }
          given: ${ $workflow.input }
          runtime: ${ $runtime.name }
          started: ${ $task.startedAt.epoch.milliseconds - $workflow.startedAt.epoch.milliseconds }
          iso: ${ $workflow.startedAt.iso8601 }
)",
          {{"n", 3}}};
  BOOST_TEST(f.output()
             == R"({"name":"a","reference":"/do/0/block/do/0/a","raw":{"n":3},)"
                R"("kind":"${ $task.name }","id":"one","workflow":"flow",)"
                R"("given":{"n":3},"runtime":"pawl","started":0,)"
                R"("iso":"2025-06-15T15:06:40.000Z"})");
}

BOOST_AUTO_TEST_CASE(the_raw_output_is_seen_by_the_output_rule) {
  BOOST_TEST(output_of(R"(
do: [{a: {set: {n: 1}, output: {as: '${ [., $task.output] }'}}}]
)") == R"([{"n":1},{"n":1}])");
}

BOOST_AUTO_TEST_CASE(a_turn_has_one_time) {
  BOOST_TEST(output_of("do:\n- a: {set: '${ now }'}\n") == "1750000000");
}

BOOST_AUTO_TEST_CASE(every_place_of_a_task_reports_a_failing_expression) {
  const std::string bad = "'${ .n | error(\"no\") }'";
  const std::pair<std::string, std::string> places[] = {
    {"if: " + bad + ", set: '0'", "/do/0/a"},
    {"input: {from: " + bad + "}, set: '0'", "/do/0/a"},
    {"set: " + bad, "/do/0/a"},
    {"set: {deep: [" + bad + "]}", "/do/0/a"},
    {"set: '\"x\"', output: {as: " + bad + "}", "/do/0/a"},
    {"set: '\"x\"', export: {as: " + bad + "}", "/do/0/a"},
    {"wait: PT1S, timeout: {after: " + bad + "}", "/do/0/a"},
    {"wait: " + bad, "/do/0/a"},
    {"switch: [{x: {when: " + bad + ", then: end}}]", "/do/0/a"},
    {"for: {in: " + bad + "}, do: [{b: {set: '\"x\"'}}]", "/do/0/a"},
    {"emit: {event: {with: {type: x, data: " + bad + "}}}", "/do/0/a"},
    {"call: http, with: {method: get, endpoint: " + bad + "}", "/do/0/a"},
    {"call: http, with: {method: get, endpoint: 'http://x', query: {a: " + bad
       + "}}",
     "/do/0/a"},
    {"call: http, with: {method: get, endpoint: 'http://x', headers: {a: " + bad
       + "}}",
     "/do/0/a"},
    {"call: http, with: {method: put, endpoint: 'http://x', body: {a: " + bad
       + "}}",
     "/do/0/a"},
    {"raise: {error: {type: 'https://x/y', status: 400, title: " + bad + "}}",
     "/do/0/a"},
    {"try: [{b: {raise: {error: {type: 'https://x/y', status: 400}}}}], "
     "catch: {when: "
       + bad + "}",
     "/do/0/a"},
    {"try: [{b: {raise: {error: {type: 'https://x/y', status: 400}}}}], "
     "catch: {retry: {delay: "
       + bad + "}}",
     "/do/0/a"}};
  for (const auto& [task, instance] : places)
    BOOST_TEST_CONTEXT(task) {
      const trial f{"do:\n- a: {" + task + "}\n", {{"n", 1}}};
      BOOST_TEST(f.fault() == "expression 400 " + instance);
      BOOST_TEST(f.error().at("title").as_string() == "Expression Error");
    }
  for (const auto* whole :
       {"input: {from: '${ error }'}\ndo: [{a: {set: '\"x\"'}}]\n",
        "output: {as: '${ error }'}\ndo: [{a: {set: '\"x\"'}}]\n",
        "timeout: {after: '${ error }'}\ndo: [{a: {set: '\"x\"'}}]\n"}) {
    const trial f{whole, "no"};
    BOOST_TEST(f.fault() == "expression 400 /");
  }
}

BOOST_AUTO_TEST_CASE(a_sandboxed_expression_may_stand_in_every_place) {
  // `test` is left to the helper, which answers with a mark.
  const std::string ask = "'${ test(\"x\") }'";
  const std::string places[] = {
    "if: " + ask + ", set: '0'",
    "input: {from: " + ask + "}, set: '0'",
    "set: " + ask,
    "set: {a: " + ask + ", b: [" + ask + "]}",
    "set: '\"x\"', output: {as: " + ask + "}",
    "set: '\"x\"', export: {as: " + ask + "}",
    "switch: [{x: {when: " + ask + ", then: end}}]",
    "for: {in: '${ [1, 2] }'}, while: " + ask + ", do: [{b: {set: '\"x\"'}}]",
    "emit: {event: {with: {type: x, data: " + ask + "}}}",
    "try: [{b: {raise: {error: {type: 'https://x/y', status: 400}}}}], "
    "catch: {when: "
      + ask + ", do: [{c: {set: '\"x\"'}}]}"};
  for (const auto& task : places)
    BOOST_TEST_CONTEXT(task) {
      const auto of = test::flow_of("do:\n- a: {" + task + "}\n");
      BOOST_TEST(of->sandboxed_count > 0U);
      const auto lead = [&](const result<std::vector<json::value>>& value) {
        machine m{of};
        auto made
          = m.decide(requests::create{"test", "one", make_datum("x"), {}},
                     {from_unix_ms(0), 1});
        int asked = 0;
        while (made && made->needs) {
          ++asked;
          BOOST_TEST(
            (made->needs->program->runs_on() == expression::engine::sandboxed));
          made = m.decide(reports::evaluated{value}, {from_unix_ms(9), 2});
        }
        BOOST_TEST(asked > 0);
        return std::pair{std::string{to_text(m.state().status)},
                         to_text(*m.state().error)};
      };
      BOOST_TEST(lead(std::vector<json::value>{true}).first == "completed");
      const auto [status, why]
        = lead(error{errc::timed_out, "the deadline passed"});
      BOOST_TEST(status == "faulted");
      BOOST_TEST(why.find("/errors/expression") != std::string::npos);
      BOOST_TEST(why.find("the deadline passed") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_helper_sees_data_variables_and_time) {
  const auto of = test::flow_of(R"(
do:
- a: {set: '4', export: {as: '${ {c: .} }'}}
- b: {set: '${ [., $context, test("x")] }'}
)");
  machine m{of};
  const auto made
    = m.decide(requests::create{"test", "one", make_datum(nullptr), {}},
               {from_unix_ms(5), 1});
  BOOST_REQUIRE((made && made->needs));
  BOOST_TEST(to_text(made->needs->data) == "4");
  BOOST_TEST((made->needs->now == from_unix_ms(5)));
  BOOST_REQUIRE(made->needs->variables.size() == 1U);
  BOOST_TEST(made->needs->variables[0].first == "context");
  BOOST_TEST(to_text(made->needs->variables[0].second) == R"({"c":4})");
}

BOOST_AUTO_TEST_CASE(a_step_that_asks_twice_is_answered_in_order) {
  trial f{R"x(
do:
- a: {wait: PT1S}
- b: {set: {l: ['${ test("1") }', '${ 1 }', '${ test("2") }']}}
)x"};
  int asked = 0;
  f.help = [&](const evaluation& e) -> result<std::vector<json::value>> {
    ++asked;
    return std::vector<json::value>{json::value(e.program->text())};
  };
  f.to_next_timer();
  BOOST_TEST(asked == 2);
  BOOST_TEST(f.output() == R"x({"l":[" test(\"1\") ",1," test(\"2\") "]})x");
}

BOOST_AUTO_TEST_CASE(data_cannot_nest_without_end) {
  trial f{R"(
do:
- grow: {set: {in: '${ . }'}, then: grow}
)"};
  BOOST_TEST(f.fault() == "expression 400 /do/0/grow");
  // What was written can be read again.
  f.crash();
  BOOST_TEST(f.status() == "faulted");
}
