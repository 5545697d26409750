// What is told to those who ask again, and to those who wait.
#define BOOST_TEST_MODULE actors.answers
#include "tests/support/daemon_inside.hpp"

using namespace pawl;
using namespace pawl::actors;
using pawl::test::daemon_inside;

namespace {

std::string document(const std::string& name, const std::string& tasks,
                     const std::string& version = "1.0.0") {
  return "document: {dsl: '1.0.3', namespace: default, name: " + name
         + ", version: '" + version + "'}\ndo:\n" + tasks;
}

std::string pure() {
  return document("pure", "  - a: {set: {n: 1}}\n");
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
  return json::object{
    {"specversion", "1.0"}, {"id", id}, {"source", "/test"}, {"type", "go"}};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(answers, daemon_inside)

BOOST_AUTO_TEST_CASE(a_repeat_that_waits_is_told_the_end) {
  define(listening());
  auto what = one("listens", "");
  what.id.reset();
  what.once
    = idempotency{.scope = "me POST /v1/instances k1", .body_digest = "digest"};
  what.wait = duration{30};
  const auto first = start_one(what);
  BOOST_TEST(first.status == 202u);
  what.wait = duration{20'000};
  auto repeated
    = std::async(std::launch::async, [&] { return start_one(what); });
  const auto id = text(object_of(first), "id");
  granted([&](const auto& door, auto to) {
    door.deliver({.which = {.id = id}, .event = go_event("e1")}, to);
  });
  const auto second = repeated.get();
  BOOST_TEST(second.status == 200u);
  BOOST_TEST(second.replayed);
  BOOST_TEST(second.location == first.location);
  BOOST_TEST(text(object_of(second), "status") == "completed");
  BOOST_TEST(
    (second.etag == object_of(second).at("sequence").to_number<sequence>()));
}

BOOST_AUTO_TEST_CASE(registers_again_under_a_key_with_the_first_answer) {
  const auto stored = define(pure());
  const register_definition same{
    .text = pure(),
    .content_type = "application/yaml",
    .once = idempotency{.scope = "me POST /v1/definitions k1",
                        .body_digest = "digest"}};
  const auto register_same = [&] {
    return granted(
      [&](const auto& door, auto to) { door.define(same, std::move(to)); });
  };
  const auto first = register_same();
  BOOST_TEST(first.status == 200u);
  BOOST_TEST(first.body == stored.body);
  const auto second = register_same();
  BOOST_TEST(second.replayed);
  BOOST_TEST(second.status == first.status);
  BOOST_TEST(second.body == first.body);
}

BOOST_AUTO_TEST_CASE(the_last_page_of_definitions_names_no_next_one) {
  for (const auto* v : {"1.0.0", "1.1.0"})
    define(document("v", "  - a: {set: {n: 1}}\n", v));
  const auto page = [&](std::uint32_t limit) {
    return object_of(granted([&](const auto& door, auto to) {
      door.list_definitions_of({.limit = limit}, to);
    }));
  };
  BOOST_TEST(page(1).at("nextCursor").is_string());
  BOOST_TEST(page(1).at("items").as_array().size() == 1u);
  BOOST_TEST(page(2).at("nextCursor").is_null());
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_change_is_told_when_it_drains) {
  define(listening());
  auto what = one("listens", "l1");
  const auto now = start_one(what);
  auto starter = one("listens", "l2");
  starter.wait = duration{20'000};
  auto started
    = std::async(std::launch::async, [&] { return start_one(starter); });
  auto polled = std::async(std::launch::async, [&] {
    return granted([&](const auto& door, auto to) {
      door.read(
        {.which = {.id = "l1"}, .wait = duration{20'000}, .unless = now.etag},
        to);
    });
  });
  BOOST_TEST(until([&] { return inside->ctx().changes.watchers() == 2; }));
  inside->begin_drain();
  BOOST_TEST(polled.get().status == 304u);
  const auto started_so_far = started.get();
  BOOST_TEST(started_so_far.status == 202u);
  BOOST_TEST(text(object_of(started_so_far), "status") == "waiting");
}

BOOST_AUTO_TEST_SUITE_END()
