#include "actors/queues/ready_jobs.hpp"

#include <algorithm>
#include <tuple>

namespace pawl::actors {

namespace {

bool has_all(const label_map& has, const label_map& wanted) {
  return std::includes(has.begin(), has.end(), wanted.begin(), wanted.end());
}

} // namespace

void ready_jobs::add(const job& what) {
  if (!places_
         .try_emplace(what.id, place{{what.owner, what.labels},
                                     what.priority,
                                     what.key,
                                     what.since})
         .second)
    return;
  ages_.insert(what.since);
  auto& whose = turns_[{what.priority, what.key}];
  // Who comes anew stands behind those who wait.
  if (whose.jobs++ == 0)
    whose.served = ++turn_;
  auto& at = shelves_[{what.owner, what.labels}][what.priority];
  at.lines[what.key].emplace(what.since, what.id);
  at.ring.emplace(whose.served, what.key);
}

bool ready_jobs::remove(const job_id& id) {
  const auto found = places_.find(id);
  if (found == places_.end())
    return false;
  take_out(id, found->second);
  places_.erase(found);
  return true;
}

void ready_jobs::take_out(const job_id& id, const place& from) {
  ages_.erase(ages_.find(from.since));
  const auto on = shelves_.find(from.on);
  auto& levels = on->second;
  const auto at = levels.find(from.priority);
  auto& lines = at->second.lines;
  const auto in = lines.find(from.key);
  const auto whose = turns_.find({from.priority, from.key});
  in->second.erase({from.since, id});
  if (in->second.empty()) {
    at->second.ring.erase({whose->second.served, from.key});
    lines.erase(in);
  }
  if (lines.empty())
    levels.erase(at);
  if (levels.empty())
    shelves_.erase(on);
  if (--whose->second.jobs == 0)
    turns_.erase(whose);
}

std::optional<job_id> ready_jobs::take(const label_map& has,
                                       const may_serve& may) {
  struct candidate {
    std::int64_t priority;
    std::uint64_t served;
    std::pair<timestamp, job_id> first;
    [[nodiscard]] auto rank() const {
      return std::tuple{-priority, served, first};
    }
  };
  std::optional<candidate> best;
  for (const auto& [name, levels] : shelves_) {
    const auto& [owner, wanted] = name;
    if (!has_all(has, wanted) || (may && !may(owner.first, owner.second)))
      continue;
    const auto& [priority, at] = *levels.begin();
    const auto& [last, key] = *at.ring.begin();
    const candidate one{priority, last, *at.lines.at(key).begin()};
    if (!best || one.rank() < best->rank())
      best = one;
  }
  if (!best)
    return std::nullopt;
  const auto id = best->first.second;
  const auto key = places_.at(id).key;
  remove(id);
  served(best->priority, key);
  return id;
}

/// Moves the key behind the others, on every shelf.
void ready_jobs::served(std::int64_t priority, const std::string& key) {
  const auto whose = turns_.find({priority, key});
  if (whose == turns_.end())
    return;
  const auto before = std::exchange(whose->second.served, ++turn_);
  for (auto& [name, levels] : shelves_) {
    const auto at = levels.find(priority);
    if (at != levels.end() && at->second.ring.erase({before, key}) != 0)
      at->second.ring.emplace(turn_, key);
  }
}

std::optional<timestamp> ready_jobs::oldest() const {
  if (ages_.empty())
    return std::nullopt;
  return *ages_.begin();
}

} // namespace pawl::actors
