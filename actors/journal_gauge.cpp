#include "actors/journal_gauge.hpp"

#include <algorithm>

namespace pawl::actors {

void journal_gauge::committed(steady::duration sojourn, steady::duration bound,
                              std::size_t bytes, steady::duration spent,
                              steady::time_point now) {
  if (sojourn <= bound || queued_ == 0)
    over_since_ = 0;
  else if (over_since_ == 0)
    over_since_ = now.time_since_epoch().count();
  const auto seconds = std::chrono::duration<double>(spent).count();
  if (seconds <= 0)
    return;
  const auto rate = static_cast<double>(bytes) / seconds;
  const double before = bytes_per_second_;
  bytes_per_second_ = before == 0 ? rate : before * 0.9 + rate * 0.1;
}

journal_gauge::steady::duration
journal_gauge::overdue(steady::time_point now) const {
  const auto since = over_since_.load();
  if (since == 0)
    return steady::duration::zero();
  return now.time_since_epoch() - steady::duration{since};
}

duration journal_gauge::drain_time() const {
  const double rate = bytes_per_second_;
  if (rate <= 0)
    return duration{1000};
  const auto ms = static_cast<double>(queued_.load()) / rate * 1000;
  return duration{static_cast<std::int64_t>(std::clamp(ms, 1000.0, 60'000.0))};
}

std::optional<errc> shed(lane l, const load& now, const load_limits& limits) {
  if (now.draining)
    return errc::shutting_down;
  if (l == lane::control)
    return std::nullopt;
  if (now.queued_bytes > limits.queue_bytes_max)
    return errc::overloaded;
  const auto disk = l == lane::start ? limits.disk_low : limits.disk_critical;
  if (now.free_bytes < disk)
    return errc::disk_low;
  if (l == lane::start && now.hot >= limits.hot_max)
    return errc::overloaded;
  // Starts go first; what lets running work end is let in for longer.
  const auto patience = limits.shed_after * (l == lane::start ? 1 : 4);
  if (now.overdue >= patience && now.overdue.count() != 0)
    return errc::overloaded;
  return std::nullopt;
}

} // namespace pawl::actors
