#define BOOST_TEST_MODULE workflow.machine_children
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using test::trial;

namespace {

using texts = std::vector<std::string>;

// A task that runs a child, with `more` properties, as `name`.
std::string child(std::string_view name, std::string_view more = "") {
  return std::string{name} + ": {run: {workflow: {namespace: n, name: w, "
         + "version: 1.0.0}}" + std::string{more} + "}";
}

std::string id_of(const commands::perform& order) {
  return std::string{order.arguments->at("id").as_string()};
}

error_kind broken() {
  return error_kind::runtime;
}

child_outcome failed() {
  return {.id = "k",
          .error
          = make_datum(json::object{{"type", "urn:x"}, {"status", 418}})};
}

void pause(trial& f) {
  f.grant(requests::pause{pause_mode::drain, ""});
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspended");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_child_ends_its_task_as_it_ended_itself) {
  const auto ran = [](child_outcome how) {
    trial f{"do:\n- c: {run: {workflow: {namespace: n, name: w, version: "
            "1.0.0, input: {x: 1}}}}\n"};
    BOOST_TEST(f.order().arguments->at("input").at("x").as_int64() == 1);
    f.reply(effect_outcome{std::move(how)});
    return f.status() == "completed" ? f.output() : f.fault();
  };
  BOOST_TEST(ran({.id = "k", .output = make_datum(json::value(5))}) == "5");
  BOOST_TEST(
    ran({.id = "k",
         .error = make_datum(json::object{{"type", "urn:x"}, {"status", 418}})})
    == "urn:x 418 /do/0/c");
  BOOST_TEST(ran({.id = "k"}) == "runtime 500 /do/0/c");
}

BOOST_AUTO_TEST_CASE(a_pause_stops_a_child_and_a_resume_orders_it_again) {
  trial f{"do:\n- c: {run: {workflow: {namespace: n, name: w, version: "
          "1.0.0}}}\n"};
  const auto key = f.order().effect_key;
  f.grant(requests::pause{pause_mode::drain, ""});
  f.confirm_stop();
  BOOST_TEST(f.status() == "suspended");
  f.grant(requests::resume{});
  BOOST_TEST(f.order().effect_key == key);
}

BOOST_AUTO_TEST_CASE(a_child_that_has_ended_is_not_left) {
  trial f{"do:\n- " + child("c") + "\n"};
  f.reply(effect_outcome{child_outcome{.id = "k", .output = null_datum()}});
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.left.empty());
}

BOOST_AUTO_TEST_CASE(a_cancel_leaves_the_child_that_a_pause_has_stopped) {
  trial f{"do:\n- " + child("c") + "\n"};
  const auto id = id_of(f.order());
  pause(f);
  f.grant(requests::cancel{});
  BOOST_TEST(f.status() == "cancelled");
  BOOST_TEST(f.left == texts{id});
}

BOOST_AUTO_TEST_CASE(a_timer_that_ends_a_paused_child_task_leaves_the_child) {
  trial f{"do:\n- " + child("c", ", timeout: {after: PT1H}") + "\n"};
  const auto id = id_of(f.order());
  pause(f);
  f.now += std::chrono::hours{2};
  BOOST_TEST(f.left.empty());
  f.grant(requests::resume{});
  BOOST_TEST(f.fault() == "timeout 408 /do/0/c");
  BOOST_TEST(f.left == texts{id});
}

BOOST_AUTO_TEST_CASE(what_is_settled_by_hand_leaves_its_child) {
  using way = requests::settle::way;
  for (const bool paused : {false, true})
    for (const auto how : {way::skip, way::complete, way::fail}) {
      trial f{"do:\n- " + child("a") + "\n- rest: {wait: PT1H}\n"};
      const auto id = id_of(f.order());
      if (paused) {
        f.grant(requests::pause{});
        f.confirm_stop();
        BOOST_TEST(f.status() == "suspended");
      }
      f.grant(requests::settle{.how = how});
      BOOST_TEST(f.left == texts{id});
    }
}

