// The table of API.md: what each verb does in each status. An instance is led
// into every status, each verb is tried in each, and also after a crash there.
#define BOOST_TEST_MODULE workflow.machine_states
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

using namespace pawl;
using test::trial;

namespace {

constexpr std::string_view calls = R"(
do:
- ask: {call: http, with: {method: get, endpoint: 'http://target.test/'}}
)";
constexpr std::string_view listens = R"(
do:
- hear: {listen: {to: {one: {with: {type: asked}}}}}
)";
constexpr std::string_view backs_off = R"(
do:
- guard:
    try:
    - ask: {call: http, with: {method: get, endpoint: 'http://target.test/'}}
    catch: {retry: {delay: PT1M, limit: {attempt: {count: 3}}}}
)";
constexpr std::string_view raises = R"(
do:
- fail: {raise: {error: {type: 'https://pawl.test/broken', status: 418}}}
)";

// Every way into a status, by its name.
trial led_to(std::string_view place) {
  if (place == "pending") {
    trial f{calls};
    f.history.resize(1); // Created, not yet started.
    f.crash();
    return f;
  }
  if (place == "waiting for a timer")
    return trial{"do:\n- nap: {wait: PT1H}\n"};
  if (place == "waiting for an event")
    return trial{listens};
  if (place == "waiting for a retry") {
    trial f{backs_off};
    f.reply(test::status_of(503));
    return f;
  }
  if (place == "faulted")
    return trial{raises};
  if (place == "completed")
    return trial{"do:\n- a: {set: {n: 1}}\n"};
  if (place == "suspended while waiting") {
    trial f{listens};
    f.grant(requests::pause{pause_mode::drain, "stop"});
    return f;
  }
  trial f{calls};
  if (place == "running")
    return f;
  if (place == "cancelling" || place == "cancelled")
    f.grant(requests::cancel{"enough"});
  else if (place == "draining")
    f.grant(requests::pause{pause_mode::drain, "stop"});
  else
    f.grant(requests::pause{pause_mode::interrupt, "stop"});
  if (place == "suspended" || place == "cancelled")
    f.confirm_stop();
  return f;
}

enum class cell { effect, nothing, refused };
std::ostream& operator<<(std::ostream& out, cell c) {
  return out << (c == cell::effect    ? "effect"
                 : c == cell::nothing ? "no-op"
                                      : "409");
}

struct row {
  std::string_view place;
  std::string_view status;
  cell pause, resume, cancel, retry, skip, by_hand, event;
};

constexpr auto yes = cell::effect;
constexpr auto nop = cell::nothing;
constexpr auto no = cell::refused;
// clang-format off
constexpr row table[] = {
  // place                    status        pause resume cancel retry skip by hand event
  {"pending",                 "pending",    yes,  nop,   yes,   no,   no,   no,     yes},
  {"running",                 "running",    yes,  nop,   yes,   no,   no,   no,     yes},
  {"waiting for a timer",     "waiting",    yes,  nop,   yes,   no,   yes,  yes,    yes},
  {"waiting for an event",    "waiting",    yes,  nop,   yes,   no,   yes,  yes,    yes},
  {"waiting for a retry",     "waiting",    yes,  nop,   yes,   yes,  yes,  no,     yes},
  {"draining",                "suspending", nop,  yes,   yes,   no,   no,   no,     yes},
  {"interrupting",            "suspending", nop,  yes,   yes,   no,   no,   no,     yes},
  {"suspended",               "suspended",  nop,  yes,   yes,   no,   no,   no,     yes},
  {"suspended while waiting", "suspended",  nop,  yes,   yes,   no,   yes,  yes,    yes},
  {"cancelling",              "cancelling", no,   no,    nop,   no,   no,   no,     no},
  {"faulted",                 "faulted",    no,   no,    yes,   yes,  yes,  no,     no},
  {"completed",               "completed",  no,   no,    nop,   no,   no,   no,     no},
  {"cancelled",               "cancelled",  no,   no,    nop,   no,   no,   no,     no},
};
// clang-format on

