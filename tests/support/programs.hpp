#pragma once

#include "actors/steps/program_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

/// Running programs by a real pawl-runner.
namespace pawl::test {

namespace fs = std::filesystem;

/// The two ways in which programs are kept apart; a system that gives no
/// namespaces runs the first as it does the second.
enum class keeping { best, without_namespaces };
inline constexpr keeping both_ways[]
  = {keeping::best, keeping::without_namespaces};

inline actors::program_client_options client_options(keeping how
                                                     = keeping::best) {
  actors::program_client_options o;
  o.isolation = "none"; // Also where this user has nothing better.
  o.limits.grace = duration{200};
  o.limits.memory_max = 256ULL << 20;
  if (how == keeping::without_namespaces)
    o.runner.program
      = fs::read_symlink("/proc/self/exe").parent_path() / "without_namespaces";
  return o;
}

inline actors::program_order shell(std::string command,
                                   json::object more = {}) {
  more["command"] = std::move(command);
  actors::program_order o;
  o.arguments = std::move(more);
  o.effect_key = "some/key";
  return o;
}

inline actors::program_order script(std::string language, std::string code,
                                    json::object more = {}) {
  actors::program_order o;
  o.what = actors::program_kind::script;
  o.language = std::move(language);
  more["code"] = std::move(code);
  o.arguments = std::move(more);
  return o;
}

/// A program that runs.
class running_program {
public:
  running_program(actors::program_client& client,
                  const actors::program_order& what)
      : ticket_{client.start(what, [promise = promise_](auto how) {
          promise->set_value(std::move(how));
        })} {}

  [[nodiscard]] actors::program_client::ticket ticket() const {
    return ticket_;
  }
  [[nodiscard]] actors::program_result wait() {
    auto future = promise_->get_future();
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds{30})
                  == std::future_status::ready);
    return future.get();
  }

private:
  std::shared_ptr<std::promise<actors::program_result>> promise_
    = std::make_shared<std::promise<actors::program_result>>();
  actors::program_client::ticket ticket_;
};

inline actors::program_result run(actors::program_client& client,
                                  const actors::program_order& what) {
  return running_program{client, what}.wait();
}

/// The outcome of a program that must have ended by itself.
inline program_outcome outcome(const actors::program_result& how) {
  if (const auto* why = std::get_if<actors::program_failure>(&how))
    BOOST_FAIL(why->detail);
  return std::get<program_outcome>(how);
}
inline program_outcome outcome(const actors::program_order& what) {
  actors::program_client client{client_options()};
  return outcome(run(client, what));
}

/// The failure of one that must not.
inline actors::program_failure failure(const actors::program_result& how) {
  BOOST_REQUIRE(std::holds_alternative<actors::program_failure>(how));
  return std::get<actors::program_failure>(how);
}

/// Processes of this machine that have `marker` on their command line.
inline std::vector<pid_t> processes_with(const std::string& marker) {
  std::vector<pid_t> all;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{"/proc", ignored}) {
    const auto name = each.path().filename().string();
    if (name[0] < '0' || name[0] > '9')
      continue;
    std::ifstream in{each.path() / "cmdline", std::ios::binary};
    std::ostringstream line;
    line << in.rdbuf(); // Fails, and does not throw, if it ends just now.
    if (line.str().find(marker) != std::string::npos)
      all.push_back(std::stoi(name));
  }
  return all;
}

/// A word that only the processes of one case have on their command line.
inline std::string marker(const std::string& of) {
  return "pawl-test-" + std::to_string(::getpid()) + "-" + of;
}

/// Sleeps in a session of its own, below a shell that has ended, deaf to TERM.
inline std::string escape(const std::string& mark) {
  return "(setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' " + mark
         + " >/dev/null 2>&1 &) ; ";
}

/// Looks until `holds`, for as long as a loaded machine may take.
template <class Condition>
bool eventually(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// The children of this process.
inline std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& task : fs::directory_iterator{"/proc/self/task"}) {
    std::ifstream in{task.path() / "children"};
    for (pid_t child = 0; in >> child;)
      all.push_back(child);
  }
  return all;
}

} // namespace pawl::test
