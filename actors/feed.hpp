#pragma once

#include "actors/gateway.hpp"
#include "base/ids.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace pawl::actors {

/// Tells whoever watches an instance that it has changed. It says only that:
/// what changed stands in the store, so a slow watcher misses nothing and no
/// queue can grow.
///
/// Thread safety: every function may be called from any thread.
class feed {
public:
  /// Called after a commit, on the committer's thread; must not block.
  using callback = std::function<void(sequence last, instance_status status)>;

  /// Calls `changed` after each commit of `key` from now on, until the watch is
  /// destroyed. The feed must outlive the watch.
  [[nodiscard]] std::unique_ptr<watch> observe(const instance_key& key,
                                               callback changed);

  /// Says that `key` has changed. Costs next to nothing if nobody watches.
  void changed(const instance_key& key, sequence last, instance_status status);

  [[nodiscard]] std::size_t watchers() const { return count_; }

private:
  struct entry;
  class guard;
  struct shard {
    std::mutex lock;
    std::unordered_map<instance_key, std::vector<std::shared_ptr<entry>>>
      by_key;
  };
  shard& shard_of(const instance_key& key) {
    return shards_[key.bytes[15] % shards_.size()];
  }
  void forget(const instance_key& key, const std::shared_ptr<entry>& which);

  std::atomic<std::size_t> count_ = 0;
  std::array<shard, 16> shards_;
};

} // namespace pawl::actors
