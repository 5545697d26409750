#define BOOST_TEST_MODULE actors.scheduler
#include "actors/messages.hpp"
#include "tests/support/daemon_inside.hpp"
#include "workflow/schedule.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <set>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;
using pawl::test::daemon_inside;

namespace {

struct scheduled : daemon_inside {
  void define_flow(const std::string& name, const std::string& schedule,
                   const std::string& more = "", const char* version = "1.0.0",
                   const std::string& work = "set: {x: 1}") {
    define("document: {dsl: '1.0.3', namespace: default, name: " + name
           + ", version: '" + version + "'" + more + "}\n" + schedule
           + "do:\n- a: {" + work + "}\n");
  }
  void look() { caf::anon_send(inside->ctx().scheduler.get(), tick{}); }
  void pass(duration length) {
    clock::shift(length);
    look();
  }
  std::vector<storage::head> runs(const std::string& name) {
    storage::list_query query;
    query.ns = "default";
    query.workflow = name;
    query.limit = 1000;
    return store->list(query).value().items;
  }
  bool come(const std::string& name, std::size_t count) {
    return until([&] { return runs(name).size() >= count; })
           && runs(name).size() == count;
  }
  /// Long enough for what must not come.
  std::size_t after_a_while(const std::string& name) {
    look();
    std::this_thread::sleep_for(200ms);
    return runs(name).size();
  }
  schedule_state kept(const std::string& name) {
    return *decode_schedule(store->read_schedule("default", name)->state);
  }
  json::object schedule(const std::string& id) {
    return object_of(granted([&](const auto& door, auto to) {
      door.read_schedule_of({.which = {.id = id}}, to);
    }));
  }
  void act(const std::string& id, act_on_schedule::verb what) {
    granted([&](const auto& door, auto to) {
      door.act_on_schedule_of(
        {.which = {.id = id}, .what = what, .reason = "why"}, to);
    });
  }
  void publish(std::vector<std::pair<std::string, int>> events) {
    publish_events wish;
    for (const auto& [type, order] : events)
      wish.events.emplace_back(
        json::object{{"specversion", "1.0"},
                     {"id", "e" + std::to_string(++sent)},
                     {"source", "/test"},
                     {"type", type},
                     {"data", {{"order", order}}}});
    // Whoever is not told whether it took effect sends it again.
    while (std::holds_alternative<refusal>(
      ask([&](const auto& door, auto to) { door.publish(wish, to); })))
      ;
  }
  int sent = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler_suite, scheduled)

BOOST_AUTO_TEST_CASE(runs_every_so_often_and_catches_up_once) {
  define_flow("tick", "schedule: {every: PT10M}\n");
  BOOST_TEST(after_a_while("tick") == 0U);
  pass(10min);
  BOOST_TEST(come("tick", 1));
  BOOST_TEST(after_a_while("tick") == 1U);
  stop();
  clock::shift(65min);
  start();
  BOOST_TEST(come("tick", 2));
  BOOST_TEST(after_a_while("tick") == 2U);
  const auto shown = schedule("default.tick");
  BOOST_TEST(text(shown, "status") == "active");
  BOOST_TEST(text(shown, "kind") == "every");
  BOOST_TEST(shown.at("runs") == 2);
  BOOST_TEST(shown.at("next").as_array().size() == 5U);
  BOOST_TEST(runs("tick").front().labels.at("schedule") == "default.tick");
}

BOOST_AUTO_TEST_CASE(runs_by_cron) {
  define_flow("hourly", "schedule: {cron: '@hourly'}\n");
  pass(60min);
  BOOST_TEST(come("hourly", 1));
  pass(60min);
  BOOST_TEST(come("hourly", 2));
}

BOOST_AUTO_TEST_CASE(runs_again_after_each_end) {
  define_flow("loop", "schedule: {after: PT5M}\n", "", "1.0.0",
              "raise: {error: {type: https://x/y, status: 500}}");
  BOOST_TEST(come("loop", 1)); // At once, and after a fault, too.
  BOOST_TEST(after_a_while("loop") == 1U);
  pass(5min);
  BOOST_TEST(come("loop", 2));
  stop();
  clock::shift(1h);
  start();
  BOOST_TEST(come("loop", 3));
  define_flow("slow", "schedule: {after: PT1S}\n", "", "1.0.0", "wait: PT1H");
  BOOST_TEST(come("slow", 1));
  pass(30min);
  BOOST_TEST(after_a_while("slow") == 1U);
  pass(31min);
  caf::anon_send(inside->ctx().timers.get(), tick{});
  BOOST_TEST(until([&] { return runs("slow").size() == 2; }));
}

BOOST_AUTO_TEST_CASE(skips_while_the_last_run_goes_on) {
  define_flow("busy", "schedule: {every: PT10M}\n",
              ", metadata: {overlap: skip}", "1.0.0", "wait: P1D");
  pass(10min);
  BOOST_TEST(come("busy", 1));
  pass(10min);
  BOOST_TEST(until([&] { return kept("busy").skipped == 1; }));
  BOOST_TEST(runs("busy").size() == 1U);
}

BOOST_AUTO_TEST_CASE(pauses_resumes_and_is_triggered) {
  define_flow("tick", "schedule: {every: PT10M}\n");
  act("default.tick", act_on_schedule::verb::pause);
  BOOST_TEST(text(schedule("default.tick"), "status") == "paused");
  pass(35min);
  BOOST_TEST(after_a_while("tick") == 0U);
  stop();
  start();
  BOOST_TEST(text(schedule("default.tick"), "status") == "paused");
  const auto made = granted([&](const auto& door, auto to) {
    door.trigger(
      {.which = {.id = "default.tick"}, .input = json::object{{"now", 1}}}, to);
  });
  BOOST_TEST(made.status == 201U);
  BOOST_TEST(runs("tick").size() == 1U);
  act("default.tick", act_on_schedule::verb::resume);
  BOOST_TEST(after_a_while("tick") == 1U); // What the pause covers is left out.
  pass(10min);
  BOOST_TEST(come("tick", 2));
}

BOOST_AUTO_TEST_CASE(the_highest_version_counts) {
  define_flow("tick", "schedule: {every: PT10M}\n");
  BOOST_TEST(until([&] { return !kept("tick").rule.empty(); }));
  const auto former = kept("tick").rule;
  define_flow("tick", "schedule: {every: PT1H}\n", "", "2.0.0");
  // It counts from when the scheduler has seen it.
  BOOST_TEST(until([&] { return kept("tick").rule != former; }));
  const auto shown = schedule("default.tick");
  BOOST_TEST(shown.at("workflow").at("version") == "2.0.0");
  pass(10min);
  BOOST_TEST(after_a_while("tick") == 0U);
  pass(50min);
  BOOST_TEST_REQUIRE(come("tick", 1));
  BOOST_TEST(runs("tick").front().workflow.version == "2.0.0");
  define_flow("tick", "", "", "3.0.0");
  BOOST_TEST(until(
    [&] { return text(schedule("default.tick"), "status") == "dormant"; }));
  BOOST_TEST(until([&] { return kept("tick").rule.empty(); }));
  pass(2h);
  BOOST_TEST(after_a_while("tick") == 1U);
  for (const auto* version : {"1.0.0", "2.0.0", "3.0.0"})
    granted([&](const auto& door, auto to) {
      door.remove_definition(
        {.ns = "default", .name = "tick", .version = version}, to);
    });
  BOOST_TEST(until([&] { return !store->read_schedule("default", "tick"); }));
}

BOOST_AUTO_TEST_CASE(events_make_instances_with_their_data) {
  define_flow("one", "schedule: {on: {one: {with: {type: go}}}}\n");
  define_flow("raw", "schedule: {on: {one: {with: {type: go}}}, read: "
                     "envelope}\n");
  publish({{"go", 1}, {"stop", 2}, {"go", 3}});
  BOOST_TEST(come("one", 2));
  BOOST_TEST(come("raw", 2));
  std::set<std::string> inputs;
  for (const auto& run : runs("one"))
    inputs.insert(to_text(get(run.id).at("input")));
  BOOST_TEST(
    (inputs == std::set<std::string>{R"([{"order":1}])", R"([{"order":3}])"}));
  BOOST_TEST(get(runs("raw").back().id).at("input").at(0).at("type") == "go");
}

BOOST_AUTO_TEST_CASE(events_that_belong_together_wait_for_each_other) {
  define_flow("pair", "schedule:\n  on:\n    all:\n"
                      "    - with: {type: paid}\n"
                      "      correlate: {order: {from: .data.order}}\n"
                      "    - with: {type: sent}\n"
                      "      correlate: {order: {from: .data.order}}\n");
  publish({{"paid", 1}, {"paid", 2}});
  BOOST_TEST(until([&] { return kept("pair").gatherings.size() == 2; }));
  stop();
  start();
  publish({{"sent", 2}});
  BOOST_TEST_REQUIRE(come("pair", 1));
  BOOST_TEST(to_text(get(runs("pair").front().id).at("input"))
             == R"([{"order":2},{"order":2}])");
  // The instance is there first, then the schedule's state.
  BOOST_TEST(until([&] { return kept("pair").gatherings.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(survives_its_own_death_and_the_writers) {
  define_flow("one", "schedule: {on: {one: {with: {type: go}}}}\n");
  constexpr int bursts = 20;
  constexpr int each = 25;
  std::set<int> orders;
  for (int i = 0; i < bursts; ++i) {
    std::vector<std::pair<std::string, int>> batch;
    for (int n = 0; n < each; ++n)
      batch.emplace_back("go", i * each + n);
    publish(std::move(batch));
    if (i % 3 == 0)
      caf::anon_send_exit(inside->ctx().scheduler.get(),
                          caf::exit_reason::kill);
    if (i % 7 == 5)
      caf::anon_send_exit(inside->ctx().writer.get(), caf::exit_reason::kill);
  }
  BOOST_TEST(until([&] { return runs("one").size() >= bursts * each; }));
  BOOST_TEST(after_a_while("one") == std::size_t{bursts * each});
  for (const auto& run : runs("one"))
    BOOST_TEST_REQUIRE(
      orders
        .insert(static_cast<int>(
          get(run.id).at("input").at(0).at("order").as_int64()))
        .second);
  BOOST_TEST(orders.size() == std::size_t{bursts * each});
}

BOOST_AUTO_TEST_CASE(refuses_a_zone_that_the_host_lacks) {
  const auto no = refused([&](const auto& door, auto to) {
    door.define({.text = "document: {dsl: '1.0.3', namespace: n, name: z, "
                         "version: '1.0.0'}\nschedule: {cron: "
                         "'CRON_TZ=Middle/Earth 0 9 * * *'}\ndo: [{a: {set: "
                         "{x: 1}}}]\n",
                 .content_type = "application/yaml"},
                to);
  });
  BOOST_TEST((no.what.code == errc::invalid_definition));
  BOOST_REQUIRE(no.what.faults.size() == 1U);
  BOOST_TEST(no.what.faults[0].pointer == "/schedule/cron");
}

BOOST_AUTO_TEST_SUITE_END()
