#pragma once

#include "actors/tracing/span_queue.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pawl::actors {

struct context;

/// Sends a body to where spans go, and tells later, on any thread, how that
/// went. May block for reading a secret.
using span_sender
  = std::function<void(std::string, std::function<void(export_outcome)>)>;

/// Sends spans away in batches, one at a time, on a thread of its own. Whoever
/// takes them may be slow or gone: nobody here waits for him, and what finds no
/// room meanwhile is dropped, and counted.
///
/// Thread safety: all functions may be called from any thread, but stop() by
/// one; none but stop() blocks.
class tracer : public std::enable_shared_from_this<tracer> {
public:
  struct terms {
    span_queue::bounds bounds = {};
    std::string host = {};
  };
  /// Without `send`: off.
  tracer(span_sender send, terms how);
  ~tracer(); ///< As stop() without patience.
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;

  /// Whether spans are wanted.
  [[nodiscard]] bool on() const { return on_; }
  void add(std::vector<trace_span> made);
  /// Sends what is here, without a second try, for so long at most; then ends.
  void stop(duration patience);
  /// Prometheus text.
  [[nodiscard]] std::string metrics() const;

private:
  using steady = span_queue::steady;

  void run();
  bool send_next(std::unique_lock<std::mutex>& hold, bool hurry);
  void note(const export_outcome& how);

  const bool on_;
  span_sender send_; ///< The thread's own; gone when that has ended.
  const std::string host_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  span_queue queue_;
  std::optional<export_outcome> answer_; ///< Of what is on its way.
  std::uint64_t ticket_ = 0;             ///< Of what is on its way.
  std::optional<steady::time_point> end_;
  std::optional<std::uint32_t> failing_; ///< With this status.
  std::thread thread_;
};

/// The tracer that the configuration asks for.
[[nodiscard]] std::shared_ptr<tracer> make_tracer(context& ctx);

} // namespace pawl::actors
