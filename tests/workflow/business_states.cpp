// Business states: what is checked when a definition is registered, how they
// move, and what they refuse.
#define BOOST_TEST_MODULE workflow.business_states
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

constexpr std::string_view four
  = "{initial: draft, terminal: [done, failed], transitions: {draft: [review, "
    "failed], review: [draft, done, failed]}}";

std::string flow_with(std::string_view states, std::string_view body,
                      std::string_view events = "") {
  return "document:\n  dsl: '1.0.3'\n  namespace: default\n  name: states\n  "
         "version: '1.0.0'\n  metadata: {states: "
         + std::string{states} + std::string{events} + "}\ndo:\n"
         + std::string{body};
}

std::string faults_of(const std::string& text) {
  try {
    static_cast<void>(test::flow_of(text));
    return "";
  } catch (const std::exception& e) {
    return e.what();
  }
}

bool tells(const std::string& text, std::string_view what) {
  const auto all = faults_of(text);
  if (all.find(what) != all.npos)
    return true;
  BOOST_TEST_MESSAGE(all);
  return false;
}

constexpr std::string_view nothing = "- a: {set: {x: 1}}\n";

std::string listening(std::string_view state) {
  return "- wait: {listen: {to: {one: {with: {type: submitted}}}}, metadata: "
         "{state: "
         + std::string{state} + "}}\n";
}

std::string state_of(const trial& f) {
  return f.state().business_state;
}

} // namespace

BOOST_AUTO_TEST_CASE(states_are_checked_when_registered) {
  BOOST_TEST(faults_of(flow_with(four, nothing)) == "");
  BOOST_TEST(tells(flow_with("{initial: a, transitions: {a: [b]}}", nothing),
                   "no way leads out of the state 'b'"));
  BOOST_TEST(tells(flow_with("{initial: a, terminal: [b, c], transitions: {a: "
                             "[b]}}",
                             nothing),
                   "the state 'c' cannot be reached from 'a'"));
  BOOST_TEST(tells(flow_with("{initial: a, terminal: [b], transitions: {a: "
                             "[b], b: [a]}}",
                             nothing),
                   "the state 'b' is terminal, but has a way out"));
  BOOST_TEST(tells(flow_with("{terminal: [b]}", nothing), "initial"));
  BOOST_TEST(tells(
    flow_with(four, "- a: {set: {x: 1}, metadata: {state: {done: reviwe}}}\n"),
    "has no state 'reviwe'. Did you mean 'review'?"));
  BOOST_TEST(tells("do:\n- a: {set: {x: 1}, metadata: {state: {done: b}}}\n",
                   "needs 'document.metadata.states'"));
}

BOOST_AUTO_TEST_CASE(tasks_move_the_state) {
  trial f{flow_with(
    four, "- a: {set: {x: 1}, metadata: {state: {enter: review}}}\n- b: {wait: "
          "PT1H, metadata: {state: {done: done}}}\n- c: {wait: PT1H}\n")};
  BOOST_TEST(state_of(f) == "review");
  BOOST_TEST(f.shown().at("state").as_string() == "review");
  f.crash();
  f.to_next_timer();
  BOOST_TEST(state_of(f) == "done");
  BOOST_TEST(f.count("state.changed") == 3U); // With the initial one.
}

BOOST_AUTO_TEST_CASE(one_step_may_move_it_twice) {
  trial f{flow_with(
    four,
    "- a: {set: {x: 1}, metadata: {state: {enter: review, done: done}}}\n")};
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(state_of(f) == "done");
}

BOOST_AUTO_TEST_CASE(an_illegal_move_fails_the_task) {
  trial f{
    flow_with(four, "- a: {set: {x: 1}, metadata: {state: {done: done}}}\n")};
  BOOST_TEST(f.fault() == "runtime 500 /do/0/a");
  BOOST_TEST(f.error().at("from").as_string() == "draft");
  BOOST_TEST(f.error().at("to").as_string() == "done");
  BOOST_TEST(state_of(f) == "draft");
}

BOOST_AUTO_TEST_CASE(a_fault_moves_the_state) {
  trial f{flow_with(
    four, "- a: {raise: {error: {type: 'https://x.test/e', status: 400}}, "
          "metadata: {state: {fault: failed}}}\n")};
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(state_of(f) == "failed");
}

