// Undoing: rollbacks, sagas, and what exhausted retries leave to an operator.
#define BOOST_TEST_MODULE workflow.machine_rollback
#include "tests/support/flow.hpp"
#include "workflow/approval.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

std::string header(std::string_view metadata) {
  return "document:\n  dsl: '1.0.3'\n  namespace: default\n  name: undo\n  "
         "version: '1.0.0'\n  metadata: {"
         + std::string{metadata} + "}\n";
}

std::string call(std::string_view path) {
  return "{call: http, with: {method: post, endpoint: 'http://x.test/"
         + std::string{path} + "'}";
}

// A call that is undone by another.
std::string booking(std::string_view name) {
  return "- " + std::string{name} + ": " + call(name)
         + ", metadata: {compensate: [{undo: {call: http, with: {method: post, "
           "endpoint: 'http://x.test/undo-"
         + std::string{name} + "', body: '${ . }'}}}]}}\n";
}

std::string trip(std::string_view metadata = "") {
  return header(metadata) + "do:\n" + booking("flight") + booking("hotel")
         + "- pay: " + call("pay") + "}\n";
}

// The paths that are called, in order, until nothing is ordered any more;
// those in `broken` are answered with 500.
std::vector<std::string> served(trial& f, std::string_view broken = "pay") {
  std::vector<std::string> paths;
  f.serve([&](const test::http_order& o) {
    const auto path = o.uri.substr(o.uri.rfind('/') + 1);
    paths.push_back(path);
    return path == broken ? test::status_of(500)
                          : test::ok("{\"id\":\"" + path + "\"}");
  });
  return paths;
}

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(a_rollback_undoes_in_reverse_and_goes_on) {
  trial f{trip()};
  BOOST_TEST(served(f) == (names{"flight", "hotel", "pay"}));
  BOOST_TEST(f.status() == "faulted");
  f.crash();
  f.grant(requests::rollback{
    .to = "/do/0/flight", .since = 0, .input = make_datum({{"n", 1}})});
  BOOST_TEST(served(f, "")
             == (names{"undo-hotel", "undo-flight", "flight", "hotel", "pay"}));
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.count("rollback.started") == 1U);
  BOOST_TEST(f.count("compensation.completed") == 2U);
}

BOOST_AUTO_TEST_CASE(only_what_came_later_is_undone) {
  trial f{trip()};
  served(f);
  // The history tells where the hotel was begun.
  sequence since = 0;
  for (std::size_t i = 0; i < f.history.size(); ++i)
    if (task_of(f.history[i].what) == "/do/1/hotel" && since == 0)
      since = i + 1;
  f.grant(requests::rollback{
    .to = "/do/1/hotel", .since = since, .input = make_datum(1)});
  BOOST_TEST(f.call().uri == "http://x.test/undo-hotel");
  BOOST_TEST(f.shown().at("rollback").at("to").as_string() == "/do/1/hotel");
  // What undoes sees what went in and what came out.
  const auto seen = *parse_json(f.call().body);
  BOOST_TEST(seen.at("output").at("id").as_string() == "hotel");
  BOOST_TEST(served(f, "") == (names{"undo-hotel", "hotel", "pay"}));
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(each_compensation_has_a_key_of_its_own) {
  trial f{trip()};
  served(f);
  f.grant(requests::rollback{
    .to = "/do/0/flight", .since = 0, .input = make_datum(1)});
  const auto first = f.call().effect_key;
  f.crash();
  BOOST_TEST(f.call().effect_key == first);
  f.reply(test::ok());
  BOOST_TEST(f.call().effect_key != first);
}

BOOST_AUTO_TEST_CASE(a_compensation_that_fails_waits_for_an_operator) {
  trial f{trip()};
  served(f);
  f.grant(requests::rollback{
    .to = "/do/0/flight", .since = 0, .input = make_datum(1)});
  BOOST_TEST(served(f, "undo-hotel") == (names{"undo-hotel"}));
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.shown().at("reason").as_string().starts_with(
    "the compensation of '/do/1/hotel' has failed"));
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(served(f, "undo-hotel") == (names{"undo-hotel"}));
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::settle{.output = make_datum("done by hand")});
  f.grant(requests::resume{});
  BOOST_TEST(served(f, "") == (names{"undo-flight", "flight", "hotel", "pay"}));
}

