#pragma once

#include "actors/holds/hold.hpp"
#include "workflow/definition.hpp"
#include "workflow/event.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace pawl::actors {

/// What holds say of a turn of one instance: by their ids.
struct turn_holds {
  std::vector<std::string> whole; ///< Nothing moves by itself.
  /// By pointer: tasks that must not begin.
  std::map<std::string, std::vector<std::string>, std::less<>> tasks;
};

/// The holds in force, and who rests because of which: whoever rests must be
/// woken when the hold goes, and nobody else need be.
///
/// An instance writes itself in, and is told if the hold has gone meanwhile:
/// so none can rest on a hold that nobody will ever release.
///
/// Thread safety: every function may be called from any thread; none blocks or
/// calls out.
class hold_book {
public:
  /// Whether there is none: the only question on most days.
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }

  void add(placed_hold what);
  /// Takes a hold out and returns who has rested on it; nothing if it is not
  /// there.
  std::optional<std::vector<instance_key>> remove(const std::string& id);
  /// All, the oldest first.
  [[nodiscard]] std::vector<placed_hold> list() const;
  [[nodiscard]] std::optional<placed_hold> find(const std::string& id) const;
  /// The earliest `until`; those that have one at or before `now`.
  [[nodiscard]] std::optional<timestamp> next_end() const;
  [[nodiscard]] std::vector<placed_hold> ended(timestamp now) const;

  /// What concerns a turn of an instance of `of`.
  [[nodiscard]] turn_holds of_turn(const definition& of) const;
  /// The holds that keep all of an instance.
  [[nodiscard]] std::vector<placed_hold>
  on_instance(const hold_place& at) const;
  /// The holds that keep the task at `pointer` from beginning.
  [[nodiscard]] std::vector<placed_hold>
  on_task(const hold_place& at, std::string_view pointer) const;
  /// The ids of all holds, of the instance or of the task, that keep the effect
  /// of the task from being begun.
  [[nodiscard]] std::vector<std::string>
  on_effect(const hold_place& at, std::string_view pointer) const;
  /// Likewise its call of `uri`, as far as the host says.
  [[nodiscard]] std::vector<std::string> on_call(const hold_place& at,
                                                 std::string_view pointer,
                                                 std::string_view uri) const;
  /// The holds that keep a job of the task from being given to a worker.
  [[nodiscard]] std::vector<placed_hold> on_job(const hold_place& at,
                                                std::string_view pointer,
                                                std::string_view queue) const;

  /// The instance rests on the holds `ids`: as a whole (frame 0) or with the
  /// effect of a frame. False if one of them has gone: it must look again.
  bool rest(const instance_key& who, frame_id frame,
            std::span<const std::string> ids);
  /// The instance rests on none for now.
  void leave(const instance_key& who);
  /// On what the effects of the instance rest, by frame.
  [[nodiscard]] std::map<frame_id, std::vector<placed_hold>>
  resting(const instance_key& who) const;
  /// How many instances rest on the hold; on any of them.
  [[nodiscard]] std::size_t kept_by(const std::string& id) const;
  [[nodiscard]] std::size_t kept() const;

private:
  struct entry {
    placed_hold what;
    std::map<instance_key, std::set<frame_id>> resting;
  };
  template <class Wanted>
  [[nodiscard]] std::vector<placed_hold> those(Wanted&& wanted) const;

  std::atomic<std::size_t> count_ = 0;
  mutable std::mutex lock_;
  std::map<std::string, entry> holds_; ///< By id, so by time.
};

} // namespace pawl::actors