BOOST_AUTO_TEST_CASE(an_event_against_the_states_is_refused) {
  trial f{flow_with(
    four, listening("{enter: review, done: draft}") + "- rest: {wait: PT1H}\n",
    ", events: {submitted: {}}")};
  BOOST_TEST(f.deliver("submitted").has_value());
  BOOST_TEST(state_of(f) == "draft");
  // Nobody waits for it now.
  auto no = f.deliver("submitted");
  BOOST_REQUIRE(!no);
  BOOST_TEST((no.error().what.code == errc::invalid_transition));
  BOOST_TEST(no.error().members.at("from").as_string() == "draft");
  BOOST_TEST(no.error().members.at("to").as_string() == "draft");
  BOOST_TEST(to_text(json::value(no.error().members.at("allowed")))
             == R"(["review","failed"])");
  BOOST_TEST(f.state().inbox.empty());
  // Events that the workflow does not name are kept as ever.
  BOOST_TEST(f.deliver("other").has_value());
}

BOOST_AUTO_TEST_CASE(data_and_guard_are_checked_before) {
  trial f{flow_with(four, listening("{enter: review, done: done}"),
                    ", events: {submitted: {schema: {document: {type: object, "
                    "required: [score]}}, when: '${ .score > 3 }'}}")};
  auto bad = f.deliver("submitted", {{"x", 1}});
  BOOST_REQUIRE(!bad);
  BOOST_TEST((bad.error().what.code == errc::invalid_input));
  BOOST_TEST(bad.error().members.at("error").at("status").as_int64() == 400);
  auto low = f.deliver("submitted", {{"score", 1}});
  BOOST_REQUIRE(!low);
  BOOST_TEST((low.error().what.code == errc::invalid_state));
  BOOST_TEST(f.history.size() == f.state().last); // Nothing was written.
  BOOST_TEST(f.deliver("submitted", {{"score", 5}}).has_value());
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(state_of(f) == "done");
}

BOOST_AUTO_TEST_CASE(what_is_published_passes_the_guard_or_is_not_taken) {
  trial f{flow_with(four, listening("{enter: review, done: done}"),
                    ", events: {submitted: {schema: {document: {type: object, "
                    "required: [score]}}, when: '${ .score > 3 }'}}")};
  const auto published = requests::deliver::if_unawaited::ignore;
  const auto before = f.state().last;
  BOOST_TEST(f.deliver("submitted", {{"x", 1}}, "", published).has_value());
  BOOST_TEST(f.deliver("submitted", {{"score", 1}}, "", published).has_value());
  BOOST_TEST(f.state().last == before);
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(f.deliver("submitted", {{"score", 5}}, "", published).has_value());
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(routes_are_checked) {
  BOOST_TEST(tells(flow_with(four, nothing, ", events: {a: {route: pause}}"),
                   "is a path of the API already"));
  BOOST_TEST(tells(flow_with(four, nothing, ", events: {a: {route: 'A b'}}"),
                   "a route is one segment"));
  BOOST_TEST(
    tells(flow_with(four, nothing, ", events: {a: {route: x}, b: {route: x}}"),
          "the event 'a' has this route already"));
}

BOOST_AUTO_TEST_CASE(a_fault_within_moves_the_state_of_what_is_around) {
  trial f{flow_with(
    four, "- outer: {do: [{a: {raise: {error: {type: 'https://x.test/e', "
          "status: 400}}}}], metadata: {state: {fault: failed}}}\n")};
  BOOST_TEST(state_of(f) == "failed");
}

BOOST_AUTO_TEST_CASE(a_pause_keeps_one_order_and_refuses_the_next) {
  trial f{flow_with(
    four, listening("{enter: review, done: draft}") + "- rest: {wait: PT1H}\n",
    ", events: {submitted: {}}")};
  f.grant(requests::pause{});
  BOOST_TEST(f.deliver("submitted").has_value());
  auto no = f.deliver("submitted");
  BOOST_REQUIRE(!no);
  BOOST_TEST((no.error().what.code == errc::invalid_transition));
  f.grant(requests::resume{});
  BOOST_TEST(state_of(f) == "draft");
  BOOST_TEST(f.state().inbox.empty());
}

BOOST_AUTO_TEST_CASE(a_listen_that_moves_nothing_takes_its_event) {
  trial f{
    flow_with(four, listening("{enter: review}"), ", events: {submitted: {}}")};
  BOOST_TEST(f.deliver("submitted").has_value());
  BOOST_TEST(f.status() == "completed");
}
