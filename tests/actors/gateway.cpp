#define BOOST_TEST_MODULE actors.gateway
#include "tests/support/daemon_inside.hpp"
#include "tests/support/http_server.hpp"

using namespace pawl;
using namespace pawl::actors;
using pawl::test::daemon_inside;
using pawl::test::http_server;
using verb = act_on_instance::verb;

namespace {

std::string document(const std::string& name, const std::string& tasks,
                     const std::string& version = "1.0.0") {
  return "document: {dsl: '1.0.3', namespace: default, name: " + name
         + ", version: '" + version + "'}\ndo:\n" + tasks;
}

std::string pure(const std::string& name = "pure") {
  return document(name, "  - a: {set: {n: 1}}\n"
                        "  - b: {set: {n: '${ .n + 1 }'}}\n");
}

std::string calling(const std::string& url, const std::string& name = "calls",
                    int count = 1) {
  std::string tasks;
  for (int i = 0; i < count; ++i)
    tasks += "  - c" + std::to_string(i)
             + ": {call: http, with: {method: get, endpoint: '" + url + "'}}\n";
  return document(name, tasks);
}

std::string listening() {
  return document("listens",
                  "  - l: {listen: {to: {one: {with: {type: go}}}}}\n");
}

start_instance one(const std::string& name, const std::string& id) {
  return {.workflow = {.ns = "default", .name = name},
          .input = json::object{},
          .id = id};
}

json::value go_event(const std::string& id) {
  return json::object{{"specversion", "1.0"},
                      {"id", id},
                      {"source", "/test"},
                      {"type", "go"},
                      {"data", json::object{{"k", id}}}};
}

/// A call that the server holds until it is opened.
struct gate {
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
};

/// The numbers of a whole history, which must be 1..n.
std::vector<sequence> numbers(daemon_inside& d, const std::string& id) {
  std::vector<sequence> all;
  std::promise<void> done;
  d.inside->door().history({.id = id}, 0, 100'000, [&](auto r) {
    for (const auto& i : std::get<history_page>(r).items)
      all.push_back(i.number);
    done.set_value();
  });
  done.get_future().wait();
  return all;
}

bool gap_free(const std::vector<sequence>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] != i + 1)
      return false;
  return !all.empty();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_suite, daemon_inside)

BOOST_AUTO_TEST_CASE(a_pure_workflow_is_completed_when_it_is_acknowledged) {
  define(pure());
  const auto a = start_one(one("pure", "p1"));
  BOOST_TEST(a.status == 201u);
  BOOST_TEST(a.location == "/v1/instances/p1");
  const auto body = object_of(a);
  BOOST_TEST(text(body, "status") == "completed");
  BOOST_TEST(to_text(body.at("output")) == R"({"n":2})");
  BOOST_TEST(gap_free(numbers(*this, "p1")));
  auto again = get("p1");
  BOOST_TEST(again.at("sizeBytes").to_number<std::uint64_t>() > 0U);
  again.erase("sizeBytes"); // Known once it is written.
  BOOST_TEST(to_text(json::value(again)) == to_text(json::value(body)));
  BOOST_TEST(until([&] { return inside->ctx().hot == 0; }));
}

