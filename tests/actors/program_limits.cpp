// Programs that mean harm, and the ways in which programs end.
#define BOOST_TEST_MODULE actors.program_limits
#include "tests/support/programs.hpp"

using namespace pawl;
using namespace pawl::actors;
using namespace pawl::test;

namespace {

program_failure limited(keeping way, const program_limits& limits,
                        const std::string& command) {
  auto options = client_options(way);
  options.limits = limits;
  program_client client{options};
  return failure(run(client, shell(command)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(program_limits_suite)

BOOST_AUTO_TEST_CASE(output_is_bounded) {
  for (const auto way : both_ways) {
    auto limits = client_options().limits;
    limits.output_max = 10'000;
    for (const auto* command :
         {"trap '' TERM; while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyy; done",
          "trap '' TERM; while :; do echo eeeeeeeeeeeeeee >&2; done"}) {
      const auto why = limited(way, limits, command);
      BOOST_TEST((why.kind == error_kind::runtime));
      BOOST_TEST(why.detail.find("10000 bytes") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(time_is_bounded) {
  for (const auto way : both_ways) {
    auto limits = client_options().limits;
    limits.timeout_max = duration{100};
    const auto why = limited(way, limits, "sleep 1000");
    BOOST_TEST((why.kind == error_kind::timeout));
    BOOST_TEST(!why.stopped);
  }
}

BOOST_AUTO_TEST_CASE(memory_of_one_process_is_bounded) {
  auto options = client_options();
  options.limits.memory_max = 64ULL << 20;
  program_client client{options};
  // dd takes its block from the heap.
  const auto how
    = outcome(run(client, shell("dd if=/dev/zero of=/dev/null bs=200M "
                                "count=1")));
  BOOST_TEST(how.code != 0);
  BOOST_TEST(how.err.find("memory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(memory_of_all_processes_together_is_bounded) {
  for (const auto way : both_ways) {
    auto limits = client_options().limits;
    limits.memory_max = 64ULL << 20;
    // Each tail holds what it has read, within its own bound.
    const auto why = limited(
      way, limits,
      "for i in 1 2 3; do yes | head -c 30000000 | tail -c 29999999 | "
      "sleep 1000 & done; wait");
    BOOST_TEST(why.detail.find("memory") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_fork_bomb_is_bounded_and_ends) {
  for (const auto way : both_ways) {
    const auto mark = marker("bomb");
    auto options = client_options(way);
    options.limits.processes_max = 20;
    options.limits.timeout_max = duration{2'000};
    program_client client{options};
    // Whether a fork fails or the keeper sees too many, it ends.
    const auto how = run(
      client, shell("b() { b | b & }; b; sleep 1000", {{"arguments", {mark}}}));
    if (const auto* ended = std::get_if<program_outcome>(&how))
      BOOST_TEST(ended->err.find("fork") != std::string::npos);
    BOOST_TEST(eventually([&] { return processes_with(mark).empty(); }));
    BOOST_TEST(outcome(run(client, shell("echo well"))).out == "well\n");
  }
}

BOOST_AUTO_TEST_CASE(a_stop_ends_the_group_and_who_left_it) {
  for (const auto way : both_ways) {
    const auto mark = marker("stop");
    program_client client{client_options(way)};
    running_program one{
      client, shell(escape(mark) + "trap '' TERM; while :; do sleep 0.1; done",
                    {{"arguments", {mark}}})};
    BOOST_REQUIRE(eventually([&] { return processes_with(mark).size() >= 2; }));
    client.stop(one.ticket());
    const auto why = failure(one.wait());
    BOOST_TEST(why.stopped);
    BOOST_TEST((why.kind == error_kind::runtime));
    // On the callback all are gone.
    BOOST_TEST(processes_with(mark).empty());
    BOOST_TEST(client.active() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_lets_a_program_tidy_up) {
  program_client client{client_options()};
  const auto mark = marker("tidy");
  running_program one{client,
                      shell("trap 'exit 0' TERM; while :; do sleep 0.01; done",
                            {{"arguments", {mark}}})};
  BOOST_REQUIRE(eventually([&] { return !processes_with(mark).empty(); }));
  client.stop(one.ticket());
  BOOST_TEST(failure(one.wait()).stopped);
}

BOOST_AUTO_TEST_CASE(what_a_program_leaves_behind_dies_with_it) {
  for (const auto way : both_ways) {
    const auto mark = marker("left");
    program_client client{client_options(way)};
    const auto how
      = outcome(run(client, shell(escape(mark) + "sleep 0.2; echo done")));
    BOOST_TEST(how.out == "done\n");
    BOOST_TEST(processes_with(mark).empty());
  }
}

BOOST_AUTO_TEST_CASE(programs_die_with_their_client) {
  for (const auto way : both_ways) {
    const auto mark = marker("client");
    bool called = false;
    const auto note = [&](const auto&) { called = true; };
    auto client = std::make_unique<program_client>(client_options(way));
    client->start(shell(escape(mark) + "sleep 1000"), note);
    BOOST_REQUIRE(eventually([&] { return !processes_with(mark).empty(); }));
    client.reset();
    BOOST_TEST(eventually([&] { return processes_with(mark).empty(); }));
    BOOST_TEST(!called);
    BOOST_TEST(children().empty());
  }
}

BOOST_AUTO_TEST_CASE(programs_die_with_their_runner_and_it_is_started_anew) {
  for (const auto way : both_ways) {
    const auto mark = marker("runner");
    program_client client{client_options(way)};
    running_program one{client, shell(escape(mark) + "sleep 1000")};
    BOOST_REQUIRE(eventually([&] { return !processes_with(mark).empty(); }));
    const auto runner = children();
    BOOST_REQUIRE(runner.size() == 1U);
    ::kill(runner[0], SIGKILL);
    const auto why = failure(one.wait());
    BOOST_TEST((why.kind == error_kind::runtime));
    BOOST_TEST(why.detail.find("died") != std::string::npos);
    BOOST_TEST(!why.stopped);
    BOOST_TEST(eventually([&] { return processes_with(mark).empty(); }));
    BOOST_TEST(outcome(run(client, shell("echo again"))).out == "again\n");
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_kills_all_it_can_hurts_only_itself) {
  program_client client{client_options()};
  const auto mark = marker("bystander");
  running_program other{
    client, shell("sleep 0.5; echo alive", {{"arguments", {mark}}})};
  BOOST_REQUIRE(eventually([&] { return !processes_with(mark).empty(); }));
  // As another user, or in the same one without namespaces, it could do more.
  const auto how = run(client, shell("kill -9 -1; kill -9 $PPID; echo tried"));
  if (const auto* ended = std::get_if<program_outcome>(&how)) {
    BOOST_TEST(ended->out == "tried\n");
    BOOST_TEST(outcome(other.wait()).out == "alive\n");
  } else {
    BOOST_TEST_MESSAGE("skipped: this system gives no namespaces");
    static_cast<void>(other.wait());
  }
}

BOOST_AUTO_TEST_CASE(one_more_than_may_run_waits_and_can_be_stopped) {
  auto options = client_options();
  options.limits.concurrency_max = 1;
  program_client client{options};
  running_program first{client, shell("sleep 1000")};
  running_program second{client, shell("echo second")};
  running_program third{client, shell("echo third")};
  BOOST_TEST(client.active() == 3U);
  client.stop(second.ticket());
  BOOST_TEST(failure(second.wait()).stopped);
  client.stop(first.ticket());
  BOOST_TEST(failure(first.wait()).stopped);
  BOOST_TEST(outcome(third.wait()).out == "third\n");
}

BOOST_AUTO_TEST_CASE(many_programs_run_side_by_side) {
  auto options = client_options();
  options.limits.concurrency_max = 8;
  program_client client{options};
  std::vector<std::unique_ptr<running_program>> all;
  all.reserve(60);
  for (int i = 0; i < 60; ++i)
    all.push_back(std::make_unique<running_program>(
      client, shell("echo $1", {{"arguments", {std::to_string(i)}}})));
  for (int i = 0; i < 60; ++i)
    BOOST_TEST(outcome(all[static_cast<std::size_t>(i)]->wait()).out
               == std::to_string(i) + "\n");
}

BOOST_AUTO_TEST_SUITE_END()
