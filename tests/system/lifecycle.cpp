// How the daemon starts, stops and refuses to start.
#define BOOST_TEST_MODULE system.lifecycle
#include "tests/system/daemon_fixture.hpp"

#include <csignal>
#include <fstream>

using namespace pawl;

namespace {

constexpr std::chrono::seconds patience{20};

int ends_with(test::daemon_process& daemon) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (const auto code = daemon.exit_code(); code != -1)
      return code;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return -1;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(drains_and_exits_0_on_sigterm, test::daemon_fixture) {
  define("wait", "do: [{w: {wait: PT1H}}]");
  BOOST_REQUIRE_EQUAL(start("wait", "one").status, 201);
  BOOST_TEST(daemon.stop() == 0);
  daemon.start();
  BOOST_REQUIRE(daemon.wait_ready());
  BOOST_TEST(status("one") == "waiting");
  BOOST_TEST(daemon.stop() == 0);
}

BOOST_FIXTURE_TEST_CASE(refuses_a_directory_that_is_in_use_with_75,
                        test::daemon_fixture) {
  test::daemon_process second{scratch.path() / "data"};
  second.start();
  BOOST_TEST(ends_with(second) == 75);
  BOOST_TEST(get("/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(refuses_wrong_flags_with_64) {
  const test::temporary_directory scratch;
  test::daemon_process daemon{scratch.path() / "data", {"--no-such-flag"}};
  daemon.start();
  BOOST_TEST(ends_with(daemon) == 64);
}

BOOST_AUTO_TEST_CASE(refuses_a_wrong_configuration_with_78) {
  const test::temporary_directory scratch;
  const auto file = scratch.path() / "pawl.yaml";
  std::ofstream{file} << "no_such_option: 1\n";
  test::daemon_process daemon{scratch.path() / "data",
                              {"--config", file.string()}};
  daemon.start();
  BOOST_TEST(ends_with(daemon) == 78);
}

BOOST_AUTO_TEST_CASE(refuses_a_foreign_directory_with_78) {
  const test::temporary_directory scratch;
  const auto data = scratch.path() / "data";
  std::filesystem::create_directory(data);
  std::ofstream{data / "CURRENT"} << "not ours\n";
  test::daemon_process daemon{data};
  daemon.start();
  BOOST_TEST(ends_with(daemon) == 78);
}

BOOST_AUTO_TEST_CASE(refuses_to_listen_beyond_loopback_without_tokens) {
  const test::temporary_directory scratch;
  test::daemon_process daemon{
    scratch.path() / "data",
    {"--listen", "0.0.0.0:" + std::to_string(test::free_port())}};
  daemon.start();
  BOOST_TEST(ends_with(daemon) == 78);
}

BOOST_FIXTURE_TEST_CASE(a_timer_goes_off_after_a_kill, test::daemon_fixture) {
  define("wait", "do: [{w: {wait: {milliseconds: 300}}}, {s: {set: {a: 1}}}]");
  BOOST_REQUIRE_EQUAL(start("wait", "one").status, 201);
  daemon.kill();
  daemon.start();
  BOOST_REQUIRE(daemon.wait_ready());
  BOOST_TEST(becomes("one", "completed"));
}