datum asked() {
  return make_datum({{"id", "1"}, {"source", "s"}, {"type", "asked"}});
}
const std::map<std::string_view, request>& wishes() {
  static const std::map<std::string_view, request> all{
    {"pause", requests::pause{}},
    {"resume", requests::resume{}},
    {"cancel", requests::cancel{}},
    {"retry", requests::retry{}},
    {"skip", requests::settle{}},
    {"complete", requests::settle{.how = requests::settle::way::complete}},
    {"fail", requests::settle{.how = requests::settle::way::fail}},
    {"event", requests::deliver{asked()}}};
  return all;
}
cell expected(const row& r, std::string_view verb) {
  return verb == "pause"    ? r.pause
         : verb == "resume" ? r.resume
         : verb == "cancel" ? r.cancel
         : verb == "retry"  ? r.retry
         : verb == "skip"   ? r.skip
         : verb == "event"  ? r.event
                            : r.by_hand;
}

std::set<std::string> names_of(const json::value& list) {
  std::set<std::string> all;
  for (const auto& one : list.as_array())
    all.emplace(one.is_object() ? one.at("name").as_string() : one.as_string());
  return all;
}

// Tries one cell on an instance that is there.
cell tried(trial& f, const request& wish, const row& r) {
  // A resume of a pending instance goes on with its work, which is no effect
  // of the resume.
  const auto before = f.history.size();
  const auto bytes = f.run.snapshot();
  const auto made = f.decide(wish);
  if (made)
    return f.history.size() == before || r.place == "pending"
             ? (f.history.size() == before
                    || type_of(f.history[before].what) == "instance.started"
                  ? cell::nothing
                  : cell::effect)
             : cell::effect;
  const auto& no_way = made.error();
  BOOST_TEST((no_way.what.code == errc::invalid_state));
  BOOST_TEST(no_way.members.at("from").as_string() == r.status);
  BOOST_TEST((names_of(no_way.members.at("allowed"))
              == names_of(f.shown().at("allowedActions"))));
  BOOST_TEST((f.run.snapshot() == bytes), "a refusal changed the state");
  return cell::refused;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_cell_of_the_table_holds) {
  for (const auto& r : table)
    for (const auto& [verb, wish] : wishes())
      for (const bool crashed : {false, true})
        BOOST_TEST_CONTEXT(r.place << ", " << verb
                                   << (crashed ? " after a crash" : "")) {
          auto f = led_to(r.place);
          BOOST_TEST(f.status() == r.status);
          if (crashed)
            f.crash();
          BOOST_TEST(tried(f, wish, r) == expected(r, verb));
        }
}

BOOST_AUTO_TEST_CASE(allowed_actions_are_what_has_an_effect) {
  for (const auto& r : table)
    BOOST_TEST_CONTEXT(r.place) {
      const auto shown = led_to(r.place).shown();
      std::set<std::string> effective;
      for (const auto& [verb, wish] : wishes())
        if (expected(r, verb) == cell::effect)
          effective.emplace(verb);
      BOOST_TEST((names_of(shown.at("allowedActions")) == effective));
      for (const auto& one : shown.at("allowedActions").as_array()) {
        BOOST_TEST(one.at("method").as_string() == "POST");
        BOOST_TEST(
          one.at("href").as_string().starts_with("/v1/instances/one/"));
      }
    }
}

BOOST_AUTO_TEST_CASE(each_granted_verb_leads_where_it_should) {
  const auto after = [](std::string_view place, const request& wish) {
    auto f = led_to(place);
    f.grant(wish);
    return std::string{f.status()};
  };
  const requests::pause pause;
  const requests::cancel cancel;
  const requests::resume resume;
  BOOST_TEST(after("pending", pause) == "suspended");
  BOOST_TEST(after("running", pause) == "suspending");
  BOOST_TEST(after("waiting for a timer", pause) == "suspended");
  BOOST_TEST(after("waiting for a retry", pause) == "suspended");
  BOOST_TEST(after("draining", resume) == "running");
  BOOST_TEST(after("interrupting", resume) == "running");
  BOOST_TEST(after("suspended", resume) == "running");
  BOOST_TEST(after("suspended while waiting", resume) == "waiting");
  BOOST_TEST(after("pending", cancel) == "cancelled");
  BOOST_TEST(after("running", cancel) == "cancelling");
  BOOST_TEST(after("waiting for an event", cancel) == "cancelled");
  BOOST_TEST(after("draining", cancel) == "cancelling");
  BOOST_TEST(after("suspended", cancel) == "cancelled");
  BOOST_TEST(after("faulted", cancel) == "cancelled");
  BOOST_TEST(after("faulted", requests::retry{}) == "faulted");
  BOOST_TEST(after("waiting for a retry", requests::retry{}) == "running");
  BOOST_TEST(after("waiting for an event", requests::deliver{asked()})
             == "completed");
  BOOST_TEST(after("suspended while waiting", requests::deliver{asked()})
             == "suspended");
}

