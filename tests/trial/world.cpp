#define BOOST_TEST_MODULE trial.world

#include "tests/trial/trying.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto call = R"(do:
- ask: {call: http, with: {method: get, endpoint: 'http://svc.test/a'}}
)";

const auto patient = R"(do:
- guard:
    try:
    - ask:
        call: http
        with: {method: get, endpoint: 'http://svc.test/a'}
        timeout: {after: PT10S}
    catch:
      retry: {delay: PT5S, limit: {attempt: {count: 3}}}
)";

} // namespace

BOOST_AUTO_TEST_CASE(days_of_waiting_take_no_time) {
  const auto before = std::chrono::steady_clock::now();
  BOOST_TEST(
    wrong(
      made_of("do:\n- rest: {wait: P300D}\n- ask: {set: {a: '${ now }'}}\n"),
      R"(at: 2030-01-01T00:00:00Z
expect: {duration: P300D, output: {a: 1919376000}, ran: [rest, ask]})")
    == "");
  BOOST_TEST(
    (std::chrono::steady_clock::now() - before < std::chrono::seconds{60}));
}

BOOST_AUTO_TEST_CASE(results_are_used_one_a_call_and_the_last_for_the_rest) {
  const auto three = made_of(R"(do:
- each:
    for: {each: n, in: '${ [1, 2, 3, 4] }'}
    do:
    - ask:
        call: http
        with: {method: get, endpoint: 'http://svc.test/'}
        output: {as: '${ $input + [.v] }'}
)");
  BOOST_TEST(wrong(three, R"(input: []
mocks: {ask: [{output: {v: a}}, {output: {v: b}}]}
expect: {output: [a, b, b, b], visits: {ask: 4}})")
             == "");
  const auto out = tried(three, R"(input: []
mocks: {ask: {results: [{output: {v: a}}, {output: {v: b}}], exhausted: error}})");
  BOOST_TEST(!out.passed);
  BOOST_TEST(
    out.trouble.find("/do/0/each/do/0/ask is called once more than its "
                     "mock has results: 2")
    != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_as_one_that_came_over_the_wire) {
  const auto flown = made_of(call);
  BOOST_TEST(wrong(flown, "mocks: {ask: {status: 201, body: {a: [1]}}}\n"
                          "expect: {output: {a: [1]}}")
             == "");
  BOOST_TEST(wrong(flown, "mocks: {ask: {body: '[1]'}}\n"
                          "expect: {output: '[1]'}") // It is text/plain.
             == "");
  BOOST_TEST(wrong(flown, "mocks: {ask: {status: 404, body: gone}}\n"
                          "expect: {status: faulted, error: {type: "
                          "communication, status: 404, instance: /do/0/ask}}")
             == "");
  BOOST_TEST(wrong(flown, "mocks: {ask: {failure: connection reset}}\n"
                          "expect: {status: faulted, error: {type: "
                          "communication, detail: connection reset}}")
             == "");
  BOOST_TEST(wrong(flown, "mocks: {ask: {error: {type: authentication, "
                          "detail: no}}}\n"
                          "expect: {status: faulted, error: {type: "
                          "authentication, status: 401, detail: no}}")
             == "");
}

BOOST_AUTO_TEST_CASE(retries_heed_what_the_answer_says_and_the_timeouts) {
  // Retry-After 60 instead of 5 s; a timeout of 10 s and a delay of 5; an
  // answer that takes 2.
  BOOST_TEST(wrong(made_of(patient), R"(mocks:
  ask:
  - {status: 429, headers: {Retry-After: 60}}
  - {output: {}, latency: PT11S}
  - {output: {a: 1}, latency: PT2S}
expect: {output: {a: 1}, attempts: {ask: 3}, visits: {ask: 1}, duration: PT1M17S})")
             == "");
  BOOST_TEST(
    wrong(made_of(patient), R"(mocks: {ask: {output: {}, latency: PT10S}}
expect: {duration: PT10S})")
    == ""); // At the last moment is in time.
}

BOOST_AUTO_TEST_CASE(a_visit_is_counted_once_however_often_it_is_tried) {
  const auto both = made_of(R"(do:
- each:
    for: {each: n, in: '${ [1, 2] }'}
    do:
    - guard:
        try:
        - in:
            do:
            - ask: {call: http, with: {method: get, endpoint: 'http://svc.test/'}}
            - next: {set: {a: 1}}
        catch: {retry: {limit: {attempt: {count: 3}}}}
)");
  BOOST_TEST(
    wrong(
      both,
      R"(mocks: {ask: [{status: 500}, {output: 1}, {status: 500}, {output: 1}]}
expect:
  visits: {each: 1, guard: 2, in: 2, ask: 2, next: 2}
  attempts: {ask: 4, next: 2}
  ran: [ask, ask, next, ask, ask, next])")
    == "");
}

BOOST_AUTO_TEST_CASE(programs_workers_and_children_are_made_up_too) {
  const auto all = made_of(R"(do:
- program: {run: {shell: {command: 'ls ${ .where }'}, return: all}}
- worker: {call: worker, with: {queue: q}}
- child: {run: {workflow: {namespace: t, name: other, version: 1.0.0}}}
)");
  BOOST_TEST(wrong(all, R"(mocks:
  program: {code: 3, stdout: "a\n", stderr: b}
  worker: {output: {w: 1}, latency: PT1H}
  child: {output: {c: 1}}
expect: {output: {c: 1}, duration: PT1H})")
             == "");
  BOOST_TEST(wrong(all, R"(mocks:
  program: {code: 0}
  worker: {error: {type: 'https://x.test/odd', status: 418, title: Odd}}
expect: {status: faulted, error: {type: 'https://x.test/odd', status: 418}})")
             == "");
  BOOST_TEST(wrong(all, R"(mocks:
  program: {code: 0}
  worker: {}
  child: {error: {type: timeout, detail: late}}
expect: {status: faulted, error: {type: timeout, detail: late, instance: /do/2/child}})")
             == "");
}

BOOST_AUTO_TEST_CASE(events_come_when_they_are_due) {
  const auto listening = made_of(R"(do:
- hear: {listen: {to: {one: {with: {type: paid}}}}}
- say: {emit: {event: {with: {type: thanks, source: /t, data: '${ .[0] }'}}}}
)");
  BOOST_TEST(wrong(listening, R"(events:
- {after: PT2H, event: {type: paid, data: {sum: 3}}}
- {after: PT1H, event: {type: other}}
expect: {duration: PT2H, emitted: [{type: thanks, data: {sum: 3}}]})")
             == "");
  BOOST_TEST(wrong(listening, "expect: {status: waiting}") == "");
  const auto never = tried(listening, "expect: {}");
  BOOST_TEST(wrong(never).find("status: completed | waiting (/do/0/hear waits "
                               "for")
             == 0U);
}

BOOST_AUTO_TEST_CASE(people_vote_until_it_is_decided) {
  const auto asking = made_of(R"(do:
- ask:
    call: approval
    with: {title: Go?, approvers: {users: [ann, bob, eve], mode: quorum, quorum: 2}, due: P1D, onDue: reject}
)");
  BOOST_TEST(wrong(asking, R"(approvals:
  ask: [{outcome: approved, latency: PT1H}, {outcome: approved, by: eve, latency: PT1H}]
expect: {outputHas: {outcome: approved, by: eve, votes: [{by: ann}, {by: eve}]}, duration: PT2H})")
             == "");
  BOOST_TEST(wrong(asking, R"(approvals: {ask: {by: ann}}
expect: {outputHas: {outcome: rejected, by: due}, duration: P1D})")
             == ""); // One vote is not enough.
  const auto stranger = tried(asking, R"(approvals: {ask: {by: mallory}}
expect: {outputHas: {outcome: rejected}})");
  BOOST_TEST(
    wrong(stranger).find("approvals/ask/0: granted | refused: forbidden")
    == 0U);
  BOOST_TEST(
    wrong(asking, R"(approvals: {ask: {by: mallory, refused: forbidden}}
expect: {outputHas: {outcome: rejected}})")
    == "");
}

BOOST_AUTO_TEST_CASE(an_effect_without_a_mock_is_named_and_shown_how_to_write) {
  const auto out = tried(made_of(call), "expect: {}");
  BOOST_TEST(!out.passed);
  BOOST_TEST(
    out.trouble
    == "/do/0/ask (call http) has no mock. It would do: GET "
       "http://svc.test/a\nWrite one:\n  mocks:\n    ask: {output: {}}");
  const auto people
    = tried(made_of("do:\n- ask: {call: approval, with: {title: Go?}}\n"), "");
  BOOST_TEST(people.trouble.find("/do/0/ask asks people, and nobody votes")
             == 0U);
}

BOOST_AUTO_TEST_CASE(what_goes_on_and_on_is_ended) {
  const auto polling = tried(
    made_of(
      "do:\n- rest: {wait: PT1M, then: again}\n- again: {set: {a: 1}, then: "
      "rest}\n"),
    "expect: {}");
  BOOST_TEST(polling.trouble.find("it does not end: it was not through after "
                                  "10000 turns")
             == 0U);
  const auto spinning
    = tried(made_of("do:\n- a: {set: {a: 1}}\n- b: {set: {a: 1}, then: a}\n"),
            "expect: {}");
  BOOST_TEST(spinning.trouble.find("it does not end") == 0U);
}

BOOST_AUTO_TEST_CASE(expressions_for_the_helper_are_handed_on) {
  const auto asked = made_of("do:\n- a: {set: {v: '${ .x | test(\"b\") }'}}\n");
  sandbox::question seen;
  const auto out = tried(asked, "input: {x: abc}\nexpect: {output: {v: yes}}",
                         [&](const sandbox::question& q) {
                           seen = q;
                           return result<std::vector<json::value>>{
                             std::vector<json::value>{json::value("yes")}};
                         });
  BOOST_TEST(wrong(out) == "");
  BOOST_TEST(seen.data == "{\"x\":\"abc\"}");
  BOOST_TEST(tried(asked, "input: {x: abc}").trouble.find("there is no helper")
             == 0U);
}

BOOST_AUTO_TEST_CASE(the_path_tells_tries_and_outcomes) {
  const auto out
    = tried(made_of(patient), R"(mocks: {ask: [{status: 500}, {output: 1}]}
expect: {output: 2})");
  BOOST_TEST(wrong(out) == "output: 2 | 1");
  std::string told;
  for (const auto& step : out.came.path)
    told += step.name + " " + std::to_string(step.attempt) + " " + step.outcome
            + ";";
  BOOST_TEST(told
             == "guard 1 completed;ask 1 faulted;"
                "guard 1 retried;ask 2 completed;");
}
