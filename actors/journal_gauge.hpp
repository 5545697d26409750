#pragma once

#include "actors/gateway.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace pawl::actors {

/// How full the journal's queue is and how long a turn stands in it: what
/// admission sheds by (DURABILITY.md 2.6).
///
/// Thread safety: every function may be called from any thread.
class journal_gauge {
public:
  using steady = std::chrono::steady_clock;

  /// A turn of `bytes` is on its way to the writer.
  void entered(std::size_t bytes) { queued_ += bytes; }
  /// Turns of `bytes` have been committed or refused.
  void left(std::size_t bytes) { queued_ -= bytes; }
  /// The oldest turn of a group has stood in the queue for `sojourn`; the group
  /// held `bytes` and took `spent` to write.
  void committed(steady::duration sojourn, steady::duration bound,
                 std::size_t bytes, steady::duration spent,
                 steady::time_point now);

  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_; }
  /// For how long, without a break, turns have stood in the queue longer than
  /// the bound; zero if they do not.
  [[nodiscard]] steady::duration overdue(steady::time_point now) const;
  /// How long the queue takes to drain at the present rate, at least 1 s.
  [[nodiscard]] duration drain_time() const;

private:
  std::atomic<std::uint64_t> queued_ = 0;
  std::atomic<steady::rep> over_since_ = 0; ///< 0: not over.
  std::atomic<double> bytes_per_second_ = 0;
};

/// What a request asks for, in the order in which overload sheds it.
enum class lane : std::uint8_t {
  start,   ///< A new instance.
  signal,  ///< Events in, definitions, retry, resume.
  control, ///< Pause and cancel: shed last of all, only when draining.
};

/// What admission looks at.
struct load {
  std::uint64_t queued_bytes = 0;
  journal_gauge::steady::duration overdue{};
  std::uint64_t free_bytes = 0;
  std::size_t hot = 0;
  bool draining = false;
};
struct load_limits {
  std::uint64_t queue_bytes_max = 0;
  duration shed_after{};
  std::uint64_t disk_low = 0;
  std::uint64_t disk_critical = 0;
  std::size_t hot_max = 0;
};

/// Says why a request of lane `l` must be refused now, if it must:
/// errc::shutting_down, errc::disk_low, errc::overloaded. Pure.
[[nodiscard]] std::optional<errc> shed(lane l, const load& now,
                                       const load_limits& limits);

} // namespace pawl::actors
