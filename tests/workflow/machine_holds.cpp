// Holds: nothing moves by itself, or a task is not begun, until they go.
#define BOOST_TEST_MODULE workflow.machine_holds
#include "tests/support/flow.hpp"
#include "workflow/next_task.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view two_calls
  = "do:\n"
    "- one: {call: http, with: {method: get, endpoint: 'http://x.test/'}}\n"
    "- two: {call: http, with: {method: get, endpoint: 'http://y.test/'}}\n";

/// An instance on which holds come and go.
struct held_flow {
  explicit held_flow(std::string_view text, bool is_held = false)
      : run{test::flow_of(text)}, held{is_held} {
    give(requests::create{.ns = "default", .id = "i", .labels = {}});
  }

  /// One turn; the types of its facts.
  std::vector<std::string> give(input what) {
    auto made
      = run.decide(std::move(what),
                   {.now = now, .seed = 1, .held = held, .held_tasks = &tasks});
    BOOST_REQUIRE(made);
    std::vector<std::string> types;
    for (const auto& fact : made->events)
      types.emplace_back(type_of(fact));
    return types;
  }
  std::vector<std::string> deliver(const std::string& type) {
    return give(
      requests::deliver{.event = make_datum(json::object{{"specversion", "1.0"},
                                                         {"id", "1"},
                                                         {"source", "/s"},
                                                         {"type", type}})});
  }
  [[nodiscard]] std::string status() const {
    return std::string{to_text(shown_status(run.state(), run.flow()))};
  }
  [[nodiscard]] commands::perform order() const {
    const auto all = run.outstanding();
    BOOST_REQUIRE(all.size() == 1U);
    return std::get<commands::perform>(all.front());
  }
  void answer() {
    const auto what = order();
    give(reports::effect_done{what.frame, what.dispatch, test::ok()});
  }
  std::vector<std::string> release() {
    held = false;
    tasks.clear();
    return give(reports::time_passed{});
  }

  timestamp now = from_unix_ms(1'750'000'000'000);
  machine run;
  bool held = false;
  std::set<std::string, std::less<>> tasks;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_new_instance_of_what_is_held_is_pending) {
  held_flow f{"do:\n- a: {set: {x: 1}}\n", true};
  BOOST_TEST(f.status() == "pending");
  BOOST_TEST(f.give(reports::go_on{}).empty());
  BOOST_TEST(!f.run.has_work());
  f.release();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(what_is_out_is_recorded_and_nothing_follows) {
  held_flow f{two_calls};
  f.held = true;
  f.answer();
  BOOST_TEST(f.run.state().tasks_completed == 1U);
  BOOST_TEST(f.run.outstanding().empty());
  BOOST_TEST(!f.run.has_work());
  f.release();
  BOOST_TEST(f.order().task == "/do/1/two");
  f.answer();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_timer_that_was_due_fires_at_the_release) {
  held_flow f{"do:\n- nap: {wait: PT1H}\n"};
  f.held = true;
  f.now += 2h;
  BOOST_TEST(f.give(reports::time_passed{}).empty());
  BOOST_TEST(f.status() == "waiting");
  f.release();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(events_are_kept_and_taken_at_the_release) {
  held_flow f{"do:\n- hear: {listen: {to: {one: {with: {type: a}}}}}\n"};
  f.held = true;
  BOOST_TEST((f.deliver("a") == std::vector<std::string>{"event.received"}));
  BOOST_TEST(f.status() == "waiting");
  BOOST_TEST(!f.run.has_work());
  f.release();
  BOOST_TEST(f.status() == "completed");
}

BOOST_AUTO_TEST_CASE(a_held_task_is_not_begun_and_others_are) {
  held_flow f{two_calls};
  f.tasks = {"/do/1/two"};
  f.answer();
  BOOST_TEST(f.run.outstanding().empty());
  BOOST_TEST(!f.run.has_work());
  BOOST_TEST(f.status() == "running");
  f.release();
  BOOST_TEST(f.order().task == "/do/1/two");
}

BOOST_AUTO_TEST_CASE(a_held_branch_does_not_keep_the_other) {
  held_flow f{"do:\n"
              "- both:\n"
              "    fork:\n"
              "      branches:\n"
              "      - a: {set: {x: 1}}\n"
              "      - b: {set: {x: 2}}\n"};
  BOOST_TEST(f.status() == "completed");
  held_flow g{"do:\n"
              "- first: {call: http, with: {method: get, endpoint: "
              "'http://x.test/'}}\n"
              "- both:\n"
              "    fork:\n"
              "      branches:\n"
              "      - a: {set: {x: 1}}\n"
              "      - b: {set: {x: 2}}\n"};
  g.tasks = {"/do/1/both/fork/branches/0/a"};
  g.answer();
  BOOST_TEST(g.run.state().tasks_completed == 2U); // first and b.
  BOOST_TEST(!g.run.has_work());
  g.release();
  BOOST_TEST(g.status() == "completed");
}

BOOST_AUTO_TEST_CASE(wishes_are_granted_as_ever) {
  held_flow f{"do:\n- nap: {wait: PT1H}\n"};
  f.held = true;
  f.give(requests::pause{});
  BOOST_TEST(f.status() == "suspended");
  f.give(requests::resume{});
  BOOST_TEST(f.status() == "waiting");
  f.give(requests::cancel{});
  BOOST_TEST(f.status() == "cancelled");
}

BOOST_AUTO_TEST_CASE(the_next_task_of_a_frame_is_known) {
  held_flow f{two_calls, true};
  f.held = false;
  f.tasks = {"/do/0/one"};
  f.give(reports::go_on{});
  const auto& s = f.run.state();
  const auto* next = next_task(s, f.run.flow(), s.frames.at(0));
  BOOST_REQUIRE(next != nullptr);
  BOOST_TEST(next->pointer == "/do/0/one");
}
