#pragma once

#include "actors/gateway.hpp"
#include "config/options.hpp"
#include "storage/store.hpp"

#include <functional>
#include <memory>

namespace pawl::actors {

struct context;

/// Everything between the edge and the store, assembled: actor system, HTTP
/// client, helpers, actors, gateway. Starting it starts what is unfinished.
///
/// Thread safety: for one owner; the gateway's functions are for any thread.
class runtime {
public:
  /// Prepares a context before the actors start; for tests and for chaos.
  using preparation = std::function<void(context&)>;

  /// Starts. Both must outlive it. On return the gateway can be used; what
  /// was running before goes on in the background.
  runtime(storage::store& store, const config::options& options,
          const preparation& prepare = {});
  /// As stop().
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// The control plane's door. Not to be called after stop().
  [[nodiscard]] const gateway& door() const;
  [[nodiscard]] context& ctx();

  /// Takes nothing new on, begins no effect, and tells the clients that wait
  /// for a change how things stand now.
  void begin_drain();

  /// As begin_drain(), and waits until the effects
  /// that are out are recorded and the journal is written, at most `patience`.
  /// Returns whether that was achieved; what was not is done again after the
  /// next start.
  bool drain(duration patience);

  /// Ends all actors. Then nothing uses the store any more.
  void stop();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
