#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/options.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pawl::daemon {

/// The parts of the daemon, put together: store, actors, HTTP edge. They start
/// in this order and stop in reverse.
class wiring {
public:
  /// Starts everything; `chosen` must outlive it. `kill_every` is for tests:
  /// actors are killed at random that often; 0 for never.
  ///
  /// Fails as storage::store::open() and http::server::start() do; then nothing
  /// runs any more.
  static result<std::unique_ptr<wiring>> start(const config::options& chosen,
                                               duration kill_every);
  ~wiring();
  wiring(const wiring&) = delete;
  wiring& operator=(const wiring&) = delete;

  /// What the edge listens on, as bound.
  [[nodiscard]] const std::vector<std::string>& places() const;
  /// Whether the actors answer within `patience`. Blocks for as long.
  [[nodiscard]] bool healthy(duration patience) const;

  /// Brings in what may change while running (config::reload).
  void reload(const config::options& chosen);

  /// Takes nothing new on, lets what is out end and be recorded for at most
  /// `patience`, ends all parts and closes the store. Returns whether all that
  /// was out is recorded, or with what the store failed to close.
  result<bool> stop(duration patience);

private:
  struct state;
  explicit wiring(std::unique_ptr<state> made);
  std::unique_ptr<state> state_;
};

} // namespace pawl::daemon
