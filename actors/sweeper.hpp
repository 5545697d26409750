#pragma once

#include "actors/retention.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace pawl::actors {

struct context;

/// What one pass over all instances has done.
struct sweep_report {
  std::uint64_t examined = 0;
  std::uint64_t purged = 0;
  std::uint64_t bytes = 0; ///< Before compression; very long ones count less.
  bool complete = true;    ///< False: it was stopped, or the writer has died.
};

/// Purges what has ended longer ago than it is to be kept, on a thread of its
/// own, every retention.purge_every. It reads beside the writer and hands it a
/// few instances at a time, waiting for each such write, so that what is
/// committed meanwhile never waits longer than for one of them.
///
/// Thread safety: all functions may be called from any thread, but sweep() by
/// one at a time.
class sweeper {
public:
  /// Starts at once if `by_itself`; tests call sweep(). `ctx` must outlive it.
  explicit sweeper(context& ctx, bool by_itself = true);
  /// As stop().
  ~sweeper();
  sweeper(const sweeper&) = delete;
  sweeper& operator=(const sweeper&) = delete;

  /// One pass, by the clock's time now, also over the audit log if that is not
  /// kept for ever. When enough has gone, the space is given back to the file
  /// system as well.
  sweep_report sweep();
  /// Ends a pass between two writes, and waits for the thread.
  void stop();

private:
  void run();
  bool look_at_some(sweep_report& so_far, std::optional<instance_key>& after);
  bool purge(const std::vector<storage::ended_instance>& some,
             sweep_report& so_far);
  std::optional<storage::ended_instance> put_down(const instance_key& key,
                                                  const storage::head& of);
  void prune_audit();
  void reclaim();

  context& ctx_;
  const retention_rules rules_;
  std::uint64_t unreclaimed_ = 0; ///< Bytes purged since the space was freed.
  std::atomic<bool> stopping_ = false;
  std::mutex lock_;
  std::condition_variable wake_;
  std::thread thread_;
};

} // namespace pawl::actors
