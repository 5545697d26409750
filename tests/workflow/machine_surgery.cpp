// What an operator does to single tasks.
#define BOOST_TEST_MODULE workflow.machine_surgery
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using requests::settle;
using test::trial;
using way = requests::settle::way;

namespace {

constexpr std::string_view call
  = "{call: http, with: {method: get, endpoint: 'http://x.test/'}";

// A call that fails between two tasks.
trial faulted(std::string_view more = "") {
  trial f{"do:\n- before: {set: {n: '${ (.n // 0) + 1 }'}}\n- ask: "
          + std::string{call} + std::string{more}
          + "}\n- after: {set: '${ [., \"after\"] }'}\n"};
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "faulted");
  return f;
}

trial waiting(std::string_view task = "{wait: PT1H}") {
  trial f{"do:\n- rest: " + std::string{task}
            + "\n- after: {set: '${ [., \"after\"] }'}\n",
          {{"n", 1}}};
  BOOST_TEST(f.status() == "waiting");
  return f;
}

settle by(way how, json::value output) {
  return {.how = how, .output = make_datum(std::move(output))};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_faulted_task_is_skipped_with_a_substitute) {
  auto f = faulted(", output: {as: .never}");
  f.crash();
  f.grant(by(way::skip, {{"x", 1}}));
  BOOST_TEST(f.output() == R"([{"x":1},"after"])"); // As it stands.
  BOOST_TEST(f.state().error->is_null());
  f.crash();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(without_a_substitute_the_input_goes_on) {
  auto f = faulted();
  f.grant(settle{});
  BOOST_TEST(f.output() == R"([{"n":1},"after"])");
}

BOOST_AUTO_TEST_CASE(a_substitute_must_keep_to_the_schema) {
  auto f = faulted(", output: {schema: {document: {type: array}}}");
  const auto no = f.refusal(by(way::skip, "text"));
  BOOST_TEST((no.what.code == errc::invalid_input));
  BOOST_TEST(no.members.at("error").at("status").as_int64() == 400);
  BOOST_TEST(f.status() == "faulted");
  f.grant(by(way::skip, json::array{}));
  BOOST_TEST(f.output() == R"([[],"after"])");
}

BOOST_AUTO_TEST_CASE(a_substitute_is_exported) {
  auto f = faulted(", export: {as: '${ {got: .} }'}");
  f.grant(by(way::skip, 5));
  BOOST_TEST(f.context() == R"({"got":5})");
}

BOOST_AUTO_TEST_CASE(what_waits_is_completed_by_hand) {
  auto f = waiting("{listen: {to: {one: {with: {type: a}}}}, output: {as: "
                   "'${ .[0] }'}}");
  f.grant(by(way::complete, json::array{7}));
  BOOST_TEST(f.output() == R"([7,"after"])"); // Its output rules apply.
  BOOST_TEST(f.news("task.completed").size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_waits_fails_by_hand_and_is_caught) {
  trial f{"do:\n- guard: {try: [{rest: {wait: PT1H}}], catch: {errors: {with: "
          "{status: 418}}, do: [{say: {set: '${ $error }'}}]}}\n"};
  f.grant(settle{.how = way::fail,
                 .error = {{"type", "https://x.test/e"}, {"status", 418}}});
  BOOST_TEST(f.status() == "completed");
  const auto error = *parse_json(f.output());
  BOOST_TEST(error.at("type").as_string() == "https://x.test/e");
  BOOST_TEST(error.at("instance").as_string() == "/do/0/guard/try/0/rest");
  auto plain = waiting();
  plain.grant(settle{.how = way::fail});
  BOOST_TEST(plain.fault() == "runtime 500 /do/0/rest");
}

BOOST_AUTO_TEST_CASE(a_backoff_is_skipped_with_its_try) {
  trial f{"do:\n- guard: {try: [{ask: " + std::string{call}
          + "}}], catch: {retry: {delay: PT1H}}}\n"};
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(!f.decide(by(way::complete, 1)));
  f.grant(by(way::skip, 1));
  BOOST_TEST(f.output() == "1");
  BOOST_TEST(f.state().timers.empty());
}

BOOST_AUTO_TEST_CASE(one_of_several_must_be_named) {
  trial f{"do:\n- both: {fork: {branches: [{a: {wait: PT1H}}, {b: {wait: "
          "PT1H}}]}}\n"};
  const auto no = f.refusal(settle{});
  BOOST_TEST(no.members.at("tasks").as_array().size() == 2U);
  f.grant(
    settle{.task = "/do/0/both/fork/branches/1/b", .output = make_datum("b")});
  f.grant(settle{.lane = 1, .output = make_datum("a")});
  BOOST_TEST(f.output() == R"(["a","b"])");
  auto other = waiting();
  BOOST_TEST((other.refusal(settle{.task = "/do/9/no"}).what.code
              == errc::invalid_request));
  BOOST_TEST((other.refusal(settle{.task = "/do/1/after"}).what.code
              == errc::invalid_state));
}

BOOST_AUTO_TEST_CASE(what_is_skipped_in_a_pause_goes_on_with_the_resume) {
  auto f = waiting();
  f.grant(requests::pause{});
  f.grant(by(way::skip, 1));
  BOOST_TEST(f.status() == "suspended");
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(f.output() == R"([1,"after"])");
}

BOOST_AUTO_TEST_CASE(a_retry_may_begin_with_an_earlier_task) {
  auto f = faulted();
  const auto key = f.state().last;
  f.grant(requests::retry{
    .input = make_datum({{"n", 41}}), .reason = "", .from = "/do/0/before"});
  BOOST_TEST(f.state().last > key);
  BOOST_TEST(to_text(*f.state().frames.rbegin()->second.input)
             == R"({"n":42})");
  f.crash();
  f.reply(test::ok(R"("ok")"));
  BOOST_TEST(f.output() == R"(["ok","after"])");
}

BOOST_AUTO_TEST_CASE(a_retry_from_is_another_visit) {
  auto f = faulted();
  f.grant(requests::retry{});
  const auto again = f.call().effect_key;
  f.reply(test::status_of(500));
  f.grant(requests::retry{
    .input = make_datum(json::object{}), .reason = "", .from = "/do/1/ask"});
  BOOST_TEST(f.call().effect_key != again);
}

BOOST_AUTO_TEST_CASE(a_retry_goes_back_only_to_what_has_run_around) {
  auto f = faulted();
  for (const auto* from : {"/do/2/after", "/do/9/no"})
    BOOST_TEST((f.refusal(requests::retry{
                            .input = null_datum(), .reason = "", .from = from})
                  .what.code
                == errc::invalid_request),
               from);
  BOOST_TEST(
    (f.refusal(requests::retry{
                 .input = std::nullopt, .reason = "", .from = "/do/0/before"})
       .what.code
     == errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(limits_around_a_skipped_task_start_anew) {
  trial f{"timeout: {after: PT1H}\ndo:\n- ask: " + std::string{call}
          + "}\n- rest: {wait: PT30M}\n"};
  f.reply(test::status_of(500));
  f.now += std::chrono::hours{5};
  f.grant(settle{});
  BOOST_TEST(f.status() == "waiting");
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
}