BOOST_AUTO_TEST_CASE(who_wins_a_race_leaves_the_children_of_the_others) {
  trial f{"do:\n- race: {fork: {compete: true, branches: [" + child("a")
          + ", {b: {wait: PT1S}}]}}\n"};
  const auto id = id_of(f.order());
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.left == texts{id});
}

BOOST_AUTO_TEST_CASE(an_error_that_is_caught_leaves_the_children_beside_it) {
  trial f{"do:\n- guard: {try: [{both: {fork: {branches: [" + child("a") + ", "
          + child("b") + "]}}}], catch: {do: [{rest: {wait: PT1H}}]}}\n"};
  const auto orders = f.orders();
  BOOST_REQUIRE(orders.size() == 2U);
  f.grant(reports::effect_done{orders[0].frame, orders[0].dispatch,
                               effect_outcome{failed()}});
  BOOST_TEST(f.status() == "waiting");
  // The failed one may be named too: whoever cancels looks whether it ended.
  BOOST_TEST(std::set<std::string>(f.left.begin(), f.left.end())
               .contains(id_of(orders[1])));
}

BOOST_AUTO_TEST_CASE(a_fault_keeps_the_children_beside_it_for_a_retry) {
  trial f{
    "do:\n- both: {fork: {branches: [{a: {call: http, with: {method: get, "
    "endpoint: 'http://x.test/'}}}, "
    + child("b") + "]}}\n"};
  const auto orders = f.orders();
  BOOST_REQUIRE(orders.size() == 2U);
  const bool first = orders[0].arguments->as_object().contains("id");
  const auto& run = orders[first ? 0 : 1];
  const auto& call = orders[first ? 1 : 0];
  f.grant(reports::effect_failed{call.frame, call.dispatch, "no", broken()});
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(f.left.empty());
  f.grant(requests::retry{});
  texts again;
  for (const auto& o : f.orders())
    if (o.arguments->as_object().contains("id"))
      again.push_back(id_of(o));
  BOOST_TEST(again == texts{id_of(run)}); // The same child goes on.
}

BOOST_AUTO_TEST_CASE(a_cancel_after_a_fault_leaves_them) {
  trial f{"do:\n- both: {fork: {branches: [{a: {wait: PT1S, timeout: {after: "
          "PT0.5S}}}, "
          + child("b") + "]}}\n"};
  const auto id = id_of(f.order());
  f.to_next_timer();
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::cancel{});
  BOOST_TEST(f.left == texts{id});
}

BOOST_AUTO_TEST_CASE(a_stopped_child_beside_a_fault_goes_on_with_a_retry) {
  trial f{
    "do:\n- both: {fork: {branches: [{a: {call: http, with: {method: get, "
    "endpoint: 'http://x.test/'}}}, "
    + child("b") + "]}}\n"};
  commands::perform run;
  commands::perform call;
  for (auto& o : f.orders())
    (o.arguments->as_object().contains("id") ? run : call) = o;
  f.grant(requests::pause{pause_mode::drain, ""});
  f.grant(reports::effect_stopped{run.frame, run.dispatch});
  f.grant(reports::effect_failed{call.frame, call.dispatch, "no", broken()});
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{});
  BOOST_TEST(f.orders().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_retry_runs_another_child_and_a_pause_does_not) {
  trial f{"do:\n- guard: {try: [" + child("c")
          + "], catch: {retry: {limit: {attempt: {count: 2}}}}}\n"};
  std::set<std::string> ids;
  ids.insert(id_of(f.order()));
  f.reply(effect_outcome{failed()});
  ids.insert(id_of(f.order()));
  BOOST_TEST(ids.size() == 2U);
  pause(f);
  f.grant(requests::resume{});
  f.crash();
  BOOST_TEST(ids.contains(id_of(f.order())));
  f.reply(effect_outcome{failed()});
  ids.insert(id_of(f.order()));
  BOOST_TEST(ids.size() == 3U);
  f.reply(effect_outcome{failed()});
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{}); // By hand.
  BOOST_TEST(!ids.contains(id_of(f.order())));
}

