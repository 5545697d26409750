#pragma once

#include "actors/holds/hold_book.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace pawl::actors {

/// What the keeper of holds needs of the world around it. All is called without
/// any lock.
struct hold_world {
  std::function<timestamp()> now;
  /// Calls back once, after about so long, on any thread.
  std::function<void(duration, std::function<void()>)> wake;
  /// Lets the instance look whether it may go on. The errand is freed when it
  /// has.
  std::function<void(const instance_key&, std::shared_ptr<void> errand)> nudge;
  /// Jobs that waited for a hold may be given away.
  std::function<void()> changed;
  /// The time of a hold is over: its row is to go.
  std::function<void(const placed_hold&)> forget;
  std::function<bool()> closing; ///< Nobody is to be woken any more.
  std::size_t at_once = 64;      ///< How many are woken at a time.
};

/// Keeps the holds: ends them when their time is over, and wakes who rested on
/// one that has gone, some at a time.
///
/// It wakes only those that the book names. Who rested when the daemon died is
/// found busy or due after the start, and so looks by itself.
///
/// Thread safety: every function may be called from any thread.
class hold_keeper {
public:
  explicit hold_keeper(hold_world world);
  hold_keeper(const hold_keeper&) = delete;
  hold_keeper& operator=(const hold_keeper&) = delete;

  /// Takes over what the store holds. Before all else; look() comes when there
  /// is somebody to be woken.
  void load(std::vector<placed_hold> all);
  /// A hold was stored.
  void add(placed_hold what);
  /// A hold was removed from the store.
  void release(const std::string& id);
  /// Ends the holds whose time is over, and will again when it is.
  void look();

  [[nodiscard]] hold_book& book() { return book_; }
  [[nodiscard]] const hold_book& book() const { return book_; }

private:
  struct wakening;
  void arm();

  const hold_world world_;
  hold_book book_;
  std::shared_ptr<wakening> wakening_;
  std::mutex lock_;
  std::optional<timestamp> armed_; ///< When it looks next.
};

} // namespace pawl::actors