BOOST_AUTO_TEST_CASE(a_pending_instance_begins_when_it_is_told_to_go_on) {
  auto f = led_to("pending");
  BOOST_TEST(f.run.has_work());
  f.grant(reports::go_on{});
  BOOST_TEST(f.status() == "running");
  BOOST_TEST(f.calls().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_pending_instance_that_was_paused_begins_on_resume) {
  auto f = led_to("pending");
  f.grant(requests::pause{});
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.run.outstanding().empty());
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "running");
}

BOOST_AUTO_TEST_CASE(a_drain_lets_the_effect_end_and_starts_no_other) {
  trial f{R"(
do:
- first: {call: http, with: {method: get, endpoint: 'http://target.test/1'}}
- second: {call: http, with: {method: get, endpoint: 'http://target.test/2'}}
)"};
  const auto first = f.call();
  (void)f.news();
  f.grant(requests::pause{pause_mode::drain, "lunch"});
  BOOST_TEST(f.news() == (std::vector<std::string>{"instance.suspending"}));
  BOOST_TEST(f.calls().empty()); // Under way already: kept, not ordered.
  BOOST_REQUIRE(f.run.outstanding().size() == 1U);
  BOOST_TEST(
    std::holds_alternative<commands::keep_effect>(f.run.outstanding().front()));
  f.grant(reports::effect_done{first.frame, first.dispatch, test::ok("1")});
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.shown().at("reason").as_string() == "lunch");
  BOOST_TEST(f.run.outstanding().empty());
  BOOST_TEST(!f.run.next_timer());
  f.grant(requests::resume{});
  BOOST_TEST(f.call().uri == "http://target.test/2");
}

BOOST_AUTO_TEST_CASE(an_interrupt_stops_the_effect_and_orders_it_again_later) {
  trial f{calls};
  const auto first = f.call();
  f.grant(requests::pause{pause_mode::interrupt, ""});
  const auto order = f.run.outstanding();
  BOOST_REQUIRE(order.size() == 1U);
  const auto* stop = std::get_if<commands::stop_effect>(&order.front());
  BOOST_REQUIRE(stop != nullptr);
  BOOST_TEST(stop->frame == first.frame);
  BOOST_TEST(stop->dispatch == first.dispatch);
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspended");
  BOOST_TEST(f.shown().at("current").at(0).at("status").as_string()
             == "suspended");
  f.grant(requests::resume{});
  const auto again = f.call();
  BOOST_TEST(again.effect_key == first.effect_key);
  BOOST_TEST(again.attempt == 2U);
  BOOST_TEST(again.dispatch != first.dispatch);
  // The outcome of the first order comes after all: too late.
  const auto late = f.grant(
    reports::effect_done{first.frame, first.dispatch, test::ok(R"({"n":1})")});
  BOOST_TEST(late.events.empty());
  f.reply(test::ok(R"({"n":2})"));
  BOOST_TEST(f.output() == R"({"n":2})");
}

BOOST_AUTO_TEST_CASE(a_drain_that_takes_too_long_can_be_made_an_interrupt) {
  auto f = led_to("draining");
  (void)f.news();
  f.grant(requests::pause{pause_mode::interrupt, "now"});
  BOOST_TEST(f.news() == (std::vector<std::string>{"instance.suspending"}));
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspended");
  auto other = led_to("interrupting"); // But not the other way round.
  BOOST_TEST(
    other.grant(requests::pause{pause_mode::drain, ""}).events.empty());
  other.confirm_stop();
}

BOOST_AUTO_TEST_CASE(an_outcome_that_beats_the_stop_counts) {
  for (const auto* place : {"draining", "interrupting"}) {
    auto f = led_to(place);
    const auto at = f.state().frames.rbegin()->second;
    f.grant(reports::effect_done{at.id, at.dispatch, test::ok(R"({"n":1})")});
    BOOST_TEST(f.status() == "suspended");
    f.grant(requests::resume{});
    BOOST_TEST(f.status() == "completed");
    BOOST_TEST(f.output() == R"({"n":1})");
  }
}