BOOST_AUTO_TEST_CASE(people_decide_on_a_compensation_that_fails) {
  trial f{trip()};
  served(f);
  f.grant(requests::rollback{
    .to = "/do/0/flight", .since = 0, .input = make_datum(1)});
  (void)served(f, "undo-hotel");
  f.crash();
  const auto waits = f.shown().at("current").at(0).at("waitingFor");
  BOOST_TEST(waits.at("kind").as_string() == "approval");
  BOOST_TEST(waits.at("title").as_string()
             == "The compensation of 'hotel' has failed. Go on without it?");
  const auto open = [&] {
    const auto& frames = f.state().frames;
    return std::ranges::find_if(
             frames,
             [](const auto& one) { return is_open_approval(one.second); })
      ->second;
  };
  requests::vote no{.frame = open().id,
                    .round = open().dispatch,
                    .by = "ann",
                    .operates = true,
                    .outcome = "rejected",
                    .comment = "try again"};
  f.grant(no);
  BOOST_TEST(f.status() == "running"); // It is tried again ...
  f.reply(test::status_of(500));
  BOOST_TEST(f.status() == "suspended"); // ... and fails again.
  BOOST_TEST((f.refusal(no).what.code == errc::not_found));
  requests::vote yes = no;
  yes.frame = open().id;
  yes.round = open().dispatch;
  yes.operates = false;
  yes.outcome = "approved";
  BOOST_TEST(f.refusal(yes).forbidden); // Nobody is named, so operators.
  yes.operates = true;
  f.grant(yes);
  BOOST_TEST(f.status() == "running");
  f.crash();
  BOOST_TEST(f.count("compensation.completed") == 1U);
}

