// Pauses that freeze, pauses that end by themselves, and later beginnings.
#define BOOST_TEST_MODULE workflow.machine_pause
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;
using test::trial;

namespace {

constexpr std::string_view naps = "do:\n- nap: {wait: PT1H}\n";

requests::pause frozen(std::optional<timestamp> until = std::nullopt) {
  return {pause_mode::drain, "stop", true, until};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_frozen_timer_keeps_what_is_left_of_it) {
  trial f{naps};
  f.pass(20min);
  f.grant(frozen());
  f.pass(48h);
  f.crash();
  BOOST_TEST(!f.run.next_timer());
  f.grant(requests::resume{});
  BOOST_TEST((*f.run.next_timer() - f.now == 40min));
  f.pass(39min);
  BOOST_TEST(f.status() == "waiting");
  f.pass(1min);
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(timers_freeze_from_the_moment_of_the_pause) {
  trial f{"do:\n- ask: {call: http, with: {method: get, endpoint: "
          "'http://x.test/'}, timeout: {after: PT1H}}\n"};
  f.pass(30min);
  f.grant(frozen());
  BOOST_TEST(f.status() == "suspending");
  f.pass(5h); // The call drains, its timeout stands still.
  BOOST_TEST(f.status() == "suspending");
  f.grant(requests::resume{});
  BOOST_TEST((*f.run.next_timer() - f.now == 30min));
}

BOOST_AUTO_TEST_CASE(a_pause_that_does_not_freeze_lets_them_run) {
  trial f{naps};
  f.grant(requests::pause{});
  f.pass(2h);
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_pause_ends_by_itself) {
  trial f{naps};
  f.grant(frozen(f.now + 3h));
  f.crash();
  BOOST_TEST((*f.run.next_timer() == f.now + 3h));
  f.pass(2h);
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.shown().at("pause").at("timers").as_string() == "freeze");
  const auto why = explain(f.state(), f.run.flow());
  BOOST_TEST(why.at("waitsFor").as_array().back().at("detail").as_string()
             == "its time stands still while the instance is paused");
  f.pass(1h);
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(!f.shown().contains("pause"));
  BOOST_TEST((*f.run.next_timer() - f.now == 1h));
}

BOOST_AUTO_TEST_CASE(a_pause_that_ends_takes_up_the_events_that_came) {
  trial f{"do:\n- hear: {listen: {to: {one: {with: {type: a}}}}}\n"};
  f.grant(requests::pause{pause_mode::drain, "", false, f.now + 1h});
  (void)f.deliver("a", 5);
  BOOST_TEST(f.status() == "suspended");
  f.pass(1h);
  BOOST_TEST(f.output() == "[5]");
}

BOOST_AUTO_TEST_CASE(a_drain_that_outlasts_its_pause_goes_on) {
  trial f{"do:\n- ask: {call: http, with: {method: get, endpoint: "
          "'http://x.test/'}}\n"};
  f.grant(requests::pause{pause_mode::drain, "", false, f.now + 1h});
  BOOST_TEST(f.status() == "suspending");
  f.pass(1h);
  BOOST_TEST(f.status() == "running");
}

BOOST_AUTO_TEST_CASE(a_resume_by_hand_leaves_no_timer_behind) {
  trial f{naps};
  f.grant(requests::pause{pause_mode::drain, "", false, f.now + 30min});
  f.grant(requests::resume{});
  BOOST_TEST(f.state().timers.size() == 1U);
  f.grant(requests::pause{});
  f.pass(45min);
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::cancel{});
  BOOST_TEST(!f.shown().contains("pause"));
}

BOOST_AUTO_TEST_CASE(an_end_in_the_past_is_refused) {
  trial f{naps};
  BOOST_TEST(
    (f.refusal(requests::pause{pause_mode::drain, "", false, f.now}).what.code
     == errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(an_instance_may_begin_later) {
  trial f{naps, json::object{}, {}, [](requests::create& wish, timestamp now) {
            wish.start_at = now + 2h;
          }};
  BOOST_TEST(f.status() == "pending");
  BOOST_TEST(!f.run.has_work());
  f.crash();
  BOOST_TEST((*f.run.next_timer() == f.now + 2h));
  BOOST_TEST(f.shown().contains("startAt"));
  f.pass(2h);
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(!f.shown().contains("startAt"));
}

BOOST_AUTO_TEST_CASE(a_later_beginning_waits_for_the_end_of_a_pause) {
  trial f{naps, json::object{}, {}, [](requests::create& wish, timestamp now) {
            wish.start_at = now + 2h;
          }};
  f.grant(requests::pause{});
  f.pass(3h);
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "waiting");
  trial early{
    naps, json::object{}, {}, [](requests::create& wish, timestamp now) {
      wish.start_at = now + 2h;
    }};
  early.grant(frozen());
  early.pass(1h);
  early.grant(requests::resume{});
  BOOST_TEST(early.status() == "pending"); // Two o'clock is two o'clock.
  early.pass(1h);
  BOOST_TEST(early.status() == "waiting");
}

BOOST_AUTO_TEST_CASE(an_instance_may_begin_held) {
  trial f{naps, json::object{}, {}, [](requests::create& wish, timestamp) {
            wish.held = true;
          }};
  BOOST_TEST(f.status() == "suspended");
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "waiting");
}

BOOST_AUTO_TEST_CASE(it_is_explained_why_nothing_moves) {
  const auto why = [](const trial& f) {
    const auto shown = explain(f.state(), f.run.flow());
    std::string text = shown.at("canProceed").as_bool() ? "goes:" : "stands:";
    for (const auto* list : {"blockedBy", "waitsFor"})
      for (const auto& one : shown.at(list).as_array())
        text += " " + std::string{one.at("kind").as_string()};
    return text;
  };
  trial f{naps};
  BOOST_TEST(why(f) == "goes: timer");
  f.grant(requests::pause{});
  BOOST_TEST(why(f) == "stands: pause timer");
  f.grant(requests::cancel{});
  BOOST_TEST(why(f) == "stands: ended");
  BOOST_TEST(
    why(trial{"do:\n- hear: {listen: {to: {one: {with: {type: a}}}}}\n"})
    == "stands: event");
  BOOST_TEST(why(trial{"do:\n- c: {run: {workflow: {namespace: n, name: w, "
                       "version: 1.0.0}}}\n"})
             == "goes: child");
  BOOST_TEST(why(trial{"do:\n- no: {raise: {error: {type: 'https://x.test/e', "
                       "status: 400}}}\n"})
             == "stands: fault");
}

BOOST_AUTO_TEST_CASE(a_timer_of_the_pause_itself_is_moved_by_its_rest_alone) {
  trial f{"do:\n- guard: {try: [{ask: {call: http, with: {method: get, "
          "endpoint: 'http://x.test/'}}}], catch: {retry: {delay: PT1H}}}\n"};
  const auto asked = f.call();
  f.grant(frozen());
  BOOST_TEST(f.status() == "suspending");
  f.pass(10h);
  // The backoff begins in the pause.
  f.grant(
    reports::effect_done{asked.frame, asked.dispatch, test::status_of(500)});
  BOOST_TEST(f.status() == "suspended");
  f.pass(2h);
  f.grant(requests::resume{});
  BOOST_TEST((*f.run.next_timer() == f.now + 1h));
}
