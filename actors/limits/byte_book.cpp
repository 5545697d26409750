#include "actors/limits/byte_book.hpp"

namespace pawl::actors {

void byte_book::set(const limit& what) {
  bool was_near = false;
  if (const auto space = spaces_.find(what.of); space != spaces_.end())
    if (const auto known = space->second.find(what.id);
        known != space->second.end())
      was_near = known->second.near && known->second.warn_at == what.warn_at
                 && what.bytes == known->second.max;
  remove(what.id);
  if (what.on == limit_scope::name_space && what.bytes)
    spaces_[what.of][what.id] = {*what.bytes, what.warn_at, was_near};
}

void byte_book::remove(const limit_ref& which) {
  for (auto at = spaces_.begin(); at != spaces_.end();) {
    at->second.erase(which);
    at = at->second.empty() ? spaces_.erase(at) : std::next(at);
  }
}

std::vector<byte_book::near> byte_book::saw(const std::string& ns,
                                            std::uint64_t used) {
  std::vector<near> out;
  const auto space = spaces_.find(ns);
  if (space == spaces_.end())
    return out;
  for (auto& [of, rules] : space->second) {
    const bool is = static_cast<double>(used)
                    >= rules.warn_at * static_cast<double>(rules.max);
    if (is && !rules.near)
      out.push_back({of, rules.max});
    rules.near = is;
  }
  return out;
}

} // namespace pawl::actors
