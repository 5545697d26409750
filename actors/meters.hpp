#pragma once

#include "base/time.hpp"
#include "workflow/event.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace pawl::actors {

/// What the daemon counts of itself, in Prometheus' terms (docs/operating).
/// Counting costs nanoseconds.
///
/// Thread safety: every function may be called from any thread.
class meters {
public:
  meters();
  ~meters();
  meters(const meters&) = delete;
  meters& operator=(const meters&) = delete;

  /// The facts of one committed turn: instances by how they went.
  void facts(std::span<const event> committed);
  /// One commit of the journal.
  void commit(std::size_t turns, std::size_t bytes, double seconds);
  /// An HTTP call of a step has ended; `outcome` is "answered", "failed" or
  /// "stopped".
  enum class call : std::uint8_t { answered, failed, stopped };
  void http_call(call outcome);
  /// An actor was started anew: "instance", "worker", "service".
  enum class child : std::uint8_t { instance, worker, service };
  void restart(child which);
  void quarantined();
  void expression_sandboxed(bool failed);
  void rehydrated();
  void shed();
  /// Instances that retention has purged, and their bytes.
  void purged(std::uint64_t instances, std::uint64_t bytes);
  /// Retention has looked at so many instances, maybe at all.
  void swept(std::uint64_t examined, bool complete);
  /// A backup was taken, or could not be.
  void backup(bool good, double seconds);
  /// A request of the edge was answered with this HTTP status.
  void http_request(std::uint32_t status, double seconds);

  /// Adds a gauge that is read whenever text() is called. Not once text() may
  /// run.
  void gauge(const std::string& name, const std::string& help,
             std::function<double()> read);
  /// All of it as Prometheus text.
  [[nodiscard]] std::string text();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
