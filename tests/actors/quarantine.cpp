#define BOOST_TEST_MODULE actors.quarantine
#include "actors/messages.hpp"
#include "tests/support/daemon_inside.hpp"
#include "tests/support/http_server.hpp"

#include <caf/send.hpp>

#include <future>
#include <random>
#include <set>

using namespace pawl;
using namespace pawl::actors;
using pawl::test::daemon_inside;
using pawl::test::http_server;
using verb = act_on_instance::verb;

namespace {

std::string document(const std::string& name, const std::string& tasks) {
  return "document: {dsl: '1.0.3', namespace: default, name: " + name
         + ", version: '1.0.0'}\ndo:\n" + tasks;
}

start_instance one(const std::string& name, const std::string& id) {
  return {.workflow = {.ns = "default", .name = name},
          .input = json::object{},
          .id = id};
}

json::value go_event() {
  return json::object{
    {"specversion", "1.0"}, {"id", "e1"}, {"source", "/test"}, {"type", "go"}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(quarantine)

BOOST_AUTO_TEST_CASE(an_instance_that_keeps_crashing_is_set_aside_and_lifted) {
  std::atomic<bool> poison = false;
  daemon_inside d{[&](context& ctx) {
    ctx.before_turn = [&](const instance_key& key, const input& what) {
      if (poison && key == key_of("default", "bad")
          && (std::holds_alternative<report>(what)
              || std::holds_alternative<requests::deliver>(
                std::get<request>(what))))
        throw std::logic_error{"a broken invariant"};
    };
  }};
  d.chosen.instances.quarantine_after = 1; // One restart, after 0.1 s.
  d.define(
    document("listens", "  - l: {listen: {to: {one: {with: {type: go}}}}}\n"));
  d.start_one(one("listens", "bad"));
  d.start_one(one("listens", "good"));
  poison = true;
  const auto no = d.refused([&](const auto& door, auto to) {
    door.deliver({.which = {.id = "bad"}, .event = go_event()}, to);
  });
  BOOST_TEST((no.what.code == errc::timed_out));
  BOOST_TEST(daemon_inside::until([&] {
    const auto* q = d.get("bad").if_contains("quarantined");
    return q != nullptr && q->is_object();
  }));
  const auto refused = std::get<refusal>(d.act("bad", verb::pause));
  BOOST_TEST((refused.what.code == errc::quarantined));
  const auto page = daemon_inside::object_of(d.granted(
    [&](const auto& door, auto to) { door.list({.quarantined = true}, to); }));
  BOOST_TEST(page.at("items").as_array().size() == 1u);
  d.granted([&](const auto& door, auto to) {
    door.deliver({.which = {.id = "good"}, .event = go_event()}, to);
  });
  BOOST_TEST(d.reaches("good", "completed"));
  poison = false;
  BOOST_TEST(std::get<answer>(d.act("bad", verb::retry)).status == 200u);
  d.granted([&](const auto& door, auto to) {
    door.deliver({.which = {.id = "bad"}, .event = go_event()}, to);
  });
  BOOST_TEST(d.reaches("bad", "completed"));
}

BOOST_AUTO_TEST_CASE(only_the_instance_itself_lets_go_of_it) {
  std::promise<void> told;
  http_server server{[gone = told.get_future().share()](const auto&) {
    gone.wait();
    return http_server::answer(200, "1");
  }};
  daemon_inside d;
  d.define(
    document("calls", "  - a: {call: http, with: {method: get, endpoint: "
                      "'"
                        + server.url() + "'}}\n"));
  d.start_one(one("calls", "busy"));
  auto& ctx = d.inside->ctx();
  for (std::uint64_t handled = 0; handled < 4; ++handled)
    caf::anon_send(ctx.registry.get(),
                   may_leave{key_of("default", "busy"), handled});
  BOOST_TEST(std::get<actors::answer>(d.act("busy", verb::resume)).status
             == 200u);
  BOOST_TEST(d.inside->door().metrics().find("pawl_rehydrations_total 0\n")
             != std::string::npos);
  told.set_value();
  BOOST_TEST(d.reaches("busy", "completed"));
}

BOOST_AUTO_TEST_CASE(all_complete_while_actors_are_killed_at_random) {
  std::mutex lock;
  std::map<std::string, int> calls;
  http_server server{[&](auto r) {
    const std::lock_guard hold{lock};
    ++calls[r.headers["idempotency-key"]];
    return http_server::answer(200, "{\"ok\": true}",
                               "Content-Type: application/json\r\n");
  }};
  daemon_inside d;
  const auto call
    = "{call: http, with: {method: get, endpoint: '" + server.url() + "'}}\n";
  d.define(
    document("mixed", "  - a: " + call + "  - w: {wait: {milliseconds: 20}}\n"
                        + "  - b: " + call + "  - s: {set: {done: true}}\n"));
  constexpr int count = 200;
  std::atomic<bool> stop = false;
  std::thread killer{[&] {
    std::mt19937 source{42};
    while (!stop) {
      auto& ctx = d.inside->ctx();
      const auto die = source() % 10;
      if (die == 0)
        caf::anon_send(ctx.supervisor.get(), kill_any{});
      else
        caf::anon_send(ctx.registry.get(), kill_any{.worker = die > 7});
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }};
  const auto name = [](int i) { return "i" + std::to_string(i); };
  for (int i = 0; i < count; ++i) {
    // An answer may be lost with its actor; the repeat then finds the id taken.
    while (true) {
      const auto r = d.ask([&](const auto& door, auto to) {
        door.start(one("mixed", name(i)), to);
      });
      const auto* no = std::get_if<refusal>(&r);
      if (no == nullptr || no->what.code == errc::already_exists)
        break;
      BOOST_REQUIRE((no->what.code == errc::timed_out));
    }
  }
  int completed = 0;
  for (int i = 0; i < count; ++i)
    completed += d.reaches(name(i), "completed") ? 1 : 0;
  stop = true;
  killer.join();
  BOOST_TEST(completed == count);
  const auto faults = storage::verify(*d.store);
  BOOST_REQUIRE(faults);
  BOOST_TEST(faults->empty());
  BOOST_TEST(calls.size() == static_cast<std::size_t>(2 * count));
  const auto text = d.inside->door().metrics();
  BOOST_TEST(text.find("pawl_restarts_total") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
