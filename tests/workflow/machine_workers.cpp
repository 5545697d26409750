#define BOOST_TEST_MODULE workflow.machine_workers
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using requests::settle;
using test::trial;

namespace {

std::string job(std::string_view more = "") {
  return "{call: worker, with: {queue: q}" + std::string{more} + "}";
}

reports::effect_done done(const commands::perform& order,
                          worker_outcome how = {.output = 5}) {
  return {order.frame, order.dispatch, effect_outcome{std::move(how)}};
}

worker_outcome failed(json::object more = {}) {
  more["title"] = "No";
  more["status"] = 418;
  return {.output = nullptr, .error = std::move(more)};
}

/// The only effect that is to be stopped, and how.
std::optional<giving_up> stop_of(const trial& f) {
  for (const auto& one : f.run.outstanding())
    if (const auto* stop = std::get_if<commands::stop_effect>(&one)) {
      BOOST_TEST((stop->child && !stop->child->begins));
      return stop->how;
    }
  return std::nullopt;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_job_goes_out_with_what_its_task_says) {
  trial f{"do:\n- w: {call: worker, with: {queue: '${ .kind }', input: {a: '${ "
          ".n }'}, lease: PT2M, labels: {gpu: '${ .n }'}, priority: 7, key: "
          "'${ .kind }'}}\n",
          json::object{{"n", 1}, {"kind", "k.x"}}};
  const auto order = f.order();
  BOOST_TEST(to_text(*order.arguments)
             == R"({"queue":"k.x","input":{"a":1},"lease":120000,)"
                R"("labels":{"gpu":"1"},"priority":7,"key":"k.x"})");
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(to_text(f.shown().at("current").at(0).at("waitingFor"))
             == R"({"kind":"worker","queue":"k.x"})");
  f.grant(done(order));
  BOOST_TEST(f.output() == "5");
}

BOOST_AUTO_TEST_CASE(without_an_input_the_job_has_that_of_its_task) {
  trial f{"do:\n- w: {call: 'worker:1.0.0@default', with: {queue: q}}\n",
          json::object{{"n", 1}}};
  BOOST_TEST(to_text(f.order().arguments->at("input")) == R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(what_is_no_queue_fails_the_task) {
  for (const auto* queue : {"''", "a b", "'${ 5 }'"}) {
    trial f{"do:\n- w: {call: worker, with: {queue: '${ .q }'}}\n",
            json::object{{"q", queue}}};
    BOOST_TEST(f.fault() == "expression 400 /do/0/w", queue);
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_the_error_that_the_worker_tells) {
  trial f{"do:\n- w: " + job() + "\n"};
  f.grant(done(f.order(), failed({{"type", "https://x.test/bad"}})));
  BOOST_TEST(f.fault() == "bad 418 /do/0/w");
}

BOOST_AUTO_TEST_CASE(a_retry_tries_again_unless_the_worker_knows_better) {
  const auto text = "do:\n- g: {try: [{w: " + job()
                    + "}], catch: {retry: {limit: {attempt: {count: 5}}}}}\n";
  trial again{text};
  const auto key = again.order().effect_key;
  again.grant(done(again.order(), failed()));
  BOOST_TEST(again.order().attempt == 2U);
  BOOST_TEST(again.order().effect_key == key);
  trial never{text};
  never.grant(done(never.order(), failed({{"retryable", false}})));
  BOOST_TEST(never.status() == "faulted");
}

BOOST_AUTO_TEST_CASE(a_pause_stops_a_job_and_a_resume_orders_it_again) {
  for (const auto mode : {pause_mode::drain, pause_mode::interrupt}) {
    trial f{"do:\n- w: " + job() + "\n"};
    const auto before = f.order();
    f.grant(requests::pause{mode, ""});
    BOOST_TEST(f.status() == "suspending");
    f.crash();
    BOOST_TEST((stop_of(f)
                == (mode == pause_mode::drain ? giving_up::drain
                                              : giving_up::interrupt)));
    f.confirm_stop();
    BOOST_TEST(f.status() == "suspended");
    // Who had it is too late.
    BOOST_TEST(f.grant(done(before)).events.empty());
    f.grant(requests::resume{});
    BOOST_TEST(f.order().effect_key == before.effect_key);
    BOOST_TEST(f.order().dispatch != before.dispatch);
  }
}

BOOST_AUTO_TEST_CASE(what_a_worker_brings_while_a_pause_drains_is_recorded) {
  trial f{"do:\n- w: " + job() + "\n- after: {set: {x: '${ . }'}}\n"};
  const auto order = f.order();
  f.grant(requests::pause{pause_mode::drain, ""});
  f.grant(done(order));
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.output() == R"({"x":5})");
}

BOOST_AUTO_TEST_CASE(a_stop_that_comes_after_the_resume_orders_it_again) {
  trial f{"do:\n- w: " + job() + "\n"};
  const auto order = f.order();
  f.grant(requests::pause{pause_mode::drain, ""});
  f.grant(requests::resume{});
  f.grant(reports::effect_stopped{order.frame, order.dispatch});
  BOOST_TEST(f.order().effect_key == order.effect_key);
}

BOOST_AUTO_TEST_CASE(a_cancel_waits_until_the_job_is_stopped) {
  trial f{"do:\n- w: " + job() + "\n"};
  f.grant(requests::cancel{});
  BOOST_TEST(f.status() == "cancelling");
  BOOST_TEST((stop_of(f) == giving_up::for_good));
  f.confirm_stop();
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_job_ends_by_hand) {
  const auto ended = [](settle wish) {
    trial f{"do:\n- w: " + job() + "\n"};
    const auto order = f.order();
    f.grant(std::move(wish));
    BOOST_TEST(f.run.outstanding().empty());
    BOOST_TEST(f.grant(done(order)).events.empty());
    return f.status() == "completed" ? f.output() : f.fault();
  };
  const auto value = make_datum(json::value("v"));
  BOOST_TEST(ended({.how = settle::way::skip, .output = value}) == R"("v")");
  BOOST_TEST(ended({.how = settle::way::complete, .output = value})
             == R"("v")");
  BOOST_TEST(
    ended({.how = settle::way::fail, .error = {{"type", "x"}, {"status", 418}}})
    == "x 418 /do/0/w");
}

BOOST_AUTO_TEST_CASE(a_job_beside_a_fault_is_stopped_for_a_retry) {
  trial f{"do:\n- both: {fork: {branches: [{a: {wait: PT1S, timeout: {after: "
          "PT0.5S}}}, {w: "
          + job() + "}]}}\n"};
  const auto order = f.order();
  f.to_next_timer();
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST((stop_of(f) == giving_up::interrupt));
  // What is brought now is not recorded: a retry asks again.
  f.grant(done(order));
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(!stop_of(f));
  f.grant(requests::retry{});
  BOOST_TEST(f.order().effect_key == order.effect_key);
}