BOOST_AUTO_TEST_CASE(registers_the_same_definition_once) {
  BOOST_TEST(define(pure()).status == 201u);
  const auto same = define(pure());
  BOOST_TEST(same.status == 200u);
  const auto other = refused([&](const auto& door, auto to) {
    door.define({.text = document("pure", "  - a: {set: {n: 9}}\n"),
                 .content_type = "application/yaml"},
                to);
  });
  BOOST_TEST((other.what.code == errc::already_exists));
  const auto dry = granted([&](const auto& door, auto to) {
    door.define({.text = pure("dry"),
                 .content_type = "application/yaml",
                 .dry_run = true},
                to);
  });
  BOOST_TEST(dry.status == 200u);
  const auto missing = refused(
    [&](const auto& door, auto to) { door.start(one("dry", "x"), to); });
  BOOST_TEST((missing.what.code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(starts_the_highest_version_when_none_is_named) {
  for (const char* v : {"1.9.0", "1.10.0", "1.10.0-rc.1"})
    define(document("v", "  - a: {set: {v: '" + std::string{v} + "'}}\n", v));
  const auto body = object_of(start_one(one("v", "v1")));
  BOOST_TEST(text(body.at("output").as_object(), "v") == "1.10.0");
  define(document("v", "  - a: {set: {v: '2.0.0'}}\n", "2.0.0"));
  const auto next = object_of(start_one(one("v", "v2")));
  BOOST_TEST(text(next.at("output").as_object(), "v") == "2.0.0");
}

BOOST_AUTO_TEST_CASE(refuses_an_id_that_is_taken) {
  define(pure());
  start_one(one("pure", "p1"));
  const auto no = refused(
    [&](const auto& door, auto to) { door.start(one("pure", "p1"), to); });
  BOOST_TEST((no.what.code == errc::already_exists));
  BOOST_TEST(no.location == "/v1/instances/p1");
  const auto nobody = refused([&](const auto& door, auto to) {
    door.read({.which = {.id = "nobody"}}, to);
  });
  BOOST_TEST((nobody.what.code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(repeats_an_answer_under_the_same_key) {
  define(pure());
  auto what = one("pure", "");
  what.id.reset();
  what.once
    = idempotency{.scope = "me POST /v1/instances k1", .body_digest = "digest"};
  const auto first = start_one(what);
  const auto second = start_one(what);
  BOOST_TEST(!first.replayed);
  BOOST_TEST(second.replayed);
  BOOST_TEST(second.body == first.body);
  BOOST_TEST(second.location == first.location);
  BOOST_TEST((first.etag && second.etag == first.etag));
  what.once->body_digest = "other";
  const auto no
    = refused([&](const auto& door, auto to) { door.start(what, to); });
  BOOST_TEST((no.what.code == errc::key_reused));
  stop();
  start();
  what.once->body_digest = "digest";
  BOOST_TEST(start_one(what).replayed);
}

BOOST_AUTO_TEST_CASE(waits_for_the_end_as_long_as_asked) {
  gate g;
  http_server server{[&](const auto&) {
    g.open.wait();
    return http_server::answer(200, "{}", "Content-Type: application/json\r\n");
  }};
  define(calling(server.url()));
  auto what = one("calls", "c1");
  what.wait = duration{30};
  BOOST_TEST(start_one(what).status == 202u);
  auto patient = one("calls", "c2");
  patient.wait = duration{20'000};
  auto answered
    = std::async(std::launch::async, [&] { return start_one(patient); });
  BOOST_TEST(until([&] { return server.requests() == 2; }));
  g.opened.set_value();
  const auto a = answered.get();
  BOOST_TEST(a.status == 200u);
  BOOST_TEST(text(object_of(a), "status") == "completed");
  BOOST_TEST(reaches("c1", "completed"));
}

BOOST_AUTO_TEST_CASE(sends_the_same_key_and_counts_attempts) {
  std::mutex lock;
  std::vector<std::pair<std::string, std::string>> seen;
  http_server server{[&](auto r) {
    const std::lock_guard hold{lock};
    seen.emplace_back(r.headers["idempotency-key"], r.headers["pawl-attempt"]);
    return http_server::answer(seen.size() < 3 ? 503 : 200, "{}");
  }};
  define(document(
    "retries",
    "  - t:\n      try:\n        - c: {call: http, with: {method: get, "
    "endpoint: '"
      + server.url()
      + "'}}\n      catch:\n        retry: {delay: {milliseconds: 5}, limit: "
        "{attempt: {count: 5}}}\n"));
  start_one(one("retries", "r1"));
  BOOST_TEST(reaches("r1", "completed"));
  BOOST_REQUIRE(seen.size() == 3u);
  BOOST_TEST(seen[0].first == seen[1].first);
  BOOST_TEST(seen[1].first == seen[2].first);
  BOOST_TEST(seen[0].second == "1");
  BOOST_TEST(seen[2].second == "3");
}

BOOST_AUTO_TEST_CASE(a_pause_drains_and_a_resume_goes_on) {
  gate g;
  http_server server{[&](const auto&) {
    g.open.wait();
    return http_server::answer(200, "{}");
  }};
  define(calling(server.url(), "calls", 2));
  start_one(one("calls", "c1"));
  BOOST_TEST(until([&] { return server.requests() == 1; }));
  const auto paused = std::get<answer>(act("c1", verb::pause));
  BOOST_TEST(paused.status == 202u);
  BOOST_TEST(text(object_of(paused), "status") == "suspending");
  g.opened.set_value();
  BOOST_TEST(reaches("c1", "suspended"));
  BOOST_TEST(server.requests() == 1);
  BOOST_TEST(std::get<answer>(act("c1", verb::pause)).status == 200u);
  BOOST_TEST(std::get<answer>(act("c1", verb::resume)).status == 200u);
  BOOST_TEST(reaches("c1", "completed"));
  BOOST_TEST(server.requests() == 2);
  const auto no = std::get<refusal>(act("c1", verb::pause));
  BOOST_TEST((no.what.code == errc::invalid_state));
  BOOST_TEST(no.members.contains("allowedActions"));
}

BOOST_AUTO_TEST_CASE(a_cancel_gives_the_effect_up) {
  gate g;
  http_server server{[&](const auto&) {
    g.open.wait();
    return http_server::answer(200, "{}");
  }};
  define(calling(server.url()));
  start_one(one("calls", "c1"));
  BOOST_TEST(until([&] { return server.requests() == 1; }));
  std::get<answer>(act("c1", verb::cancel));
  BOOST_TEST(reaches("c1", "cancelled"));
  BOOST_TEST(until([&] { return inside->ctx().http.active() == 0; }));
  g.opened.set_value();
}

BOOST_AUTO_TEST_CASE(a_faulted_instance_can_be_tried_again) {
  std::atomic<bool> well = false;
  http_server server{
    [&](const auto&) { return http_server::answer(well ? 200 : 500, "{}"); }};
  define(calling(server.url()));
  start_one(one("calls", "c1"));
  BOOST_TEST(reaches("c1", "faulted"));
  well = true;
  std::get<answer>(act("c1", verb::retry));
  BOOST_TEST(reaches("c1", "completed"));
}

BOOST_AUTO_TEST_CASE(if_match_guards_a_mutation) {
  define(listening());
  const auto a = start_one(one("listens", "l1"));
  const auto no = refused([&](const auto& door, auto to) {
    door.act(
      {.which = {.id = "l1"}, .what = verb::pause, .if_match = *a.etag + 1},
      to);
  });
  BOOST_TEST((no.what.code == errc::precondition_failed));
  granted([&](const auto& door, auto to) {
    door.act({.which = {.id = "l1"}, .what = verb::pause, .if_match = a.etag},
             to);
  });
}

BOOST_AUTO_TEST_CASE(a_waiting_instance_leaves_memory_and_comes_back) {
  define(listening());
  start_one(one("listens", "l1"));
  BOOST_TEST(until([&] { return inside->ctx().hot == 0; }));
  granted([&](const auto& door, auto to) {
    door.deliver({.which = {.id = "l1"}, .event = go_event("e1")}, to);
  });
  BOOST_TEST(reaches("l1", "completed"));
}

BOOST_AUTO_TEST_CASE(events_reach_who_listens_now_and_who_listens_later) {
  define(listening());
  start_one(one("listens", "now"));
  const auto a = granted([&](const auto& door, auto to) {
    door.publish({.events = {go_event("e1")}}, to);
  });
  BOOST_TEST(a.status == 202u);
  BOOST_TEST(reaches("now", "completed"));
  start_one(one("listens", "later"));
  BOOST_TEST(reaches("later", "completed"));
}

BOOST_AUTO_TEST_CASE(timers_fire_after_a_restart) {
  define(document("waits", "  - w: {wait: {milliseconds: 300}}\n"));
  start_one(one("waits", "w1"));
  BOOST_TEST(until([&] { return inside->ctx().hot == 0; }));
  stop();
  start();
  BOOST_TEST(reaches("w1", "completed"));
}

BOOST_AUTO_TEST_CASE(effects_that_were_out_are_ordered_again_after_a_restart) {
  gate g;
  std::mutex lock;
  std::vector<std::string> keys;
  http_server server{[&](auto r) {
    {
      const std::lock_guard hold{lock};
      keys.push_back(r.headers["idempotency-key"]);
    }
    g.open.wait();
    return http_server::answer(200, "{}");
  }};
  define(calling(server.url()));
  start_one(one("calls", "c1"));
  BOOST_TEST(until([&] { return server.requests() == 1; }));
  stop();
  start();
  BOOST_TEST(until([&] { return server.requests() == 2; }));
  g.opened.set_value();
  BOOST_TEST(reaches("c1", "completed"));
  BOOST_TEST(keys.at(0) == keys.at(1));
}

BOOST_AUTO_TEST_CASE(lists_and_purges) {
  define(pure());
  define(listening());
  for (const char* id : {"a", "b", "c"})
    start_one(one("pure", id));
  start_one(one("listens", "l1"));
  const auto page = object_of(granted([&](const auto& door, auto to) {
    door.list({.status = instance_status::completed, .limit = 2}, to);
  }));
  BOOST_TEST(page.at("items").as_array().size() == 2u);
  BOOST_TEST(page.at("nextCursor").is_string());
  const auto live = refused([&](const auto& door, auto to) {
    door.remove_instance({.which = {.id = "l1"}}, to);
  });
  BOOST_TEST((live.what.code == errc::invalid_state));
  granted([&](const auto& door, auto to) {
    door.remove_instance({.which = {.id = "a"}}, to);
  });
  const auto gone = refused(
    [&](const auto& door, auto to) { door.read({.which = {.id = "a"}}, to); });
  BOOST_TEST((gone.what.code == errc::purged));
}

BOOST_AUTO_TEST_CASE(sheds_when_draining) {
  define(pure());
  inside->drain(duration{1000});
  const auto no = refused(
    [&](const auto& door, auto to) { door.start(one("pure", "p"), to); });
  BOOST_TEST((no.what.code == errc::shutting_down));
  BOOST_TEST(inside->door().unready() == "draining");
}

BOOST_AUTO_TEST_CASE(counts_what_it_does) {
  define(pure());
  start_one(one("pure", "p1"));
  const auto all = inside->door().metrics();
  BOOST_TEST(all.find("pawl_instances_total{status=\"completed\"} 1")
             != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
