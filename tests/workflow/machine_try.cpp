// try, catch and retry: who catches, what it sees, when it tries again.
#define BOOST_TEST_MODULE workflow.machine_try
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using test::trial;

namespace {

constexpr std::string_view ask
  = "{call: http, with: {method: get, endpoint: 'http://x.test/'}}";

// A try around one error with this `catch`.
std::string caught(std::string_view rule,
                   std::string_view type
                   = "https://serverlessworkflow.io/spec/1.0.0/errors/timeout",
                   std::string_view more = "") {
  const trial f{R"(
do:
- guard:
    try:
    - fail: {raise: {error: {type: ')"
                  + std::string{type}
                  + "', status: 408, title: Late, detail: too slow"
                  + std::string{more} + R"(}}}
    catch: {)" + std::string{rule}
                  + R"(}
)",
                {{"n", 1}}};
  return f.status() == "completed" ? f.output() : f.fault();
}

// A call in a try with this retry policy.
trial retried(std::string_view policy, std::string_view more = "") {
  return trial{"do:\n- guard:\n    try: [{ask: " + std::string{ask}
               + "}]\n    catch: {retry: {" + std::string{policy} + "}"
               + std::string{more} + "}\n"};
}

// Fails each call with `answer` until the instance ends or `most` were made;
// gives back the delays between them.
std::vector<duration> delays_of(trial& f, int most,
                                const http_outcome& answer
                                = test::status_of(500)) {
  std::vector<duration> all;
  while (f.status() == "running" && most-- > 0) {
    f.reply(answer);
    if (f.status() != "waiting")
      break;
    all.push_back(*f.run.next_timer() - f.now);
    f.to_next_timer();
  }
  return all;
}

using std::chrono::seconds;
using spans = std::vector<duration>;

} // namespace

BOOST_AUTO_TEST_CASE(an_error_without_handler_is_swallowed) {
  BOOST_TEST(caught("errors: {with: {status: 408}}") == R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(the_filter_compares_each_member) {
  const std::string missed = "timeout 408 /do/0/guard/try/0/fail";
  for (const auto* hit :
       {"status: 408", "title: Late", "detail: too slow", "details: too slow",
        "instance: /do/0/guard/try/0/fail"})
    BOOST_TEST(caught("errors: {with: {" + std::string{hit} + "}}")
               == R"({"n":1})");
  for (const auto* miss : {"status: 409", "title: late", "detail: slow",
                           "instance: /do/0", "status: 408, title: no"})
    BOOST_TEST(caught("errors: {with: {" + std::string{miss} + "}}") == missed);
}

BOOST_AUTO_TEST_CASE(error_types_are_the_same_over_all_bases) {
  const std::string bases[]
    = {"https://serverlessworkflow.io/spec/1.0.0/errors/",
       "https://open-workflow-specification.org/spec/1.0.0/errors/",
       "https://serverlessworkflow.io/dsl/errors/types/",
       "https://open-workflow-specification.org/dsl/errors/types/"};
  for (const auto& raised : bases)
    for (const auto& wanted : bases) {
      BOOST_TEST(caught("errors: {with: {type: '" + wanted + "timeout'}}",
                        raised + "timeout")
                 == R"({"n":1})");
      BOOST_TEST(caught("errors: {with: {type: '" + wanted + "runtime'}}",
                        raised + "timeout")
                 == "timeout 408 /do/0/guard/try/0/fail");
    }
}

BOOST_AUTO_TEST_CASE(when_and_except_when_see_the_error) {
  BOOST_TEST(caught("when: .status == 408") == R"({"n":1})");
  BOOST_TEST(caught("when: '$error.title == \"Late\"'") == R"({"n":1})");
  BOOST_TEST(caught("as: e, when: '$e.status == 408'") == R"({"n":1})");
  BOOST_TEST(caught("when: .status == 1")
             == "timeout 408 /do/0/guard/try/0/fail");
  BOOST_TEST(caught("exceptWhen: .status == 408")
             == "timeout 408 /do/0/guard/try/0/fail");
  BOOST_TEST(caught("exceptWhen: .status == 1") == R"({"n":1})");
  BOOST_TEST(caught("when: .status | error") == "expression 400 /do/0/guard");
}

BOOST_AUTO_TEST_CASE(the_handler_sees_the_error_and_the_input_of_the_try) {
  BOOST_TEST(caught("as: why, do: [{note: {set: '${ [., $why.title] }'}}]")
             == R"([{"n":1},"Late"])");
}

BOOST_AUTO_TEST_CASE(an_error_in_the_handler_goes_outwards) {
  const trial f{R"(
do:
- outer:
    try:
    - inner:
        try: [{a: {raise: {error: {type: 'https://x.test/one', status: 401}}}}]
        catch: {do: [{b: {raise: {error: {type: 'https://x.test/two', status: 402}}}}]}
    catch: {do: [{note: {set: '${ [$error.status, $error.instance] }'}}]}
)"};
  BOOST_TEST(f.output() == R"([402,"/do/0/outer/try/0/inner/catch/do/0/b"])");
}

BOOST_AUTO_TEST_CASE(the_nearest_fitting_try_catches) {
  const trial f{R"(
do:
- outer:
    try:
    - inner:
        try:
        - block: {do: [{a: {raise: {error: {type: 'https://x.test/one', status: 401}}}}]}
        catch: {errors: {with: {status: 500}}}
    - never: {set: '"never"'}
    catch: {do: [{note: {set: '"outer"'}}]}
)"};
  BOOST_TEST(f.output() == R"("outer")");
}

BOOST_AUTO_TEST_CASE(catch_then_leads_on) {
  const auto after = [](std::string_view rule) {
    const trial f{R"(
do:
- guard:
    try: [{a: {raise: {error: {type: 'https://x.test/one', status: 401}}}}]
    catch: {)" + std::string{rule}
                    + R"(}
    then: last
- next: {set: '${ [., "next"] }', then: end}
- last: {set: '${ [., "last"] }', then: end}
- other: {set: '${ [., "other"] }'}
)",
                  0};
    return f.output();
  };
  BOOST_TEST(after("errors: {with: {status: 401}}") == R"([0,"last"])");
  BOOST_TEST(after("then: other") == R"([0,"other"])");
  BOOST_TEST(after("then: end, do: [{h: {set: '1'}}]") == "1");
}

BOOST_AUTO_TEST_CASE(count_is_the_number_of_retries_after_the_first_try) {
  for (const auto count : {0, 1, 3}) {
    auto f = retried(
      "delay: PT1S, limit: {attempt: {count: " + std::to_string(count) + "}}");
    BOOST_TEST(delays_of(f, 10).size() == static_cast<std::size_t>(count));
    BOOST_TEST(f.fault() == "communication 500 /do/0/guard/try/0/ask");
    BOOST_TEST(f.count("task.retried") == static_cast<std::size_t>(count));
  }
}

BOOST_AUTO_TEST_CASE(exhausted_retries_hand_over_to_the_handler) {
  auto f = retried("delay: PT1S, limit: {attempt: {count: 1}}",
                   ", do: [{note: {set: '${ $error.status }'}}]");
  (void)delays_of(f, 10);
  BOOST_TEST(f.output() == "500");
}

BOOST_AUTO_TEST_CASE(backoffs_grow_as_they_are_named) {
  const auto with = [](std::string_view backoff) {
    auto f = retried("delay: PT2S, limit: {attempt: {count: 4}}, backoff: {"
                     + std::string{backoff} + ": {}}");
    return delays_of(f, 10);
  };
  BOOST_TEST((with("constant")
              == spans{seconds{2}, seconds{2}, seconds{2}, seconds{2}}));
  BOOST_TEST(
    (with("linear") == spans{seconds{2}, seconds{4}, seconds{6}, seconds{8}}));
  BOOST_TEST((with("exponential")
              == spans{seconds{2}, seconds{4}, seconds{8}, seconds{16}}));
}

BOOST_AUTO_TEST_CASE(jitter_stays_in_its_bounds_over_many_seeds) {
  std::set<duration> seen;
  const auto of = test::flow_of(
    "do:\n- guard:\n    try: [{ask: " + std::string{ask}
    + "}]\n    catch: {retry: {delay: PT1S, jitter: {from: PT0.1S, to: "
      "PT0.4S}, limit: {attempt: {count: 1}}}}\n");
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    trial f{of, nullptr, {}};
    f.seed = seed * 7919;
    f.reply(test::status_of(500));
    const auto delay = *f.run.next_timer() - f.now;
    BOOST_TEST((delay >= duration{1100} && delay <= duration{1400}));
    seen.insert(delay);
  }
  BOOST_TEST(seen.size() > 50U);
}

BOOST_AUTO_TEST_CASE(a_delay_may_be_computed_and_is_capped) {
  auto f = retried(
    "delay: '${ \"PT\" + (($error.status / 100) | tostring) + \"S\" }'"
    ", limit: {attempt: {count: 1}}");
  BOOST_TEST((delays_of(f, 10) == spans{seconds{5}}));
  auto far = retried("delay: P10D, limit: {attempt: {count: 1}}");
  BOOST_TEST((delays_of(far, 10) == spans{std::chrono::hours{1}}));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_busy_is_given_its_time) {
  const auto busy = [](std::uint32_t status, std::string after) {
    auto answer = test::status_of(status);
    answer.headers.emplace_back("retry-after", std::move(after));
    auto f = retried("delay: PT1S, limit: {attempt: {count: 1}}");
    return delays_of(f, 10, answer);
  };
  BOOST_TEST((busy(503, "30") == spans{seconds{30}}));
  BOOST_TEST((busy(429, "30") == spans{seconds{30}}));
  BOOST_TEST((busy(503, "0") == spans{seconds{1}}));
  BOOST_TEST((busy(503, "-5") == spans{seconds{1}}));
  BOOST_TEST((busy(503, "soon") == spans{seconds{1}}));
  BOOST_TEST((busy(500, "30") == spans{seconds{1}}));
}

BOOST_AUTO_TEST_CASE(a_retry_keeps_the_effect_key_and_raises_the_attempt) {
  trial f{"do:\n- guard:\n    try: [{first: " + std::string{ask}
          + "}, {second: " + std::string{ask}
          + "}]\n    catch: {retry: {limit: {attempt: {count: 2}}}}\n"};
  std::vector<std::string> seen;
  f.serve([&](const test::http_order& call) {
    seen.push_back(call.effect_key.substr(
                     call.effect_key.rfind('/', call.effect_key.size() - 5))
                   + " " + std::to_string(call.attempt));
    return seen.size() == 2 ? test::status_of(500) : test::ok();
  });
  BOOST_TEST(seen
             == (std::vector<std::string>{"/first/1.1 1", "/second/1.1 1",
                                          "/first/1.1 2", "/second/1.1 2"}));
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_handler_is_tried_for_the_first_time) {
  trial f{
    "do:\n- guard:\n    try: [{first: " + std::string{ask}
    + "}]\n    catch: {retry: {limit: {attempt: {count: 2}}}, do: [{then: "
    + std::string{ask} + "}]}\n"};
  std::vector<std::uint32_t> seen;
  f.serve([&](const test::http_order& call) {
    seen.push_back(call.attempt);
    return seen.size() < 4 ? test::status_of(500) : test::ok();
  });
  BOOST_TEST(seen == (std::vector<std::uint32_t>{1, 2, 3, 1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_retry_begins_with_the_input_of_the_try) {
  trial f{R"(
do:
- guard:
    try:
    - add: {set: '${ . + 1 }'}
    - ask:
        call: http
        with: {method: get, endpoint: 'http://x.test/'}
        output: {as: $input}
    catch: {retry: {limit: {attempt: {count: 1}}}}
)",
          0};
  f.reply(test::status_of(500));
  f.reply(test::ok());
  BOOST_TEST(f.output() == "1");
}

BOOST_AUTO_TEST_CASE(when_of_a_policy_decides_whether_to_try_again) {
  auto no = retried("when: .status == 503, limit: {attempt: {count: 5}}");
  no.reply(test::status_of(500));
  BOOST_TEST(no.status() == "faulted");
  auto yes
    = retried("when: '$error.status == 500', limit: {attempt: {count: 5}}");
  yes.reply(test::status_of(500));
  BOOST_TEST(yes.status() == "running");
  auto except = retried("exceptWhen: .status == 500",
                        ", do: [{h: {set: '\"handled\"'}}]");
  except.reply(test::status_of(500));
  BOOST_TEST(except.output() == R"("handled")");
}

BOOST_AUTO_TEST_CASE(the_whole_of_a_retry_is_limited) {
  auto f = retried("delay: PT4S, limit: {duration: PT10S}");
  BOOST_TEST(delays_of(f, 10).size() == 2U);
  BOOST_TEST(f.status() == "faulted");
}

BOOST_AUTO_TEST_CASE(each_attempt_is_limited) {
  auto f = retried("delay: PT1S, limit: {attempt: {count: 2, duration: PT5S}}",
                   ", do: [{note: {set: '${ [$error.status, "
                   "$error.instance] }'}}]");
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST((*f.run.next_timer() == f.now + seconds{5}));
    f.to_next_timer(); // The attempt's limit.
    BOOST_TEST(f.status() == "waiting");
    BOOST_TEST(f.run.outstanding().empty());
    f.to_next_timer(); // The backoff.
  }
  f.to_next_timer();
  BOOST_TEST(f.output() == R"([408,"/do/0/guard"])");
}

BOOST_AUTO_TEST_CASE(an_attempt_limit_does_not_outlive_its_attempt) {
  auto f = retried("limit: {attempt: {count: 2, duration: PT5S}}");
  f.pass(seconds{3});
  f.reply(test::status_of(500)); // Tried again at once: a limit of its own.
  BOOST_TEST((*f.run.next_timer() == f.now + seconds{5}));
  f.reply(test::ok());
  BOOST_TEST(!f.run.next_timer());
}

BOOST_AUTO_TEST_CASE(an_operator_may_end_a_backoff) {
  auto f = retried("delay: PT1H, limit: {attempt: {count: 1, duration: PT5S}}");
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "waiting");
  const auto shown = f.shown();
  BOOST_TEST(shown.at("current").at(0).at("waitingFor").at("kind").as_string()
             == "retry");
  f.grant(requests::retry{});
  BOOST_TEST(f.call().attempt == 2U);
  // Its attempt is limited as any other.
  BOOST_REQUIRE(f.run.next_timer().has_value());
  BOOST_TEST((*f.run.next_timer() == f.now + seconds{5}));
  BOOST_TEST((f.refusal(requests::retry{}).what.code == errc::invalid_state));
}

BOOST_AUTO_TEST_CASE(a_backoff_survives_a_pause_and_a_crash) {
  auto f = retried("delay: PT10S, limit: {attempt: {count: 1}}");
  f.reply(test::status_of(500));
  f.grant(requests::pause{});
  f.crash();
  f.pass(seconds{60});
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.call().attempt == 2U);
}

BOOST_AUTO_TEST_CASE(nested_retries_multiply) {
  trial f{"do:\n- outer:\n    try:\n    - inner:\n        try: [{ask: "
          + std::string{ask}
          + "}]\n        catch: {retry: {limit: {attempt: {count: 1}}}}\n"
            "    catch: {retry: {limit: {attempt: {count: 2}}}}\n"};
  std::vector<std::uint32_t> attempts;
  std::set<std::string> keys;
  f.serve([&](const test::http_order& call) {
    attempts.push_back(call.attempt);
    keys.insert(call.effect_key);
    return test::status_of(500);
  });
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(attempts.size() == 6U);
  BOOST_TEST(keys.size() == 1U);
}
