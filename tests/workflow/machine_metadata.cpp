// What a definition says of its instances: index, outcome, sla; and what runs
// before a task is tried again.
#define BOOST_TEST_MODULE workflow.machine_metadata
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace pawl;
using namespace std::chrono_literals;
using test::trial;
using lines = std::vector<std::string>;

namespace {

std::string with(std::string_view metadata, std::string_view flow) {
  return "document:\n  dsl: 1.0.3\n  namespace: test\n  name: flow\n  version: "
         "1.0.0\n  metadata: {"
         + std::string{metadata} + "}\n" + std::string{flow};
}

std::string found_by(const trial& f) {
  std::string out;
  for (const auto& [name, value] : f.state().index)
    out += (out.empty() ? "" : " ") + name + "=" + value;
  return out;
}

// A task that fails until the service that it calls is well.
constexpr std::string_view cleaned = R"(do:
- match:
    call: http
    with: {method: post, endpoint: 'http://x.test/match'}
    metadata:
      onRetry:
      - clear:
          call: http
          with: {method: delete, endpoint: '${ "http://x.test/" + .id }'}
)";

} // namespace

BOOST_AUTO_TEST_CASE(an_instance_is_found_by_what_its_definition_names) {
  trial f{with("index: {who: .customer, n: $context.n, b: '.list', "
               "end: $output.verdict, bad: '.x | error'}",
               R"(do:
- nap: {wait: PT1S, export: {as: '${ {n: 7} }'}}
- late: {wait: PT1S}
- end: {set: {verdict: good}}
)"),
          {{"customer", "ann"}, {"list", {1, 2}}}};
  BOOST_TEST(found_by(f) == "who=ann");
  f.to_next_timer();
  BOOST_TEST(found_by(f) == "n=7 who=ann");
  f.crash();
  BOOST_TEST(found_by(f) == "n=7 who=ann");
  BOOST_TEST(to_text(f.shown().at("index")) == R"({"n":"7","who":"ann"})");
  f.to_next_timer();
  BOOST_TEST(found_by(f) == "end=good n=7 who=ann");
  BOOST_TEST(f.count("instance.indexed") == 3U);
}

BOOST_AUTO_TEST_CASE(what_has_not_begun_is_found_as_well) {
  const trial f{with("index: {who: .customer}", "do: [{a: {set: {n: 1}}}]"),
                {{"customer", "ann"}},
                {},
                [](requests::create& wish, timestamp) { wish.held = true; }};
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(found_by(f) == "who=ann");
}

BOOST_AUTO_TEST_CASE(an_outcome_is_made_of_the_output) {
  const trial f{with("outcome: .verdict", "do: [{a: {set: {verdict: good}}}]")};
  BOOST_TEST(f.shown().at("outcome").as_string() == "good");
  const trial none{with("", "do: [{a: {set: {verdict: good}}}]")};
  BOOST_TEST(none.shown().at("outcome").is_null());
  const trial bad{with("outcome: .a.b", "do: [{a: {set: {a: text}}}]")};
  BOOST_TEST(bad.fault() == "expression 400 /");
}

BOOST_AUTO_TEST_CASE(an_instance_that_takes_too_long_says_so_once) {
  trial f{with("sla: PT30M", "do: [{nap: {wait: PT2H}}]")};
  f.pass(29min);
  BOOST_TEST(!f.shown().at("sla").at("overdue").as_bool());
  f.pass(1min);
  BOOST_TEST(f.shown().at("sla").at("overdue").as_bool());
  BOOST_TEST(f.status() == "waiting");
  f.crash();
  f.pass(90min);
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.count("instance.overdue") == 1U);
}

BOOST_AUTO_TEST_CASE(a_pause_does_not_stop_the_time_that_an_instance_has) {
  requests::pause still;
  still.freeze = true;
  trial f{with("sla: PT30M", "do: [{nap: {wait: PT2H}}]")};
  f.grant(still);
  f.pass(31min);
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.count("instance.overdue") == 1U);
  trial in_time{with("sla: PT30M", "do: [{nap: {wait: PT2M}}]")};
  in_time.pass(2min);
  BOOST_TEST(in_time.count("instance.overdue") == 0U);
}

BOOST_AUTO_TEST_CASE(a_cleanup_runs_before_an_operators_retry) {
  trial f{cleaned, {{"id", "7"}}};
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{});
  const auto first = f.call();
  BOOST_TEST(first.uri == "http://x.test/7");
  f.crash();
  BOOST_TEST(f.call().effect_key == first.effect_key);
  f.reply(test::ok());
  BOOST_TEST(f.call().uri == "http://x.test/match");
  f.reply(test::status_of(500));
  f.grant(requests::retry{});
  BOOST_TEST(f.call().uri == "http://x.test/7");
  BOOST_TEST(f.call().effect_key != first.effect_key);
  f.reply(test::ok());
  f.reply(test::ok(R"({"n":1})"));
  BOOST_TEST(f.output() == R"({"n":1})");
  BOOST_TEST(f.count("cleanup.completed") == 2U);
}

BOOST_AUTO_TEST_CASE(a_cleanup_that_fails_is_gone_on_with) {
  trial f{cleaned, {{"id", "7"}}};
  f.reply(test::status_of(500));
  f.grant(requests::retry{});
  f.reply(test::status_of(500));
  BOOST_TEST(f.fault()
             == "communication 500 /do/0/match/metadata/onRetry/0/clear");
  f.crash();
  f.grant(requests::retry{});
  f.reply(test::ok());
  BOOST_TEST(f.call().uri == "http://x.test/match");
  f.reply(test::ok());
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_try_cleans_up_before_each_further_attempt) {
  trial f{R"(do:
- guard:
    try: [{ask: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}}]
    catch: {errors: {}, retry: {delay: PT1M, limit: {attempt: {count: 2}}}}
    metadata:
      onRetry: [{clear: {call: http, with: {method: delete, endpoint: 'http://x.test/c'}}}]
)"};
  BOOST_TEST(f.call().uri == "http://x.test/a");
  f.reply(test::status_of(500));
  BOOST_TEST(f.calls().empty()); // First its delay.
  f.to_next_timer();
  BOOST_TEST(f.call().uri == "http://x.test/c");
  f.crash();
  f.reply(test::ok());
  BOOST_TEST(f.call().uri == "http://x.test/a");
  f.reply(test::status_of(500));
  f.to_next_timer();
  f.reply(test::ok());
  f.reply(test::ok("3"));
  BOOST_TEST(f.output() == "3");
  BOOST_TEST(f.count("cleanup.started") == 2U);
}

BOOST_AUTO_TEST_CASE(a_cleanup_that_fails_is_not_caught_by_what_it_cleans) {
  trial f{R"(do:
- guard:
    try: [{ask: {call: http, with: {method: get, endpoint: 'http://x.test/a'}}}]
    catch: {errors: {}, retry: {limit: {attempt: {count: 5}}, delay: PT1M}}
    metadata:
      onRetry: [{clear: {raise: {error: {type: 'https://x.test/no', status: 400}}}}]
)"};
  f.reply(test::status_of(500));
  f.to_next_timer();
  BOOST_TEST(f.fault() == "no 400 /do/0/guard/metadata/onRetry/0/clear");
}
