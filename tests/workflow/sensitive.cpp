#define BOOST_TEST_MODULE workflow.sensitive

#include "workflow/sensitive.hpp"

#include "tests/support/flow.hpp"
#include "workflow/lifecycle.hpp"
#include "workflow/parse.hpp"
#include "workflow/past_runs.hpp"
#include "workflow/sensitive_memory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace pawl;
using pawl::test::flow_of;
using pawl::test::ok;
using pawl::test::trial;

namespace {

/// The places in a schema, with blanks between them.
std::string places(std::string_view schema) {
  auto found = sensitive_places(*parse_json(schema), "/x");
  std::ranges::sort(found);
  std::string out;
  for (const auto& one : found)
    out += (out.empty() ? "" : " ") + one;
  return out;
}

std::string listed(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& one : all)
    out += (out.empty() ? "" : " ") + one;
  return out;
}

// A token that a service gives is used, and quoted in an error.
const auto login = R"(do:
- login:
    call: http
    with: {method: post, endpoint: 'http://auth.test/'}
    output:
      schema: {document: {properties: {token: {x-sensitive: true}, ok: {type: boolean, x-sensitive: true}}}}
- use:
    call: http
    with:
      method: post
      endpoint: 'http://svc.test/'
      headers: {Authorization: '${ "Bearer " + .token }'}
      body: {ok: '${ .ok }', who: ann}
- fail: {raise: {error: {type: 'https://x.test/e', status: 500, detail: '${ "bad " + ($input | tostring) }'}}}
)";

/// Everything that is shown of `t`, one text; `remembers`: as with its history.
std::string shown(const trial& t, bool remembers = true) {
  sensitive_memory seen{t.run.shared_flow()};
  std::vector<event> facts;
  for (const auto& [what, at] : t.history) {
    seen.see(what, at);
    facts.push_back(what);
  }
  const auto known = remembers ? seen.hider() : redactor_ptr{};
  const masker hides{t.state(), t.run.flow(), known};
  auto out
    = to_text(json::value(hides.instance(view(t.state(), t.run.flow()))));
  for (const auto& fact : facts)
    out += "\n"
           + to_text(json::value(
             hides.fact(type_of(fact), task_of(fact), to_json(fact))));
  for (const auto& one : lifecycle_of({.facts = facts,
                         .first = 1,
                         .at = t.now,
                         .after = t.state(),
                         .of = t.run.flow(),
                         .known = known},
                                      lifecycle_scope::tasks))
    out += "\n" + to_text(*one);
  return out;
}