BOOST_AUTO_TEST_CASE(a_failure_while_draining_faults_the_instance) {
  auto f = led_to("draining");
  const auto at = f.state().frames.rbegin()->second;
  f.grant(reports::effect_done{at.id, at.dispatch, test::status_of(500)});
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(f.fault() == "communication 500 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(a_resume_before_the_stop_is_confirmed_orders_it_again) {
  trial f{calls};
  const auto first = f.call();
  f.grant(requests::pause{pause_mode::interrupt, ""});
  f.grant(requests::resume{});
  // It may still be under way, so this is the same order.
  BOOST_TEST(f.call().dispatch == first.dispatch);
  f.grant(reports::effect_stopped{first.frame, first.dispatch});
  BOOST_TEST(f.status() == "running");
  const auto again = f.call();
  BOOST_TEST(again.dispatch != first.dispatch);
  BOOST_TEST(again.effect_key == first.effect_key);
  BOOST_TEST(again.attempt == 2U);
}

BOOST_AUTO_TEST_CASE(a_crash_while_draining_asks_whether_the_effect_lives) {
  auto f = led_to("draining");
  f.crash();
  const auto order = f.run.outstanding();
  BOOST_REQUIRE(order.size() == 1U);
  const auto* keep = std::get_if<commands::keep_effect>(&order.front());
  BOOST_REQUIRE(keep != nullptr);
  f.grant(reports::effect_stopped{keep->frame, keep->dispatch});
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.call().attempt == 2U);
}

BOOST_AUTO_TEST_CASE(a_crash_orders_again_what_was_outstanding) {
  for (const auto& r : table)
    BOOST_TEST_CONTEXT(r.place) {
      auto f = led_to(r.place);
      const auto before = f.run.outstanding();
      const auto timer = f.run.next_timer();
      f.crash();
      const auto after = f.run.outstanding();
      BOOST_TEST((timer == f.run.next_timer()));
      BOOST_REQUIRE(before.size() == after.size());
      if (before.empty())
        continue;
      BOOST_TEST(before.front().index() == after.front().index());
      const auto* call = std::get_if<commands::perform>(&after.front());
      if (call != nullptr)
        BOOST_TEST(call->effect_key
                   == std::get<commands::perform>(before.front()).effect_key);
    }
}

BOOST_AUTO_TEST_CASE(a_cancel_waits_for_the_effect_and_writes_its_outcome) {
  for (const bool done : {true, false}) {
    trial f{calls};
    const auto call = f.call();
    f.grant(requests::cancel{"enough"});
    BOOST_TEST(f.status() == "cancelling");
    (void)f.news();
    f.grant(reports::effect_done{call.frame, call.dispatch,
                                 done ? test::ok() : test::no_answer()});
    BOOST_TEST(f.news()
               == (std::vector<std::string>{done ? "task.completed /do/0/ask"
                                                 : "task.faulted /do/0/ask",
                                            "instance.cancelled"}));
    BOOST_TEST(f.shown().at("reason").as_string() == "enough");
  }
  auto stopped = led_to("cancelling");
  (void)stopped.news();
  stopped.confirm_stop();
  BOOST_TEST(stopped.news()
             == (std::vector<std::string>{"task.cancelled /do/0/ask",
                                          "instance.cancelled"}));
}

BOOST_AUTO_TEST_CASE(reports_after_the_end_change_nothing) {
  for (const auto* place : {"completed", "cancelled", "faulted"}) {
    auto f = led_to(place);
    const std::vector<report> late{
      reports::effect_done{1, 1, test::ok()}, reports::effect_failed{1, 1, "x"},
      reports::effect_stopped{1, 1}, reports::time_passed{}, reports::go_on{}};
    for (const auto& what : late)
      BOOST_TEST(f.grant(what).events.empty());
    BOOST_TEST(!f.run.has_work());
    BOOST_TEST(f.run.outstanding().empty());
  }
}

BOOST_AUTO_TEST_CASE(timers_run_while_paused_and_fire_on_resume) {
  trial f{"do:\n- nap: {wait: PT1M}\n- set: {set: {n: 1}}\n"};
  f.grant(requests::pause{});
  BOOST_TEST(!f.run.next_timer());
  f.pass(std::chrono::minutes{2});
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(an_event_while_paused_is_kept_and_taken_on_resume) {
  auto f = led_to("suspended while waiting");
  f.grant(requests::deliver{asked()});
  BOOST_TEST(f.count("event.consumed") == 0U);
  f.crash();
  f.grant(requests::resume{});
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_workflow_timeout_during_a_pause_fires_on_resume) {
  trial f{"timeout: {after: PT1M}\ndo:\n- nap: {wait: PT1H}\n"};
  f.grant(requests::pause{});
  f.pass(std::chrono::minutes{2});
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.fault() == "timeout 408 /");
}
