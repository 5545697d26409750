#include "base/log.hpp"
#include "config/load.hpp"
#include "config/reload.hpp"
#include "daemon/backup.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/flags.hpp"
#include "daemon/manual.hpp"
#include "daemon/notify.hpp"
#include "daemon/token.hpp"
#include "daemon/verify.hpp"
#include "daemon/wiring.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace pawl::daemon {

namespace {

void complain(const error& why) {
  std::fprintf(stderr, "pawld: %s\n", why.detail.c_str());
  for (const auto& f : why.faults) {
    if (f.line != 0)
      std::fprintf(stderr, "  %u:%u: ", f.line, f.column);
    else
      std::fputs("  ", stderr);
    std::fprintf(stderr, "%s%s%s\n", f.pointer.c_str(),
                 f.pointer.empty() ? "" : ": ", f.detail.c_str());
  }
}

result<config::loaded> load(const flags& given) {
  return config::load({.file = given.config_file,
                       .environment = config::process_environment(),
                       .flags = given.overrides});
}

/// SIGHUP: what may change while running does, the rest waits for a restart.
void reload(const flags& given, config::options& running, wiring& parts,
            const notifier& manager) {
  manager.reloading();
  const auto again = load(given);
  if (again) {
    auto made = config::reload(running, again->chosen);
    running = std::move(made.chosen);
    log::set_level(running.log_level);
    parts.reload(running);
    log::info(
      "daemon.reloaded",
      {{"changed", fmt::format("{}", fmt::join(made.changed, " "))},
       {"need_a_restart", fmt::format("{}", fmt::join(made.waiting, " "))}});
  } else {
    log::error("daemon.reload_refused", {{"detail", again.error().detail}});
  }
  manager.ready("serving");
}

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, s);
  return set;
}

int wait_for_signal() {
  const auto set = signals();
  int which = 0;
  while (sigwait(&set, &which) != 0)
    ;
  return which;
}

/// For as long as the daemon drains: whoever asks twice does not want to wait.
void end_at_second_signal() {
  std::thread{[] {
    int which = SIGHUP;
    while (which == SIGHUP)
      which = wait_for_signal();
    _exit(128 + which);
  }}.detach();
}

duration chaos_for_tests() {
  const char* text = std::getenv("PAWL_TEST_KILL_EVERY_MS"); // NOLINT
  return duration{text == nullptr ? 0 : std::atoi(text)};    // NOLINT
}

int serve(const flags& given, const config::loaded& configured) {
  const auto& chosen = configured.chosen;
  const auto manager = notifier::from_environment();
  const auto started = wiring::start(chosen, chaos_for_tests());
  if (!started) {
    log::error("daemon.not_started", {{"code", slug(started.error().code)},
                                      {"detail", started.error().detail}});
    return exit_code_of(started.error());
  }
  auto& parts = **started;
  for (const auto& place : parts.places())
    log::info("daemon.listening", {{"place", place}});
  manager.ready("serving");
  auto running = chosen;
  int which = SIGHUP;
  {
    const watchdog dog{
      manager, [&] { return parts.healthy(manager.watchdog_interval()); }};
    while ((which = wait_for_signal()) == SIGHUP)
      reload(given, running, parts, manager);
    log::info("daemon.stopping", {{"signal", which}});
    manager.stopping();
    end_at_second_signal();
  }
  const auto stopped = parts.stop(chosen.drain_timeout);
  if (!stopped) {
    log::error("daemon.not_closed", {{"detail", stopped.error().detail}});
    return exit_code_of(stopped.error());
  }
  log::info("daemon.stopped", {{"drained", *stopped}});
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "verify")
    return verify({arguments.begin() + 1, arguments.end()});
  if (!arguments.empty() && arguments[0] == "backup")
    return backup({arguments.begin() + 1, arguments.end()});
  if (!arguments.empty() && arguments[0] == "token")
    return token({arguments.begin() + 1, arguments.end()});
  if (arguments == std::vector<std::string>{"man"}) {
    std::fputs(manual().c_str(), stdout);
    return 0;
  }
  const auto parsed = parse_flags(arguments);
  if (const auto* early = std::get_if<early_exit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  const auto& given = std::get<flags>(parsed);
  const auto configured = load(given);
  if (!configured) {
    complain(configured.error());
    return exit_config;
  }
  if (given.print_config) {
    std::fputs(config::to_yaml(configured->chosen).c_str(), stdout);
    return 0;
  }
  for (const auto& w : configured->warnings)
    log::warn("config.warning", {{"detail", w}});
  if (given.check_config)
    return 0;
  log::set_level(configured->chosen.log_level);
  // No core dump may hold what flows through workflows.
  prctl(PR_SET_DUMPABLE, 0);
  // Before any thread starts, so that all of them leave signals to main.
  const auto set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow any more (LimitFSIZE=) is a write that fails.
  std::signal(SIGXFSZ, SIG_IGN);
  return serve(given, *configured);
}

} // namespace

} // namespace pawl::daemon

int main(int count, char** words) {
  try {
    return pawl::daemon::run({words + 1, words + count});
  } catch (const std::exception& e) {
    pawl::log::error("daemon.crashed", {{"detail", e.what()}});
    return pawl::daemon::exit_software;
  }
}
