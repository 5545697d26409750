#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace pawl::actors {

/// Deadlines of clients that wait, on one thread of its own: CAF's timers
/// cannot be cancelled, and these nearly always are. By the steady clock.
///
/// Thread safety: every function may be called from any thread.
class alarms {
public:
  using steady = std::chrono::steady_clock;
  /// Names an alarm.
  using key = std::pair<steady::time_point, std::uint64_t>;

  alarms();
  /// Forgets all alarms.
  ~alarms();
  alarms(const alarms&) = delete;
  alarms& operator=(const alarms&) = delete;

  /// Calls `then` after `delay`, on the thread of the alarms; must not block.
  key set(steady::duration delay, std::function<void()> then);
  /// Sets all alarms off now, on the caller's thread.
  void ring_all();
  /// Forgets an alarm that has not gone off.
  void cancel(const key& which);

private:
  void run();

  std::mutex lock_;
  std::condition_variable changed_;
  std::map<key, std::function<void()>> pending_;
  std::uint64_t next_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace pawl::actors
