#include "actors/limits/live_book.hpp"

namespace pawl::actors {

bool live_book::watch(const std::string& ns) {
  return spaces_.try_emplace(ns).second;
}

void live_book::counted(const std::string& ns,
                        const std::vector<instance_key>& living) {
  const auto found = spaces_.find(ns);
  if (found == spaces_.end())
    return;
  auto& s = found->second;
  for (const auto& key : living)
    if (!s.ended.contains(key))
      s.living.insert(key);
  s.ended.clear();
  s.searched = true;
}

void live_book::saw(const std::string& ns, const instance_key& key,
                    bool lives) {
  const auto found = spaces_.find(ns);
  if (found == spaces_.end())
    return;
  auto& s = found->second;
  if (lives) {
    s.living.insert(key);
    s.ended.erase(key);
    return;
  }
  s.living.erase(key);
  if (!s.searched)
    s.ended.insert(key);
}

bool live_book::has(const std::string& ns, const instance_key& key) const {
  const auto found = spaces_.find(ns);
  return found != spaces_.end() && found->second.living.contains(key);
}

std::optional<bool> live_book::reserve(const std::string& ns,
                                       const instance_key& key,
                                       std::uint64_t max) {
  const auto found = spaces_.find(ns);
  if (found == spaces_.end())
    return false;
  auto& s = found->second;
  if (s.living.contains(key))
    return false;
  if (s.searched && s.living.size() >= max)
    return std::nullopt;
  s.living.insert(key);
  return true;
}

std::optional<std::size_t> live_book::count(const std::string& ns) const {
  const auto found = spaces_.find(ns);
  if (found == spaces_.end() || !found->second.searched)
    return std::nullopt;
  return found->second.living.size();
}

} // namespace pawl::actors
