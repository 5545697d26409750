#define BOOST_TEST_MODULE actors.timers
#include "actors/messages.hpp"
#include "tests/support/daemon_inside.hpp"

#include <caf/send.hpp>

using namespace pawl;
using namespace pawl::actors;
using pawl::test::daemon_inside;

namespace {

std::string waiting(const std::string& name, const std::string& length) {
  return "document: {dsl: '1.0.3', namespace: default, name: " + name
         + ", version: '1.0.0'}\ndo:\n  - w: {wait: " + length + "}\n";
}

start_instance one(const std::string& name, const std::string& id) {
  return {.workflow = {.ns = "default", .name = name},
          .input = json::object{},
          .id = id};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(timers_suite, daemon_inside)

BOOST_AUTO_TEST_CASE(fires_when_the_clock_says_so_and_not_before) {
  define(waiting("soon", "{seconds: 30}")); // Held in memory.
  define(waiting("later", "{hours: 5}"));   // Only in the store.
  start_one(one("soon", "s1"));
  start_one(one("later", "l1"));
  BOOST_TEST(until([&] { return inside->ctx().hot == 0; }));
  const auto look = [&] { caf::anon_send(inside->ctx().timers.get(), tick{}); };
  clock::shift(std::chrono::seconds{20});
  look();
  // The list answers after the timers have looked, if they woke anybody.
  BOOST_TEST(text(get("s1"), "status") == "waiting");
  clock::shift(std::chrono::seconds{11});
  look();
  BOOST_TEST(reaches("s1", "completed"));
  BOOST_TEST(text(get("l1"), "status") == "waiting");
  clock::shift(std::chrono::hours{5});
  look();
  BOOST_TEST(reaches("l1", "completed"));
}

BOOST_AUTO_TEST_CASE(wakes_many_at_once_but_each_only_once) {
  define(waiting("soon", "{minutes: 10}"));
  constexpr int count = 300;
  for (int i = 0; i < count; ++i)
    start_one(one("soon", "m" + std::to_string(i)));
  clock::shift(std::chrono::minutes{11});
  caf::anon_send(inside->ctx().timers.get(), tick{});
  for (int i = 0; i < count; ++i)
    BOOST_TEST(reaches("m" + std::to_string(i), "completed"));
  const auto faults = storage::verify(*store);
  BOOST_REQUIRE(faults);
  BOOST_TEST(faults->empty());
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_fires_nothing_twice) {
  define(waiting("soon", "{seconds: 5}"));
  start_one(one("soon", "s1"));
  clock::shift(std::chrono::seconds{6});
  BOOST_TEST(reaches("s1", "completed"));
  const auto before = get("s1");
  clock::shift(-std::chrono::hours{1});
  caf::anon_send(inside->ctx().timers.get(), tick{});
  BOOST_TEST(to_text(json::value(get("s1"))) == to_text(json::value(before)));
}

BOOST_AUTO_TEST_SUITE_END()