bool holds(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(places_are_found_in_all_that_describes_the_value) {
  const struct {
    const char* schema;
    const char* found;
  } rows[] = {
    {R"({})", ""},
    {R"({"x-sensitive":true})", "/x"},
    {R"({"x-sensitive":false,"properties":{"a":{"x-sensitive":"yes"}}})", ""},
    {R"({"properties":{"a":{"x-sensitive":true},"b/c":{"x-sensitive":true}}})",
     "/x/a /x/b~1c"},
    {R"({"items":{"properties":{"a":{"x-sensitive":true}}}})", "/x/*/a"},
    {R"({"prefixItems":[{},{"x-sensitive":true}]})", "/x/*"},
    {R"({"contains":{"x-sensitive":true}})", "/x/*"},
    {R"({"patternProperties":{"^a":{"x-sensitive":true}}})", "/x/*"},
    {R"({"additionalProperties":{"properties":{"a":{"x-sensitive":true}}}})",
     "/x/*/a"},
    {R"({"anyOf":[{},{"properties":{"a":{"x-sensitive":true}}}]})", "/x/a"},
    {R"({"if":{},"then":{"properties":{"a":{"x-sensitive":true}}}})", "/x/a"},
    {R"({"dependentSchemas":{"b":{"properties":{"a":{"x-sensitive":true}}}}})",
     "/x/a"},
    {R"({"$ref":"#/$defs/p","$defs":{"p":{"properties":{"a":{"x-sensitive":true}}}}})",
     "/x/a"},
    {R"({"properties":{"b":{"$ref":"#p"}},"$defs":{"q":{"$anchor":"p","x-sensitive":true}}})",
     "/x/b"},
    {R"({"properties":{"b":{"$ref":"p.json#/$defs/s"}},"$defs":{"q":{"$id":"https://x.test/p.json","$defs":{"s":{"x-sensitive":true}}}}})",
     "/x/b"},
    {R"({"$ref":"#/nowhere"})", ""}};
  for (const auto& [schema, found] : rows)
    BOOST_TEST_CONTEXT(schema) {
      BOOST_TEST(places(schema) == found);
    }
}

BOOST_AUTO_TEST_CASE(what_contains_itself_is_hidden_at_any_depth) {
  const auto tree = R"({"properties":{"pin":{"x-sensitive":true},)"
                    R"("left":{"$ref":"#"},"right":{"$ref":"#"}}})";
  BOOST_TEST(places(tree) == "/x/**/pin /x/pin");
  const auto of = flow_of(std::string{"input: {schema: {document: "} + tree
                          + "}}\ndo:\n- a: {set: {b: 1}}\n");
  const trial t{
    of, *parse_json(R"({"pin":"1","left":{"right":{"pin":"2","n":3}}})"), {}};
  BOOST_TEST(
    to_text(masker{t.state(), *of}.instance(view(t.state(), *of)).at("input"))
    == R"({"pin":"***","left":{"right":{"pin":"***","n":3}}})");
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_too_large_to_be_searched_hides_all) {
  // Each level names the next one four times.
  std::string defs;
  for (int i = 0; i < 30; ++i) {
    const auto next = "{\"$ref\":\"#/$defs/" + std::to_string(i + 1) + "\"}";
    defs += "\"" + std::to_string(i) + "\":{\"properties\":{\"a\":" + next
            + ",\"b\":" + next + ",\"c\":" + next + ",\"d\":" + next + "}},";
  }
  BOOST_TEST(places("{\"$ref\":\"#/$defs/0\",\"$defs\":{" + defs
                    + "\"30\":{\"x-sensitive\":true}}}")
             == "/x");
}

BOOST_AUTO_TEST_CASE(schemas_of_tasks_and_of_resources_are_searched) {
  const std::string text
    = R"(document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0.0}
input: {schema: {resource: {endpoint: 'https://x.test/in.json'}}}
output: {schema: {document: {properties: {o: {x-sensitive: true}}}}}
use:
  functions:
    ask: {set: {a: 1}, output: {schema: {document: {properties: {f: {x-sensitive: true}}}}}}
do:
- a:
    set: {b: 1}
    input: {schema: {resource: {name: s, endpoint: {uri: 'https://x.test/task.json'}}}}
    output: {schema: {resource: {endpoint: 'https://x.test/task.json'}}}
    export: {schema: {resource: {endpoint: 'https://x.test/task.json'}}}
- b: {do: [{c: {set: {b: 1}, output: {schema: {document: {x-sensitive: true}}}}}]}
- d: {call: ask}
)";
  const auto made = parse_definition(
    text,
    {{"https://x.test/in.json",
      R"({"properties": {"card": {"x-sensitive": true}}})"},
     {"https://x.test/task.json", "properties: {pin: {$ref: '#/$defs/p'}}\n"
                                  "$defs: {p: {x-sensitive: true}}\n"}});
  BOOST_REQUIRE(made && made->made != nullptr);
  BOOST_TEST(listed(made->made->sensitive)
             == "/input/card /output/o /do/0/a/input/pin /do/0/a/output/pin "
                "/context/pin /do/1/b/do/0/c/output "
                "/use/functions/ask/output/f");
}

BOOST_AUTO_TEST_CASE(only_marks_of_tasks_and_contexts_need_a_memory) {
  const auto needed = [](const char* text) {
    return sensitive_memory::is_needed(*flow_of(text));
  };
  BOOST_TEST(!needed("do:\n- a: {set: {b: 1}}\n"));
  BOOST_TEST(!needed("input: {schema: {document: {x-sensitive: true}}}\n"
                     "output: {schema: {document: {properties: {a: "
                     "{x-sensitive: true}}}}}\ndo:\n- a: {set: {b: 1}}\n"));
  BOOST_TEST(needed(login));
  BOOST_TEST(needed("do:\n- a: {set: {b: 1}, export: {as: ., schema: "
                    "{document: {x-sensitive: true}}}}\n"));
}

BOOST_AUTO_TEST_CASE(what_a_task_puts_out_is_hidden_wherever_it_goes) {
  trial t{login};
  t.reply(ok(R"({"token":"tok-4711","ok":true})"));
  BOOST_TEST(t.call().headers.size() > 0U); // It is sent as it is.
  BOOST_TEST(holds(to_text(*t.order().arguments), "Bearer tok-4711"));
  t.reply(ok(R"({"heard":"tok-4711","ok":"yes"})"));
  BOOST_TEST(t.status() == "faulted");
  const auto all = shown(t);
  BOOST_TEST(!holds(all, "tok-4711"), all);
  // At its place whatever it is, in what others say by its text.
  BOOST_TEST(holds(all, R"("output":{"token":"***","ok":"***"})"), all);
  BOOST_TEST(holds(all, R"("Authorization":"Bearer ***")"), all);
  BOOST_TEST(holds(all, R"(bad {\"heard\":\"***\",\"ok\":\"yes\"})"), all);
  BOOST_TEST(holds(all, R"("who":"ann")"), all);
  // The state alone has forgotten it.
  BOOST_TEST(holds(shown(t, false), "tok-4711"));
}

BOOST_AUTO_TEST_CASE(what_flows_into_a_task_is_hidden_too) {
  const trial t{R"(do:
- make: {set: {pin: '9462-x', name: ann}}
- use:
    input:
      schema: {document: {properties: {pin: {x-sensitive: true}}}}
      from: '${ {p: .pin} }'
    set: {told: '${ "pin " + .p }'}
- end: {set: {name: ann}}
)"};
  BOOST_TEST(t.status() == "completed");
  const auto all = shown(t);
  BOOST_TEST(!holds(all, "9462-x"), all);
  BOOST_TEST(holds(all, "pin ***"), all);
  BOOST_TEST(holds(shown(t, false), "9462-x"));
}

BOOST_AUTO_TEST_CASE(a_context_that_is_gone_is_still_hidden) {
  const trial t{R"(do:
- make:
    set: {card: 'card-0815'}
    export: {as: ., schema: {document: {properties: {card: {x-sensitive: true}}}}}
- drop: {set: {note: '${ "had " + $context.card }'}, export: {as: '${ {} }'}}
)"};
  BOOST_TEST(t.context() == "{}");
  BOOST_TEST(!holds(shown(t), "card-0815"), shown(t));
}

BOOST_AUTO_TEST_CASE(runs_of_a_task_hide_their_places) {
  trial t{login};
  t.reply(ok(R"({"token":"abc","ok":false})"));
  const masker hides{t.state(), t.run.flow()};
  const task_run run{.task = "/do/0/login",
                     .status = "completed",
                     .made
                     = make_datum(*parse_json(R"({"token":"abc","n":1})")),
                     .started = t.now,
                     .ended = t.now};
  BOOST_TEST(to_text(hides.run(to_json(run)).at("output"))
             == R"({"token":"***","n":1})");
}

BOOST_AUTO_TEST_CASE(a_schema_does_not_quote_what_it_hides) {
  const auto strict = [](const char* schema) {
    return std::string{"do:\n- a:\n    call: http\n"
                       "    with: {method: get, endpoint: 'http://x.test/'}\n"
                       "    output: {schema: {document: "}
           + schema + "}}\n";
  };
  trial t{strict("{properties: {pin: {type: number, x-sensitive: true}, n: "
                 "{type: string}}}")};
  t.reply(ok(R"({"pin":"77","n":12})"));
  BOOST_TEST(t.error().at("detail").as_string()
             == "the output breaks its schema: /pin it does not fit, and must "
                "not be shown; /n it must be a string, not 12");
  BOOST_TEST(!holds(to_text(json::value(t.error())), "77"));
  // An alternative tells of what stands within.
  trial of{strict("{anyOf: [{properties: {pin: {type: number, x-sensitive: "
                  "true}}}]}")};
  of.reply(ok(R"({"pin":"pin-4711"})"));
  BOOST_TEST(!holds(to_text(json::value(of.error())), "pin-4711"));
  BOOST_TEST(holds(to_text(json::value(of.error())), "anyOf"));
}

BOOST_AUTO_TEST_CASE(a_memory_that_is_full_knows_what_came_last) {
  const auto of = flow_of(R"(do:
- each:
    for: {each: n, in: '${ [range(5000)] }'}
    do:
    - a: {set: {t: '${ "token-\($n)-" }'}, output: {schema: {document: {properties: {t: {x-sensitive: true}}}}}}
)");
  sensitive_memory seen{of};
  const trial t{of, json::object{}, {}};
  for (const auto& [what, at] : t.history)
    seen.see(what, at);
  BOOST_TEST((*seen.hider())(std::string{"token-4999- token-904-"})
             == "*** ***");
  BOOST_TEST((*seen.hider())(std::string{"token-10-"}) == "token-10-");
  BOOST_TEST(seen.last() == t.history.size());
}
