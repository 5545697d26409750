// Programs that nobody awaits beside those that somebody does.
#define BOOST_TEST_MODULE actors.program_slots
#include "tests/support/programs.hpp"

#include <sys/stat.h>

using namespace pawl;
using namespace pawl::actors;
using namespace pawl::test;

namespace {

const auto one_instance = key_of("test", "one");
const auto other_instance = key_of("test", "other");

/// A shell command of `instance` that nobody awaits.
program_order detached(const instance_key& instance, const std::string& command,
                       const std::string& mark) {
  auto o = shell(command, {{"arguments", {mark}}});
  o.detached_of = instance;
  return o;
}

program_client_options slots(std::uint32_t awaited, std::uint32_t detached,
                             std::uint32_t waiting = 64) {
  auto o = client_options();
  o.limits.concurrency_max = awaited;
  o.limits.detached_max = detached;
  o.limits.detached_queue_max = waiting;
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(program_slots_suite)

BOOST_AUTO_TEST_CASE(detached_sleepers_keep_back_no_awaited_program) {
  program_client client{slots(1, 4)};
  const auto mark = marker("sleepers");
  std::vector<std::unique_ptr<running_program>> sleepers;
  for (int i = 0; i < 5; ++i)
    sleepers.push_back(std::make_unique<running_program>(
      client, detached(one_instance, "sleep 1000; true", mark)));
  // The shell of each has the mark; what it runs has not.
  BOOST_TEST(eventually([&] { return processes_with(mark).size() == 4; }));
  BOOST_TEST(client.detached() == 5U);
  BOOST_TEST(outcome(run(client, shell("echo awaited"))).out == "awaited\n");
  BOOST_TEST(processes_with(mark).size() == 4U);
  BOOST_TEST(client.active() == 5U);
}

BOOST_AUTO_TEST_CASE(awaited_sleepers_keep_back_no_detached_program) {
  program_client client{slots(1, 1)};
  running_program sleeper{client, shell("sleep 1000")};
  BOOST_TEST(outcome(run(client, detached(one_instance, "echo $1", "d"))).out
             == "d\n");
  client.stop(sleeper.ticket());
  BOOST_TEST(failure(sleeper.wait()).stopped);
}

BOOST_AUTO_TEST_CASE(detached_ones_beyond_the_slots_wait_in_order) {
  program_client client{slots(4, 1)};
  std::mutex lock;
  std::string order;
  for (const auto* each : {"a", "b", "c", "d"})
    client.start(detached(one_instance, "echo $1", each), [&](const auto& how) {
      const std::lock_guard hold{lock};
      order += std::get<program_outcome>(how).out;
    });
  BOOST_TEST(eventually([&] { return client.active() == 0; }));
  BOOST_TEST(eventually([&] {
    const std::lock_guard hold{lock};
    return order == "a\nb\nc\nd\n";
  }));
  BOOST_TEST(client.detached() == 0U);
}

BOOST_AUTO_TEST_CASE(one_more_than_may_wait_fails_at_once) {
  program_client client{slots(4, 1, 1)};
  const auto mark = marker("full");
  const auto sleep = detached(one_instance, "sleep 1000; true", mark);
  running_program first{client, sleep};
  running_program second{client, sleep};
  std::optional<program_result> third;
  client.start(sleep, [&](auto how) { third = std::move(how); });
  BOOST_REQUIRE(third.has_value());
  const auto why = failure(*third);
  BOOST_TEST((why.kind == error_kind::runtime));
  BOOST_TEST(!why.stopped);
  BOOST_TEST(why.detail.find("programs.detached_queue_max")
             != std::string::npos);
  // Not counted; when there is room again, the next one is taken.
  BOOST_TEST(client.detached() == 2U);
  BOOST_TEST(outcome(run(client, shell("echo well"))).out == "well\n");
  client.stop(first.ticket());
  BOOST_TEST(failure(first.wait()).stopped);
  client.stop(second.ticket());
  BOOST_TEST(failure(second.wait()).stopped);
  BOOST_TEST(outcome(run(client, detached(one_instance, "echo $1", "room"))).out
             == "room\n");
}

BOOST_AUTO_TEST_CASE(
  an_instances_detached_programs_are_stopped_with_all_theirs) {
  for (const auto way : both_ways) {
    auto options = client_options(way);
    options.limits.detached_max = 2;
    program_client client{options};
    const auto mine = marker("mine");
    const auto others = marker("others");
    const auto never = marker("never");
    running_program first{client,
                          detached(one_instance,
                                   escape(mine)
                                     + "trap '' TERM; while :; do sleep 0.1; "
                                       "done",
                                   mine)};
    running_program other{client,
                          detached(other_instance, "sleep 1000; true", others)};
    running_program third{client,
                          detached(one_instance, "sleep 1000; true", never)};
    running_program awaited{client, shell("sleep 0.5; echo done")};
    BOOST_REQUIRE(eventually([&] {
      return processes_with(mine).size() >= 2
             && !processes_with(others).empty();
    }));
    client.stop_detached(one_instance);
    BOOST_TEST(failure(third.wait()).stopped);
    BOOST_TEST(failure(first.wait()).stopped);
    BOOST_TEST(processes_with(mine).empty());
    BOOST_TEST(processes_with(never).empty());
    BOOST_TEST(outcome(awaited.wait()).out == "done\n");
    BOOST_TEST(!processes_with(others).empty());
    BOOST_TEST(client.detached() == 1U);
    // What it begins afterwards is not meant.
    BOOST_TEST(
      outcome(run(client, detached(one_instance, "echo $1", "again"))).out
      == "again\n");
  }
}

BOOST_AUTO_TEST_CASE(the_time_of_a_detached_program_is_bounded) {
  auto options = client_options();
  options.limits.timeout_max = duration{100};
  program_client client{options};
  const auto why
    = failure(run(client, detached(one_instance, "sleep 1000", "late")));
  BOOST_TEST((why.kind == error_kind::timeout));
}

BOOST_AUTO_TEST_CASE(a_runner_that_is_not_understood_is_given_up) {
  std::string form = (fs::temp_directory_path() / "runner-XXXXXX").string();
  const fs::path folder = ::mkdtemp(form.data());
  ::chmod(folder.c_str(), 0755);
  const auto program = folder / "runner";
  // Greets, takes an order, and answers what is no answer.
  std::ofstream{program}
    << "#!/bin/sh\n"
       R"(printf '\000\000\000\026{"hello":"namespaces"}' >&0)"
       "\nhead -c 4 <&0 >/dev/null\n"
       R"(printf '\000\000\000\003huh' >&0)"
       "\nexec cat <&0 >/dev/null\n";
  ::chmod(program.c_str(), 0755);
  auto options = client_options();
  options.runner.program = program;
  {
    program_client client{options};
    const auto why = failure(run(client, shell("true")));
    BOOST_TEST((why.kind == error_kind::runtime));
  }
  fs::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
