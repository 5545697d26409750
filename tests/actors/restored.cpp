#define BOOST_TEST_MODULE actors.restored
#include "actors/restored.hpp"

#include "tests/support/daemon_inside.hpp"
#include "tests/support/http_server.hpp"
#include "workflow/schedule.hpp"

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;
using pawl::test::http_server;
using verb = pawl::actors::act_on_instance::verb;

namespace {

const std::string reason = "restored from backup 3 of 2026-01-01T00:00:00.000Z";

struct restoring : test::daemon_inside {
  void define_flow(const std::string& name, const std::string& work,
                   const std::string& more = "") {
    define("document: {dsl: '1.0.3', namespace: default, name: " + name
           + ", version: '1.0.0'}\n" + more + "do:\n- a: {" + work
           + "}\n- b: {set: {done: true}}\n");
  }
  void run(const std::string& flow, const std::string& id) {
    start_one({.workflow = {.ns = "default", .name = flow}, .id = id});
  }
  /// Ends the daemon as a crash would and suspends what it left.
  restored suspend() {
    inside->stop();
    inside.reset();
    auto done = suspend_all(*store, chosen, reason, clock::now());
    BOOST_REQUIRE_MESSAGE(done, done.error().detail);
    const auto faults = storage::verify(*store).value();
    BOOST_TEST(faults.empty(), (faults.empty() ? "" : faults[0]));
    return std::move(*done);
  }
  void start_again() {
    static_cast<void>(store->close());
    store.reset();
    start();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restored_stores, restoring)

BOOST_AUTO_TEST_CASE(suspends_whatever_lives_and_says_why) {
  std::atomic<int> calls = 0;
  std::atomic<bool> hangs = true;
  std::vector<std::string> keys;
  std::mutex lock;
  http_server server{[&](const auto& asked) {
    {
      const std::lock_guard hold{lock};
      keys.push_back(asked.headers.at("idempotency-key"));
    }
    ++calls;
    while (hangs)
      std::this_thread::sleep_for(5ms);
    return http_server::answer(200, "{}");
  }};
  define_flow("waits", "wait: PT1S");
  define_flow("listens", "listen: {to: {one: {with: {type: go}}}}");
  define_flow("calls", "call: http, with: {method: get, endpoint: '"
                         + server.url() + "'}");
  define_flow("sets", "set: {x: 1}");
  for (const char* id : {"waits", "listens", "calls", "sets"})
    run(id, id);
  start_one({.workflow = {.ns = "default", .name = "sets"},
             .id = "later",
             .start_at = clock::now() + 1h});
  run("listens", "paused");
  act("paused", verb::pause);
  run("waits", "until");
  granted([&](const auto& door, auto to) {
    door.act({.which = {.id = "until"},
              .what = verb::pause,
              .until = clock::now() + 2s},
             to);
  });
  BOOST_REQUIRE(until([&] { return calls == 1; }));
  BOOST_REQUIRE(reaches("sets", "completed"));
  std::thread release{[&] {
    std::this_thread::sleep_for(200ms);
    hangs = false;
  }};
  const auto done = suspend();
  release.join();
  BOOST_TEST(done.suspended == 5U);
  BOOST_TEST(done.held == 1U);
  BOOST_TEST(done.left.empty());
  clock::shift(10s); // All timers are due, and the pause would be over.
  start_again();
  std::this_thread::sleep_for(300ms);
  for (const char* id : {"waits", "listens", "calls", "later", "until"}) {
    const auto now = get(id);
    BOOST_TEST(text(now, "status") == "suspended", id);
    BOOST_TEST(text(now, "reason") == reason, id);
  }
  BOOST_TEST(text(get("paused"), "status") == "suspended");
  BOOST_TEST(text(get("paused"), "reason").empty());
  BOOST_TEST(calls == 1);
  const auto why = granted(
    [&](const auto& door, auto to) { door.explain({.id = "calls"}, to); });
  BOOST_TEST(why.body.find(reason) != std::string::npos, why.body);
  for (const char* id : {"waits", "calls", "until"}) {
    act(id, verb::resume);
    BOOST_TEST(reaches(id, "completed"), id);
  }
  BOOST_TEST(calls == 2);
  BOOST_REQUIRE(keys.size() == 2U);
  BOOST_TEST(keys[0] == keys[1]);
}

BOOST_AUTO_TEST_CASE(doing_it_twice_changes_nothing) {
  define_flow("listens", "listen: {to: {one: {with: {type: go}}}}");
  run("listens", "l");
  BOOST_TEST(suspend().suspended == 1U);
  const auto again
    = suspend_all(*store, chosen, "another reason", clock::now()).value();
  BOOST_TEST(again.suspended == 0U);
  BOOST_TEST(again.held == 1U);
}

BOOST_AUTO_TEST_CASE(pauses_schedules_too) {
  define_flow("ticks", "set: {x: 1}", "schedule: {every: PT1H}\n");
  BOOST_REQUIRE(until(
    [&] { return store->read_schedule("default", "ticks").has_value(); }));
  const auto done = suspend();
  BOOST_TEST(done.schedules == 1U);
  const auto kept
    = decode_schedule(store->read_schedule("default", "ticks")->state).value();
  BOOST_TEST(kept.paused.has_value());
  BOOST_TEST(kept.reason == reason);
}

BOOST_AUTO_TEST_CASE(tells_of_what_it_must_leave) {
  define_flow("listens", "listen: {to: {one: {with: {type: go}}}}");
  run("listens", "l");
  BOOST_REQUIRE(reaches("l", "waiting"));
  inside->stop();
  BOOST_REQUIRE(store->put_quarantine(
    key_of("default", "l"), storage::quarantine{"it crashed", {}, 3}));
  const auto done = suspend();
  BOOST_REQUIRE(done.left.size() == 1U);
  BOOST_TEST(done.left[0].find("default/l") != std::string::npos);
  BOOST_TEST(done.suspended == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
