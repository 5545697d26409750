#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "workflow/event.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace pawl::actors {

/// Names a job for workers: the task, by the frame that is open for it.
struct job_id {
  instance_key key;
  frame_id frame = 0;
  auto operator<=>(const job_id&) const = default; // NOLINT
};

using label_map = std::map<std::string, std::string>;

/// Whose a job is: the namespace and the name of its workflow.
using job_owner = std::pair<std::string, std::string>;
/// For whom somebody may work; null: for all.
using may_serve
  = std::function<bool(const std::string& ns, const std::string& workflow)>;

/// The jobs of one queue that wait for a worker, in the order in which they are
/// given away: the greater priority first; among equal ones each key in turn;
/// of one key the oldest. A worker gets only jobs all of whose labels it has.
///
/// Pure. A job costs a few hundred bytes; giving one away costs a logarithm of
/// their number for each set of labels that is in use.
class ready_jobs {
public:
  struct job {
    job_id id;
    label_map labels = {};
    std::int64_t priority = 0;
    std::string key = {};
    timestamp since;
    job_owner owner = {};
  };

  /// Adds a job; nothing changes if it is there.
  void add(const job& what);
  /// Returns whether it was there.
  bool remove(const job_id& id);
  /// Takes out what a worker with the labels `has` is to be given next.
  std::optional<job_id> take(const label_map& has, const may_serve& may = {});

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] bool contains(const job_id& id) const {
    return places_.contains(id);
  }
  /// Since when the oldest one waits.
  [[nodiscard]] std::optional<timestamp> oldest() const;

private:
  using line = std::set<std::pair<timestamp, job_id>>; ///< Of one key.
  /// The jobs of one priority, by key, and the order of the keys: each with
  /// the turn in which it was served last.
  struct level {
    std::map<std::string, line> lines;
    std::set<std::pair<std::uint64_t, std::string>> ring;
  };
  using shelf = std::map<std::int64_t, level, std::greater<>>;
  using whose_turn = std::pair<std::int64_t, std::string>; ///< Priority, key.
  struct standing {
    std::uint64_t served = 0;
    std::size_t jobs = 0; ///< On all shelves.
  };
  using shelf_name = std::pair<job_owner, label_map>;
  struct place {
    shelf_name on;
    std::int64_t priority = 0;
    std::string key;
    timestamp since;
  };

  void take_out(const job_id& id, const place& from);
  void served(std::int64_t priority, const std::string& key);

  std::map<shelf_name, shelf> shelves_;  ///< By what jobs ask for, and whose.
  std::map<whose_turn, standing> turns_; ///< Of keys that have jobs.
  std::map<job_id, place> places_;
  std::multiset<timestamp> ages_;
  std::uint64_t turn_ = 0;
};

} // namespace pawl::actors
