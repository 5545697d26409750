#pragma once

#include "actors/gateway.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "workflow/status.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace pawl::actors {

/// Whose lifecycle it is, and how the instance stands behind the commit.
struct lifecycle_origin {
  definition_id of;
  std::string instance;
  instance_status status = instance_status::pending; ///< As users see it.
  std::string state;                                 ///< The business state.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> index = {};
  std::optional<timestamp> started = {};
};

/// The newest lifecycle CloudEvents, in memory alone: they follow from the
/// histories, so no second copy is written. Kept only while somebody follows,
/// and for some minutes after, so that a client that reconnects misses nothing.
/// One that comes too late for that is told so.
///
/// The numbers begin at an epoch of each start and are given out once: a number
/// of before the start is none of those that are remembered.
///
/// Thread safety: every function may be called from any thread.
class lifecycle_feed {
public:
  lifecycle_feed();

  /// Whether anybody follows, or did a short while ago. If not, what happens
  /// now is left out: publish() is not to be called. Costs next to nothing.
  [[nodiscard]] bool wanted();
  /// Takes in the CloudEvents of one turn of an instance.
  void publish(lifecycle_origin of, const std::vector<datum>& events);

  /// The number of the newest one, for somebody who is about to follow from
  /// here.
  [[nodiscard]] sequence position();
  /// Those after `after` that `want` lets through, at most `limit`. If what
  /// came after `after` is not all remembered, or `after` is no number of ours,
  /// the page says so, and goes on with the oldest one that is.
  [[nodiscard]] history_page read(const lifecycle_filter& want, sequence after,
                                  std::uint32_t limit);
  /// Calls `changed` after each publish(), until the watch is destroyed; it
  /// must not block.
  [[nodiscard]] std::unique_ptr<watch> observe(std::function<void()> changed);

private:
  using steady = std::chrono::steady_clock;
  struct item {
    std::shared_ptr<const lifecycle_origin> from; ///< Shared by a turn's.
    history_page::item shown;
  };
  class guard;
  [[nodiscard]] static bool fits(const lifecycle_filter& want, const item& one);
  void forget(std::uint64_t watcher);
  void want_for_a_while();
  void settle();

  std::mutex lock_;
  std::deque<item> items_;
  std::size_t bytes_ = 0;
  std::uint64_t last_;
  std::uint64_t floor_; ///< The number before the oldest that is remembered.
  std::map<std::uint64_t, std::shared_ptr<std::function<void()>>> watchers_;
  std::uint64_t next_watcher_ = 0;
  std::atomic<std::size_t> followers_ = 0;
  std::atomic<steady::rep> wanted_until_ = 0;
  std::atomic<bool> left_out_ = false; ///< Something, since it was looked at.
};

} // namespace pawl::actors
