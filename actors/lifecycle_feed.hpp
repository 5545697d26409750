#pragma once

#include "actors/gateway.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace pawl::actors {

/// The newest lifecycle CloudEvents, in memory alone: they follow from the
/// histories, so no second copy is written. Kept only while somebody follows,
/// and for some minutes after, so that a client that reconnects misses nothing.
///
/// The numbers rise over restarts of the daemon; a number of before the start
/// stands before all that is remembered.
///
/// Thread safety: every function may be called from any thread.
class lifecycle_feed {
public:
  lifecycle_feed();

  /// Whether anybody follows, or did a short while ago: if not, publish() need
  /// not be called. Costs next to nothing.
  [[nodiscard]] bool wanted() const;
  /// Takes in the CloudEvents of one turn of an instance of `of`.
  void publish(const definition_id& of, const std::vector<datum>& events);

  /// The number of the newest one.
  [[nodiscard]] sequence position() const;
  /// Those after `after` that `want` lets through, at most `limit`.
  [[nodiscard]] history_page read(const lifecycle_filter& want, sequence after,
                                  std::uint32_t limit) const;
  /// Calls `changed` after each publish(), until the watch is destroyed; it
  /// must not block.
  [[nodiscard]] std::unique_ptr<watch> observe(std::function<void()> changed);

private:
  using steady = std::chrono::steady_clock;
  struct item {
    definition_id of;
    history_page::item shown;
  };
  class guard;
  void forget(std::uint64_t watcher);

  mutable std::mutex lock_;
  std::deque<item> items_;
  std::size_t bytes_ = 0;
  std::uint64_t last_;
  std::map<std::uint64_t, std::shared_ptr<std::function<void()>>> watchers_;
  std::uint64_t next_watcher_ = 0;
  std::atomic<std::size_t> followers_ = 0;
  std::atomic<steady::rep> wanted_until_ = 0;
};

} // namespace pawl::actors
