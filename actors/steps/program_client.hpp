#pragma once

#include "actors/steps/program_order.hpp"
#include "actors/steps/runner_link.hpp"
#include "workflow/effect.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace pawl::actors {

using program_result = std::variant<program_outcome, program_failure>;

struct program_client_options {
  runner_place runner;
  /// The least that must keep programs from the daemon: "namespaces", "user"
  /// (those, or another user) or "none". With less, none runs.
  std::string isolation = "user";
  program_limits limits;
};

/// Has pawl-runner run programs, all from one thread of its own. The runner is
/// started, or connected to, with the first program and after it has died.
///
/// Thread safety: every function may be called from any thread.
class program_client {
public:
  /// Names a program; never used twice.
  using ticket = std::uint64_t;
  /// How a program went. Called once, on the client's thread or within start(),
  /// and must not block.
  using done = std::function<void(program_result)>;

  explicit program_client(program_client_options options);
  /// Kills all programs; their `done` is not called. Containers that were to be
  /// removed later stay.
  ~program_client();
  program_client(const program_client&) = delete;
  program_client& operator=(const program_client&) = delete;

  /// Begins a program, or has it wait for its turn. What can fail: the kinds
  /// configuration (no runner, no such program here, programs are off),
  /// validation (values no program can take), timeout, and runtime (stopped, a
  /// limit, a runner that died). One that nobody awaits fails within start(),
  /// with runtime, if too many of them wait already.
  ticket start(const program_order& what, done then);
  /// Ends a program, if it still runs, with all it has started: SIGTERM, and
  /// SIGKILL after the grace. Then `done` is called, with a failure that is
  /// `stopped` or with what came first.
  void stop(ticket which);
  /// As stop(), for all that `instance` began before this call and nobody
  /// awaits. What is started for it later runs.
  void stop_detached(const instance_key& instance);
  /// Programs begun, or waiting, whose `done` has not been called.
  [[nodiscard]] std::size_t active() const;
  /// Those among them that nobody awaits.
  [[nodiscard]] std::size_t detached() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