BOOST_AUTO_TEST_CASE(a_saga_undoes_before_it_faults) {
  trial f{trip("saga: true")};
  BOOST_TEST(served(f)
             == (names{"flight", "hotel", "pay", "undo-hotel", "undo-flight"}));
  BOOST_TEST(f.fault() == "communication 500 /do/2/pay");
  BOOST_TEST(f.state().undoables.empty());
  // A retry begins the workflow anew: nothing of it is left.
  f.grant(requests::retry{});
  BOOST_TEST(served(f, "") == (names{"flight", "hotel", "pay"}));
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_saga_undoes_before_it_is_cancelled) {
  trial f{trip("saga: true")};
  f.reply(test::ok());
  f.reply(test::ok());
  f.grant(requests::cancel{"no longer wanted"});
  BOOST_TEST(f.status() == "cancelling");
  f.confirm_stop();
  BOOST_TEST(f.status() == "cancelling");
  BOOST_TEST(f.call().uri == "http://x.test/undo-hotel");
  f.crash();
  f.decide(requests::cancel{"again"}).value();
  BOOST_TEST(served(f, "") == (names{"undo-hotel", "undo-flight"}));
  BOOST_TEST(f.status() == "cancelled");
  BOOST_TEST(f.shown().at("reason").as_string() == "no longer wanted");
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_a_saga_that_cannot_undo) {
  trial f{trip("saga: true")};
  f.reply(test::ok());
  f.grant(requests::cancel{""});
  f.confirm_stop();
  BOOST_TEST(served(f, "undo-flight") == (names{"undo-flight"}));
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "cancelling");
  served(f, "undo-flight");
  BOOST_TEST(f.status() == "suspended");
  f.crash();
  f.grant(requests::cancel{""});
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_saga_that_waits_is_undone_by_a_cancel) {
  trial f{header("saga: true") + "do:\n" + booking("flight")
          + "- rest: {wait: PT1H}\n"};
  f.reply(test::ok());
  f.grant(requests::cancel{""});
  BOOST_TEST(served(f, "") == (names{"undo-flight"}));
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(another_attempt_is_undone_once) {
  trial f{
    header("saga: true") + "do:\n- guard: {try: [" +
    [] {
      auto one = booking("flight");
      one = one.substr(2, one.size() - 3);
      return "{" + one + "}";
    }()
    + ", {pay: " + call("pay")
    + "}}], catch: {retry: {delay: PT1S, limit: {attempt: {count: 1}}}}}\n"};
  BOOST_TEST(served(f) == (names{"flight", "pay"}));
  f.to_next_timer();
  BOOST_TEST(served(f) == (names{"flight", "pay", "undo-flight"}));
  BOOST_TEST(f.status() == "faulted");
}

BOOST_AUTO_TEST_CASE(each_item_of_a_loop_is_undone) {
  trial f{header("saga: true") + "do:\n- each: {for: {in: '${ [1, 2] }'}, do: ["
          +
          [] {
            auto one = booking("flight");
            return "{" + one.substr(2, one.size() - 3) + "}";
          }()
          + "]}\n- pay: " + call("pay") + "}\n"};
  BOOST_TEST(
    served(f)
    == (names{"flight", "flight", "pay", "undo-flight", "undo-flight"}));
}

BOOST_AUTO_TEST_CASE(a_rollback_must_fit) {
  trial f{trip()};
  BOOST_TEST((f.refusal(requests::rollback{.to = "/do/9/no"}).what.code
              == errc::invalid_request));
  BOOST_TEST((f.refusal(requests::rollback{.to = "/do/2/pay"}).what.code
              == errc::invalid_request)); // It has not run.
  served(f, "");
  const auto no = f.refusal(requests::rollback{.to = "/do/0/flight"});
  BOOST_TEST((no.what.code == errc::invalid_state));
  BOOST_TEST(no.members.at("from").as_string() == "completed");
}

BOOST_AUTO_TEST_CASE(a_rollback_while_it_runs_gives_up_what_is_out) {
  trial f{trip()};
  f.reply(test::ok());
  f.reply(test::ok());
  BOOST_TEST(f.call().uri == "http://x.test/pay");
  f.grant(requests::rollback{
    .to = "/do/0/flight", .since = 0, .input = make_datum(1)});
  BOOST_TEST(f.call().uri == "http://x.test/undo-hotel");
  BOOST_TEST((f.refusal(requests::rollback{.to = "/do/0/flight"}).what.code
              == errc::invalid_state)); // One after the other.
}

BOOST_AUTO_TEST_CASE(exhausted_retries_are_left_to_an_operator) {
  trial f{
    header("onExhausted: suspend") + "do:\n- guard: {try: [{pay: " + call("pay")
    + "}}], catch: {retry: {delay: PT1S, limit: {attempt: {count: 1}}}}}\n"
      "- after: {set: '${ \"done\" }'}\n"};
  served(f);
  f.to_next_timer();
  served(f);
  BOOST_TEST(f.status() == "suspended");
  const auto shown = f.shown();
  BOOST_TEST(shown.at("current").at(0).at("status").as_string() == "faulted");
  const auto why = explain(f.state(), f.run.flow());
  BOOST_TEST(why.at("canProceed").as_bool() == false);
  BOOST_TEST(why.at("blockedBy").at(1).at("error").at("status").to_number<int>()
             == 500);
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(f.call().attempt == 3U);
  f.reply(test::ok());
  BOOST_TEST(f.output() == "\"done\"");
}

BOOST_AUTO_TEST_CASE(what_is_nearest_says_what_exhausted_retries_do) {
  trial f{header("onExhausted: suspend") + "do:\n- pay: " + call("pay")
          + ", metadata: {onExhausted: fault}}\n"};
  served(f);
  BOOST_TEST(f.status() == "faulted");
}

BOOST_AUTO_TEST_CASE(other_branches_drain_when_one_is_exhausted) {
  trial f{header("onExhausted: suspend")
          + "do:\n- both: {fork: {branches: [{pay: " + call("pay")
          + "}}, {b: " + call("b") + "}}]}}\n"};
  for (const auto& o : f.calls())
    if (o.uri.ends_with("/pay"))
      f.grant(reports::effect_done{o.frame, o.dispatch, test::status_of(500)});
  BOOST_TEST(f.status() == "suspending");
  for (const auto& c : f.run.outstanding())
    BOOST_TEST(std::holds_alternative<commands::keep_effect>(c));
}

BOOST_AUTO_TEST_CASE(a_pause_outlasts_what_fails_in_it) {
  trial f{header("onExhausted: suspend") + "do:\n- pay: " + call("pay")
          + "}\n- rest: {wait: PT1H}\n"};
  const auto asked = f.call();
  requests::pause frozen;
  frozen.freeze = true;
  f.grant(frozen);
  f.grant(
    reports::effect_done{asked.frame, asked.dispatch, test::status_of(500)});
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.state().freeze);
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(f.call().attempt == 2U);
}

BOOST_AUTO_TEST_CASE(a_saga_waits_for_the_end_of_a_pause) {
  trial f{header("saga: true") + "do:\n" + booking("flight")
          + "- rest: {wait: PT1H}\n"};
  f.reply(test::ok());
  f.grant(requests::pause{});
  f.grant(requests::settle{.how = requests::settle::way::fail});
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.orders().empty());
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(served(f, "") == (names{"undo-flight"}));
  BOOST_TEST(f.status() == "faulted");
}

BOOST_AUTO_TEST_CASE(a_task_itself_says_what_becomes_of_its_error) {
  // Without a title, and over within the step that begins it.
  constexpr std::string_view broken
    = "do:\n- a: {raise: {error: {type: 'https://x.test/e', status: 403}}, "
      "metadata: {onExhausted: ";
  trial left{header("") + std::string{broken} + "suspend}}\n"};
  BOOST_TEST(left.status() == "suspended");
  left.crash();
  left.grant(requests::settle{.output = make_datum(1)});
  left.grant(requests::resume{});
  BOOST_TEST(left.status() == "completed");
  trial ends{header("onExhausted: suspend") + std::string{broken}
             + "fault}}\n"};
  BOOST_TEST(ends.status() == "faulted");
}
