#pragma once

#include "actors/figures/census.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace pawl::actors {

struct context;

/// Looks once at what former lives have left, and counts all instances, on a
/// thread of its own, every metrics.census_every; more seldom where it would be
/// at work for more than a fiftieth of the time. It reads beside the writer and
/// past the cache.
///
/// Thread safety: all functions may be called from any thread.
class census_taker {
public:
  /// Starts at once if `by_itself`; tests call take(). `ctx` must outlive it.
  explicit census_taker(context& ctx, bool by_itself = true);
  /// As stop().
  ~census_taker();
  census_taker(const census_taker&) = delete;
  census_taker& operator=(const census_taker&) = delete;

  /// One census, also told to the figures; null if it was stopped or the store
  /// cannot be read.
  census_ptr take();
  /// Ends one that is under way, and waits for the thread.
  void stop();

private:
  void run();
  [[nodiscard]] bool is_stopping();

  context& ctx_;
  std::mutex lock_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace pawl::actors
