#define BOOST_TEST_MODULE workflow.faults

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

BOOST_AUTO_TEST_CASE(finds_faults_of_the_document) {
  constexpr row rows[] = {
    {"document: {dsl: 1.0.3, namespace: t, name: f}\ndo: []", "/document", 1,
     11, "'document' needs 'version'"},
    {"document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0}\ndo: []",
     "/document/version", 1, 56, "a version is text like '1.0.0'; put it in"},
    {"document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0.x}\ndo: []",
     "/document/version", 1, 56, "'1.0.x' is not a semantic version"},
    {"document: {dsl: 1.0.3, namespace: t, name: f, version: 01.0.0}\ndo: []",
     "/document/version", 1, 56, "'01.0.0' is not a semantic version"},
    {"document: {dsl: 1.0.3, namespace: a_b, name: f, version: 1.0.0}\ndo: []",
     "/document/namespace", 1, 35, "'a_b' must be 1 to 63 letters"},
    {"document: {dsl: 1.0.3, namespace: -a, name: f, version: 1.0.0}\ndo: []",
     "/document/namespace", 1, 35, "'-a' must be 1 to 63 letters"},
    {"document: {dsl: 1.0.3, namespace: t, nme: f, name: f, version: 1.0.0}\n"
     "do: []",
     "/document/nme", 1, 38,
     "'document' has no member 'nme'. Did you mean 'name'?"},
    {"document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0.0, tags: x}\n"
     "do: []",
     "/document/tags", 1, 69, "'document.tags' must be an object"},
    {"document: 5\ndo: []", "/document", 1, 11, "'document' must be an object"},
    {"do: []", "", 1, 1, "a workflow needs 'document'"},
    {"document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0.0}", "", 1, 1,
     "a workflow needs 'do'"},
    {"[]", "", 1, 1, "a workflow must be an object"},
    {"just text", "", 1, 1, "a workflow must be an object"},
  };
  for (const auto& each : rows)
    check(std::string{each.text}, each, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_the_top_level) {
  constexpr row rows[] = {
    {"do: {a: {wait: PT1S}}", "/do", 2, 5, "'do' must be a list of tasks"},
    {"do: []\ntimeout: {}", "/timeout", 3, 10, "a timeout needs 'after'"},
    {"do: []\ntimeout: slow", "/timeout", 3, 10,
     "'use.timeouts' has no 'slow'."},
    {"do: []\ntimeout: fst\nuse: {timeouts: {fast: {after: PT1S}}}", "/timeout",
     3, 10, "'use.timeouts' has no 'fst'. Did you mean 'fast'?"},
    {"do: []\nuse: {timeouts: {t: {after: 1s}}}", "/use/timeouts/t/after", 3,
     29, "'1s' is not a duration"},
    {"do: []\nuse: {error: {}}", "/use/error", 3, 7,
     "'use' has no member 'error'. Did you mean 'errors'?"},
    {"do: []\nuse: {errors: []}", "/use/errors", 3, 15,
     "'use.errors' must be an object"},
    {"do: []\nuse: {errors: {e: {status: 400}}}", "/use/errors/e", 3, 19,
     "an error needs 'type'"},
    {"do: []\nuse: {retries: {r: {limit: {attempts: {}}}}}",
     "/use/retries/r/limit/attempts", 3, 29,
     "'limit' has no member 'attempts'. Did you mean 'attempt'?"},
    {"do: []\ninput: {form: .a}", "/input/form", 3, 9,
     "'input' has no member 'form'. Did you mean 'from'?"},
    {"do: []\ninput: {from: 5}", "/input/from", 3, 15,
     "an expression, or an object that holds some, is needed"},
    {"do: []\ninput: {from: $context}", "/input/from", 3, 15,
     "the variable $context cannot be used in the workflow's input"},
    {"do: []\noutput: {as: $input}", "/output/as", 3, 14,
     "the variable $input cannot be used in the workflow's output"},
    {"do: []\ninput: {schema: {}}", "/input/schema", 3, 17,
     "a schema needs 'document'"},
    {"do: []\ninput: {schema: {document: {type: objct}}}",
     "/input/schema/document/type", 3, 35, "a type is one of"},
    {"do: []\ninput: {schema: {document: {properties: {a: {minimun: 1}}}}}",
     "/input/schema/document/properties/a/minimun", 3, 55,
     "the keyword 'minimun' is not supported. Did you mean 'minimum'?"},
    {"do: []\nevaluate: {mode: strickt}", "/evaluate/mode", 3, 18,
     "'strickt' is not one of 'strict' and 'loose'. Did you mean 'strict'?"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_task_lists) {
  constexpr row rows[] = {
    {"do: [5]", "/do/0", 2, 6, "an entry of a task list is an object with one"},
    {"do: [{a: {wait: PT1S}, b: {wait: PT1S}}]", "/do/0", 2, 6,
     "an entry of a task list"},
    {"do: [{a: 5}]", "/do/0/a", 2, 10, "a task must be an object"},
    {"do: [{a: {}}]", "/do/0/a", 2, 10, "a task needs one of 'call',"},
    {"do: [{a: {sett: {x: 1}}}]", "/do/0/a", 2, 10, "a task needs one of"},
    {"do: [{a: {set: {x: 1}, wait: PT1S}}]", "/do/0/a", 2, 10,
     "a task does one thing, but this one has 'set' and 'wait'"},
    {"do: [{a: {wait: PT1S}}, {a: {wait: PT1S}}]", "/do/1/a", 2, 26,
     "a task named 'a' is in this list already, at /do/0/a"},
    {"do: [{'': {wait: PT1S}}]", "/do/0/", 2, 7, "a task's name has 1 to 256"},
    {"do: [{a: {wait: PT1S, unless: .x}}]", "/do/0/a/unless", 2, 23,
     "a task has no member 'unless'. It may have 'if',"},
    {"do: [{a: {wait: PT1S, iff: .x}}]", "/do/0/a/iff", 2, 23,
     "a task has no member 'iff'. Did you mean 'if'?"},
    {"do: [{a: {wait: PT1S, if: true}}]", "/do/0/a/if", 2, 27,
     "an expression is needed, as text"},
    {"do: [{a: {wait: PT1S, if: ''}}]", "/do/0/a/if", 2, 27,
     "the expression is empty"},
    {"do: [{a: {wait: PT1S, then: b}}]", "/do/0/a/then", 2, 29,
     "there is no task 'b' in this list."},
    {"do: [{a: {wait: PT1S, then: reviw}}, {review: {wait: PT1S}}]",
     "/do/0/a/then", 2, 29,
     "there is no task 'reviw' in this list. Did you mean 'review'?"},
    {"do: [{a: {wait: PT1S, then: b}}, {c: {do: [{b: {wait: PT1S}}]}}]",
     "/do/0/a/then", 2, 29, "the task 'b' is at /do/1/c/do/0/b, but"},
    {"do: [{a: {do: [{b: {wait: PT1S, then: a}}]}}]", "/do/0/a/do/0/b/then", 2,
     39, "the task 'a' is at /do/0/a, but"},
    {"do: [{a: {wait: PT1S, then: contnue}}]", "/do/0/a/then", 2, 29,
     "there is no task 'contnue' in this list. Did you mean 'continue'?"},
    {"do: [{a: {wait: PT1S, then: 5}}]", "/do/0/a/then", 2, 29,
     "text is needed; put it in quotes"},
    {"do: [{a: {wait: PT1S, metadata: []}}]", "/do/0/a/metadata", 2, 33,
     "'metadata' must be an object"},
    {"do: [{a: {wait: PT1S, metadata: {supervision: {strategy: oneforone}}}}]",
     "/do/0/a/metadata/supervision/strategy", 2, 58,
     "'oneforone' is not one of 'oneForOne', 'oneForAll' and 'restForOne'. "
     "Did you mean 'oneForOne'?"},
    {"do: [{a: {wait: PT1S, metadata: {commit: all}}}]",
     "/do/0/a/metadata/commit", 2, 42, "'all' is not one of 'each'"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_each_kind) {
  constexpr row rows[] = {
    {"do: [{a: {set: {}}}]", "/do/0/a/set", 2, 16, "'set' needs an object"},
    {"do: [{a: {set: [1]}}]", "/do/0/a/set", 2, 16, "'set' needs an object"},
    {"do: [{a: {wait: 5}}]", "/do/0/a/wait", 2, 17, "'5' is not a duration"},
    {"do: [{a: {wait: -PT5S}}]", "/do/0/a/wait", 2, 17,
     "'-PT5S' is negative; a duration is not"},
    {"do: [{a: {wait: {second: 5}}}]", "/do/0/a/wait", 2, 17,
     "'second' is no part of a duration"},
    {"do: [{a: {switch: []}}]", "/do/0/a/switch", 2, 19,
     "'switch' needs a list of at least one case"},
    {"do: [{a: {switch: [{x: {when: .a}}]}}]", "/do/0/a/switch/0/x", 2, 24,
     "a case needs 'then'"},
    {"do: [{a: {switch: [{x: {then: end}}, {y: {then: end}}]}}]",
     "/do/0/a/switch/1/y", 2, 39,
     "a switch has at most one case without 'when'"},
    {"do: [{a: {switch: [{x: {when: .a, then: q}}]}}]",
     "/do/0/a/switch/0/x/then", 2, 41, "there is no task 'q' in this list."},
    {"do: [{a: {for: {each: x}, do: []}}]", "/do/0/a/for", 2, 16,
     "'for' needs 'in'"},
    {"do: [{a: {for: {in: .x}}}]", "/do/0/a", 2, 10, "a task needs 'do'"},
    {"do: [{a: {for: {in: .x, each: $y}, do: []}}]", "/do/0/a/for/each", 2, 31,
     "write the variable's name without '$'"},
    {"do: [{a: {for: {in: .x, each: my-x}, do: []}}]", "/do/0/a/for/each", 2,
     31, "'my-x' cannot be a variable"},
    {"do: [{a: {for: {in: .x, each: input}, do: []}}]", "/do/0/a/for/each", 2,
     31, "the name 'input' is taken"},
    {"do: [{a: {for: {in: .x, each: i, at: i}, do: []}}]", "/do/0/a/for/at", 2,
     38, "the item and its index cannot both be called 'i'"},
    {"do: [{a: {for: {in: .x}, do: []}}, {b: {set: '${ $item }'}}]",
     "/do/1/b/set", 2, 50, "the expression does not compile: "},
    {"do: [{a: {try: []}}]", "/do/0/a", 2, 10, "a task needs 'catch'"},
    {"do: [{a: {try: [], catch: {errors: {with: {}}}}}]",
     "/do/0/a/catch/errors/with", 2, 43, "'errors.with' needs at least one"},
    {"do: [{a: {try: [], catch: {errors: {with: {stats: 5}}}}}]",
     "/do/0/a/catch/errors/with/stats", 2, 44,
     "'errors.with' has no member 'stats'. Did you mean 'status'?"},
    {"do: [{a: {try: [], catch: {retry: r}}}]", "/do/0/a/catch/retry", 2, 35,
     "'use.retries' has no 'r'."},
    {"do: [{a: {try: [], catch: {retry: {backoff: {}}}}}]",
     "/do/0/a/catch/retry/backoff", 2, 45, "'backoff' needs exactly one of"},
    {"do: [{a: {try: [], catch: {retry: {limit: {attempt: {count: -1}}}}}}]",
     "/do/0/a/catch/retry/limit/attempt/count", 2, 61, "it must be at least 0"},
    {"do: [{a: {try: [], catch: {retry: {jitter: {from: PT2S, to: PT1S}}}}}]",
     "/do/0/a/catch/retry/jitter", 2, 44, "'jitter.from' must not be longer"},
    {"do: [{a: {raise: {error: {type: 'http://x', status: x}}}}]",
     "/do/0/a/raise/error/status", 2, 53, "a whole number is needed"},
    {"do: [{a: {raise: {error: e}}}]", "/do/0/a/raise/error", 2, 26,
     "'use.errors' has no 'e'."},
    {"do: [{a: {raise: {error: {type: 'a b', status: 1}}}}]",
     "/do/0/a/raise/error/type", 2, 33, "a URI cannot hold spaces"},
    {"do: [{a: {raise: {error: {type: 'http://x', status: 1, instance: x}}}}]",
     "/do/0/a/raise/error/instance", 2, 66,
     "an error's instance is a JSON Pointer"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_calls_and_events) {
  constexpr row rows[] = {
    {"do: [{a: {call: http}}]", "/do/0/a", 2, 10, "'call: http' needs 'with'"},
    {"do: [{a: {call: http, with: {method: get}}}]", "/do/0/a/with", 2, 29,
     "'with' of 'call: http' needs 'endpoint'"},
    {"do: [{a: {call: http, with: {method: 'g t', endpoint: 'http://x'}}}]",
     "/do/0/a/with/method", 2, 38, "'g t' is not a method"},
    {"do: [{a: {call: http, with: {method: get, endpoint: 'http://x/{a'}}}]",
     "/do/0/a/with/endpoint", 2, 53, "the URI template is broken"},
    {"do: [{a: {call: http, with: {method: get, endpoint: {}}}}]",
     "/do/0/a/with/endpoint", 2, 53, "'endpoint' needs 'uri'"},
    {"do: [{a: {call: http, with: {method: get, endpoint: 'http://x', "
     "headers: {A: 5}}}}]",
     "/do/0/a/with/headers/A", 2, 78, "the values of 'headers' are text"},
    {"do: [{a: {call: http, with: {method: get, endpoint: 'http://x', "
     "query: q}}}]",
     "/do/0/a/with/query", 2, 72, "'query' must be an object, or one"},
    {"do: [{a: {call: http, with: {method: get, endpoint: 'http://x', "
     "output: text}}}]",
     "/do/0/a/with/output", 2, 73, "'text' is not one of 'raw',"},
    {"do: [{a: {call: http, with: {method: get, endpoint: 'http://x', "
     "redirect: maybe}}}]",
     "/do/0/a/with/redirect", 2, 75, "true or false is needed"},
    {"do: [{a: {emit: {event: {with: {source: 'http://x'}}}}}]",
     "/do/0/a/emit/event/with", 2, 32, "'emit.event.with' needs 'type'"},
    {"do: [{a: {emit: {event: {with: {type: t, time: noon}}}}}]",
     "/do/0/a/emit/event/with/time", 2, 48, "a time like"},
    {"do: [{a: {listen: {to: {one: {with: {}}}}}}]",
     "/do/0/a/listen/to/one/with", 2, 37, "'with' needs at least one"},
    {"do: [{a: {listen: {to: {one: {with: {type: 5}}}}}}]",
     "/do/0/a/listen/to/one/with/type", 2, 44, "the attribute 'type' is text"},
    {"do: [{a: {listen: {to: {}}}}]", "/do/0/a/listen/to", 2, 24,
     "'listen.to' needs exactly one of"},
    {"do: [{a: {listen: {to: {one: {with: {type: t}, correlate: {k: {}}}}}}}]",
     "/do/0/a/listen/to/one/correlate/k", 2, 63, "a correlation needs 'from'"},
    {"do: [{a: {listen: {to: {one: {with: {type: t}}}, read: all}}}]",
     "/do/0/a/listen/read", 2, 56, "'all' is not one of 'data',"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_expressions_at_their_place) {
  constexpr std::string_view intro = "the expression does not compile: ";
  const row rows[] = {
    {"do:\n  - a:\n      if: .x ==\n      wait: PT1S", "/do/0/a/if", 4, 16,
     intro},
    {"do:\n  - a:\n      set: '${ $nothing }'", "/do/0/a/set", 4, 16, intro},
    {"do:\n  - a:\n      set: {b: '${ nonsense(1) }'}", "/do/0/a/set/b", 4, 20,
     intro},
    {"do:\n  - a:\n      if: env.HOME\n      wait: PT1S", "/do/0/a/if", 4, 11,
     intro},
    {"do:\n  - a:\n      if: $input.x\n      wait: PT1S", "/do/0/a/if", 4, 11,
     "the variable $input cannot be used in 'if'"},
    {"do:\n  - a:\n      wait: PT1S\n      output: {as: $output}",
     "/do/0/a/output/as", 5, 20, "the variable $output cannot be used in"},
    {"use: {retries: {r: {when: $error.status}}}\ndo:\n  - a:\n      try: []\n"
     "      catch: {as: e, retry: r}",
     "/do/0/a/catch/retry", 6, 29, "the policy 'r' uses $error, but"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(refuses_by_name_what_is_not_built) {
  constexpr row rows[] = {
    {"do: []\nevaluate: {language: js}", "/evaluate/language", 3, 12,
     "the expression language 'js' is not supported yet"},
    {"do: []\ninput: {schema: {format: avro, document: {}}}",
     "/input/schema/format", 3, 18, "the schema format 'avro' is not"},
    {"do: []\ninput: {schema: {resource: {endpoint: 'ftp://x'}}}",
     "/input/schema/resource/endpoint", 3, 29, "a resource by 'ftp' is not"},
    {"do: [{a: {call: grpc, with: {}}}]", "/do/0/a/call", 2, 11,
     "'call: grpc' is"},
    {"do: [{a: {call: asyncapi, with: {}}}]", "/do/0/a/call", 2, 11,
     "'call: asyncapi' is"},
    {"do: [{a: {call: mcp, with: {}}}]", "/do/0/a/call", 2, 11,
     "'call: mcp' is"},
    {"do: [{a: {call: a2a, with: {}}}]", "/do/0/a/call", 2, 11,
     "'call: a2a' is"},
    {"do: [{a: {call: 'log:2.0.0@default'}}]", "/do/0/a/call", 2, 11,
     "the function 'log:2.0.0@default' of the built-in catalog is not"},
    {"do: [{a: {call: log, with: {format: x}}}]", "/do/0/a/with/format", 2, 29,
     "'format' of 'call: log' is not"},
    {"do: [{a: {call: http, with: {method: get, endpoint: {uri: 'http://x', "
     "authentication: {certificate: {}}}}}}]",
     "/do/0/a/with/endpoint/authentication/certificate", 2, 88,
     "the authentication 'certificate' is not supported yet"},
    {"do: []\nuse: {authentications: {a: {oidc: {authority: 'http://x', "
     "grant: authorization_code}}}}",
     "/use/authentications/a/oidc/grant", 3, 59,
     "the grant 'authorization_code' is not supported yet"},
    {"do: [{a: {run: {script: {language: ruby, code: x}}}}]",
     "/do/0/a/run/script/language", 2, 26,
     "the script language 'ruby' is not supported yet. 'js' and"},
    {"do: [{a: {run: {return: all, workflow: {namespace: n, name: w, "
     "version: latest}}}}]",
     "/do/0/a/run/return", 2, 17, "'return' of a workflow is not"},
    {"do: [{a: {wait: PT1S, metadata: {budget: 5}}}]",
     "/do/0/a/metadata/budget", 2, 34, "'metadata.budget' is"},
    {"do: [{a: {wait: PT1S, metadata: {budget: {}}}}]",
     "/do/0/a/metadata/budget", 2, 34, "'metadata.budget' is not"},
  };
  check_behind_header(rows, errc::unsupported);
}

BOOST_AUTO_TEST_CASE(tells_all_faults_in_the_order_of_the_text) {
  const auto got = parse_definition(R"(document:
  dsl: 1.0.3
  namespace: test
  name: flow
do:
  - a: {wat: PT1S}
  - b: {set: {x: '${ .a + }'}, then: nowhere}
  - b: {fork: {}}
use: {retries: {r: {delay: soon}}}
)");
  BOOST_TEST_REQUIRE(!got);
  const auto why = got.error();
  BOOST_TEST((why.code == errc::invalid_definition));
  std::vector<std::string> pointers;
  for (const auto& each : why.faults)
    pointers.push_back(each.pointer);
  const std::vector<std::string> expected
    = {"/document", "/do/0/a",      "/do/1/b/set/x",       "/do/1/b/then",
       "/do/2/b",   "/do/2/b/fork", "/use/retries/r/delay"};
  BOOST_TEST(pointers == expected, boost::test_tools::per_element());
  BOOST_TEST(why.detail.ends_with("(and 6 other faults)"), why.detail);
}

BOOST_AUTO_TEST_CASE(bounds_how_many_faults_it_tells) {
  std::string text{header};
  text += "do:\n";
  for (int i = 0; i < 2000; ++i)
    text += "  - t" + std::to_string(i) + ": {wat: 1}\n";
  const auto got = parse_definition(text);
  BOOST_TEST_REQUIRE(!got);
  const auto why = got.error();
  BOOST_TEST(why.faults.size() == 256U);
  BOOST_TEST(why.detail.ends_with("(and 255 or more other faults)"));
}

BOOST_AUTO_TEST_CASE(says_which_versions_of_the_dsl_there_are) {
  check("document: {dsl: 2.0.0, namespace: t, name: f, version: 1.0.0}\n"
        "do: [{a: {wait: PT1S}}]",
        {"", "/document/dsl", 1, 12,
         "the DSL version '2.0.0' is not supported; the versions 1.0.x are, of "
         "which 1.0.3 is the newest"},
        errc::unsupported);
}