BOOST_AUTO_TEST_CASE(a_block_that_runs_again_by_hand_runs_other_children) {
  trial f{"do:\n- block: {do: [" + child("c") + "], timeout: {after: PT1S}}\n"};
  const auto first = id_of(f.order());
  f.to_next_timer();
  BOOST_TEST(f.fault() == "timeout 408 /do/0/block");
  f.grant(requests::retry{});
  BOOST_TEST(id_of(f.order()) != first);
}

BOOST_AUTO_TEST_CASE(a_crash_in_a_pause_forgets_no_child) {
  trial f{"do:\n- " + child("c") + "\n"};
  const auto id = id_of(f.order());
  for (const auto mode : {pause_mode::drain, pause_mode::interrupt}) {
    f.grant(requests::pause{mode, ""});
    f.crash();
    const auto wanted = f.run.outstanding();
    BOOST_REQUIRE(wanted.size() == 1U);
    const auto* stop = std::get_if<commands::stop_effect>(&wanted.front());
    BOOST_REQUIRE(stop != nullptr);
    BOOST_REQUIRE(stop->child.has_value());
    BOOST_TEST(id_of(*stop->child) == id);
    BOOST_TEST(!stop->child->begins);
    BOOST_TEST((stop->how
                == (mode == pause_mode::drain ? giving_up::drain
                                              : giving_up::interrupt)));
  }
}

BOOST_AUTO_TEST_CASE(a_child_beside_a_fault_is_stopped_and_waited_for) {
  trial f{"do:\n- both: {fork: {branches: [{a: {wait: PT1S, timeout: {after: "
          "PT0.5S}}}, "
          + child("b") + "]}}\n"};
  const auto id = id_of(f.order());
  f.to_next_timer();
  BOOST_TEST(f.status() == "faulted");
  BOOST_REQUIRE(f.run.outstanding().size() == 1U);
  f.crash();
  f.confirm_stop();
  BOOST_TEST(f.run.outstanding().empty());
  BOOST_TEST(f.status() == "faulted");
  f.grant(requests::retry{});
  BOOST_TEST(id_of(f.order()) == id);
}

BOOST_AUTO_TEST_CASE(a_child_that_faults_leaves_its_children) {
  trial f{"do:\n- both: {fork: {branches: [{a: {wait: PT1S, timeout: {after: "
          "PT0.5S}}}, "
            + child("b") + "]}}\n",
          json::object{},
          {},
          [](requests::create& wish, timestamp) { wish.parent = "somebody"; }};
  const auto id = id_of(f.order());
  f.to_next_timer();
  BOOST_TEST(f.status() == "faulted");
  BOOST_TEST(f.left == texts{id});
  BOOST_TEST(f.run.outstanding().empty());
}

BOOST_AUTO_TEST_CASE(another_run_under_the_same_id_has_other_children) {
  const auto text = "do:\n- " + child("c") + "\n";
  trial first{text};
  trial second{text, json::object{}, {}, [](requests::create&, timestamp) {}};
  BOOST_TEST(id_of(first.order()) == id_of(second.order()));
  machine later{test::flow_of(text)};
  const auto made = later.decide(
    requests::create{"test", "one", make_datum(json::object{}), {}},
    {first.now + std::chrono::milliseconds{1}, 1});
  BOOST_REQUIRE(made);
  const auto wanted = later.outstanding();
  BOOST_TEST(id_of(std::get<commands::perform>(wanted.front()))
             != id_of(first.order()));
}

BOOST_AUTO_TEST_CASE(an_end_is_told_once) {
  trial f{"do:\n- guard: {try: [{race: {fork: {branches: [{a: {wait: PT9S}}, "
          "{b: {wait: PT8S}}]}, timeout: {after: PT1S}}}], catch: {}}\n"};
  f.to_next_timer();
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(f.count("task.cancelled") == 2U);
}
