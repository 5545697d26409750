#pragma once

#include "actors/meters.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/options.hpp"
#include "storage/backups.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace pawl::storage {
class store;
} // namespace pawl::storage

namespace pawl::actors {

/// When the last backup was taken, and when one was last tried.
struct backup_times {
  std::optional<timestamp> good = {};
  std::optional<timestamp> tried = {};
};

/// Whether a backup is due that is to be taken every `every`, zero for never.
/// One that failed is tried again after a minute, or `every` if that is less. A
/// clock that was set back makes one due at once. Pure.
[[nodiscard]] bool backup_due(const backup_times& last, duration every,
                              timestamp now);

/// Takes backups, on a thread of its own: on a timer, and when somebody asks.
/// What is asked for while one is being taken gets the next one, since it must
/// hold all that was acknowledged before; all who wait for it share it.
///
/// Thread safety: all functions may be called from any thread.
class backup_keeper {
public:
  using done = std::function<void(result<storage::backup_info>)>;

  /// All must outlive it. No thread starts if no directory is configured.
  backup_keeper(const storage::store& of,
                const config::options::backup_options& how, meters& measured);
  /// As stop().
  ~backup_keeper();
  backup_keeper(const backup_keeper&) = delete;
  backup_keeper& operator=(const backup_keeper&) = delete;

  /// Takes one and calls `tell` on the keeper's thread. Fails as
  /// storage::backups::create() does; errc::shutting_down.
  void take(done tell);
  /// All that there are, newest first. Fails with errc::io, errc::corrupt.
  [[nodiscard]] result<std::vector<storage::backup_info>> list() const;
  /// Whether one is being taken.
  [[nodiscard]] bool busy() const;
  /// What the last try failed with, if it did.
  [[nodiscard]] std::optional<error> trouble() const;
  /// Gives up what is being taken, and waits for the thread.
  void stop();

private:
  void run();
  void take_one(const std::vector<done>& waiting);
  result<storage::backup_info> make();
  void learn_last();

  const storage::store& store_;
  const config::options::backup_options& how_;
  meters& measured_;
  mutable std::mutex lock_; ///< For all below.
  std::condition_variable wished_;
  std::vector<done> waiting_;
  storage::backups* under_way_ = nullptr;
  bool busy_ = false;
  bool stopping_ = false;
  std::optional<error> trouble_;
  backup_times last_;
  std::thread thread_;
};

} // namespace pawl::actors
