#define BOOST_TEST_MODULE trial.calls

#include "tests/trial/trying.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto all = R"(do:
- ask:
    call: http
    with: {method: post, endpoint: 'http://svc.test/{id}', headers: {X-Who: ann}, body: {id: '${ .id }'}}
- job: {call: worker, with: {queue: q, input: {n: '${ .n }'}}}
- list: {run: {shell: {command: 'ls -l'}}}
- child: {run: {workflow: {namespace: t, name: other, version: 1.0.0, input: {a: 1}}}}
- people: {call: approval, with: {title: Go?, data: {n: 1}, approvers: {users: [ann]}}}
)";
const auto mocks = R"(input: {id: 7}
mocks: {ask: {output: {n: 3}}, job: {output: {}}, list: {code: 0}, child: {output: {}}}
approvals: {people: {by: ann}}
)";

const auto cached = R"(do:
- each:
    for: {each: n, in: '${ .cities }'}
    do:
    - ask:
        call: http
        with: {method: get, endpoint: 'http://svc.test/{city}'}
        input: {from: '${ {city: $n} }'}
        metadata: {cache: {key: '${ .city }', ttl: PT1H}}
        output: {as: '${ $input + {seen: (($context.seen // []) + [.t])} }'}
        export: {as: '${ {seen: .seen} }'}
    - rest: {wait: PT25M}
)";

const auto limited = R"(do:
- guard:
    try:
    - ask:
        call: http
        with: {method: get, endpoint: 'http://svc.test/'}
        metadata: {limit: {name: sheets, onLimit: fault}}
    - job:
        call: worker
        with: {queue: q}
        metadata: {limit: sheets}
    catch: {retry: {delay: PT1S, limit: {attempt: {count: 2}}}}
)";

std::string fault_of(const char* of, const std::string& text) {
  try {
    return wrong(made_of(of), text);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_asked_of_the_world_can_be_expected) {
  BOOST_TEST(wrong(made_of(all), std::string{mocks} + R"(expect:
  calls:
    ask: {method: POST, uri: 'http://svc.test/7', headers: {X-Who: ann}, body: {id: 7}, attempt: 1}
    job: {queue: q, input: {n: 3}}
    list: {program: shell, command: ls -l}
    child: {workflow: t/other@1.0.0, input: {a: 1}}
    people: {title: Go?, data: {n: 1}, approvers: {users: [ann]}})")
             == "");
  BOOST_TEST(wrong(made_of(all), std::string{mocks} + R"(expect:
  calls: {ask: 2, job: [{input: {n: 4}}], list: []})")
             == "calls/do/0/ask: 2 | 1\ncalls/do/1/job/0/input/n: 4 | 3\n"
                "calls/do/2/list: 0 calls | 1 calls: "
                R"([{"kind":"program","program":"shell","command":"ls -l",)"
                R"("attempt":1,"after":"PT0S"}])");
}

BOOST_AUTO_TEST_CASE(who_calls_nobody_cannot_be_expected_to) {
  BOOST_TEST(fault_of(cached, "expect: {calls: {rest: 1}}")
               .find("is a 'wait' task: it calls nobody")
             != std::string::npos);
  BOOST_TEST(fault_of(cached, "expect: {calls: {ask: often}}")
               .find("a whole number of at least 0 is needed")
             != std::string::npos);
  BOOST_TEST(fault_of(cached, "expect: {calls: {ask: [1]}}")
               .find("members of a call are needed")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_kept_answer_spares_the_call_as_long_as_it_is_good) {
  // At 0 and 25 minutes for a, at 50 for b, at 75 once more for a.
  const auto out = tried(made_of(cached), R"(input: {cities: [a, a, b, a]}
mocks: {ask: [{output: {t: 1}}, {output: {t: 2}}, {output: {t: 3}}]}
expect:
  context: {seen: [1, 1, 2, 3]}
  visits: {ask: 4}
  calls: {ask: [{uri: 'http://svc.test/a'}, {uri: 'http://svc.test/b'}, {after: PT75M}]})");
  BOOST_TEST(wrong(out) == "");
  std::string told;
  for (const auto& step : out.came.path)
    if (step.name == "ask")
      told += trial::line_of(step.action) + ";";
  BOOST_TEST(told
             == "GET http://svc.test/a;GET http://svc.test/a (from the cache);"
                "GET http://svc.test/b;GET http://svc.test/a;");
}

BOOST_AUTO_TEST_CASE(a_fault_is_not_kept) {
  BOOST_TEST(wrong(made_of(cached), R"(input: {cities: [a]}
mocks: {ask: {status: 500}}
expect: {status: faulted, calls: {ask: 1}})")
             == "");
  BOOST_TEST(wrong(made_of(R"(do:
- guard:
    try:
    - ask:
        call: http
        with: {method: get, endpoint: 'http://svc.test/'}
        metadata: {cache: {key: a, ttl: PT1H}}
    catch: {retry: {limit: {attempt: {count: 2}}}}
)"),
                   "mocks: {ask: [{status: 500}, {output: 1}]}\n"
                   "expect: {output: 1, calls: {ask: 2}}")
             == "");
}

BOOST_AUTO_TEST_CASE(a_limit_without_a_token_fails_the_task_or_takes_time) {
  BOOST_TEST(wrong(made_of(limited), R"(mocks:
  ask: [{limited: PT30S}, {output: {}}]
  job: {output: {}, latency: PT10S}
expect:
  attempts: {ask: 2}
  duration: PT40S)")
             == "");
  BOOST_TEST(fault_of(limited, "mocks: {job: {limited: PT1S}}")
               .find("the task waits for its limit: write a `latency`")
             != std::string::npos);
  BOOST_TEST(fault_of(all, "mocks: {ask: {limited: PT1S}}")
               .find("the task names no limit")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_used_is_summed_up_and_bounded) {
  const auto of = [](const char* budget) {
    return trial::load_definition(
      std::string{"document: {dsl: 1.0.3, namespace: t, name: f, version: "
                  "1.0.0, metadata: {budget: {tokens: "}
        + budget + R"(}}}
do:
- ask:
    call: http
    with: {method: get, endpoint: 'http://svc.test/'}
    metadata: {usage: '${ .used }'}
- job: {call: worker, with: {queue: q}}
- end: {set: {a: 1}}
)",
      {});
  };
  const auto text = R"(mocks:
  ask: {output: {used: {tokens: 10}}}
  job: {output: {}, usage: {tokens: 5, pages: 1}}
)";
  BOOST_TEST(wrong(of("100").value(),
                   std::string{text} + "expect: {usage: {tokens: 15}}")
             == "");
  BOOST_TEST(wrong(of("12").value(),
                   std::string{text}
                     + "expect: {status: suspended, usage: {tokens: 15}, "
                       "visits: {end: 0}}")
             == "");
  BOOST_TEST(
    wrong(of("100").value(), std::string{text} + "expect: {usage: {tokens: 1}}")
    == "usage/tokens: 1 | 15");
  BOOST_TEST(fault_of(all, "mocks: {ask: {output: 1, usage: {a: 1}}}")
               .find("only workers say what they have used")
             != std::string::npos);
}
