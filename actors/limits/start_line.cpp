#include "actors/limits/start_line.hpp"

#include <algorithm>

namespace pawl::actors {

/// Those of `ns` that still wait, or null.
start_line::line* start_line::line_of(const std::string& ns, timestamp now) {
  const auto found = lines_.find(ns);
  if (found == lines_.end())
    return nullptr;
  std::erase_if(found->second, [&](const auto& one) {
    // Also when the clock was set back.
    return now - one.second.asked > patience
           || one.second.asked - now > patience;
  });
  if (!found->second.empty())
    return &found->second;
  lines_.erase(found);
  return nullptr;
}

bool start_line::is_behind(const std::string& ns, const waiting_start& who,
                           timestamp now) {
  const auto* all = line_of(ns, now);
  return all != nullptr && all->begin()->first < std::pair{who.due, who.key};
}

bool start_line::empty(const std::string& ns, timestamp now) {
  return line_of(ns, now) == nullptr;
}

void start_line::wait(const std::string& ns, const waiting_start& who,
                      limit_ref of, timestamp now) {
  lines_[ns].insert_or_assign({who.due, who.key},
                              waiter{std::move(of), who.wake, now});
}

void start_line::leave(const std::string& ns, const waiting_start& who) {
  const auto found = lines_.find(ns);
  if (found == lines_.end())
    return;
  found->second.erase({who.due, who.key});
  if (found->second.empty())
    lines_.erase(found);
}

std::function<void()> start_line::first(const std::string& ns, timestamp now) {
  const auto* all = line_of(ns, now);
  return all == nullptr ? nullptr : all->begin()->second.wake;
}

std::vector<std::function<void()>> start_line::firsts(timestamp now) {
  std::vector<std::string> names;
  for (const auto& [ns, all] : lines_)
    names.push_back(ns);
  std::vector<std::function<void()>> out;
  for (const auto& ns : names)
    if (auto wake = first(ns, now))
      out.push_back(std::move(wake));
  return out;
}

std::size_t start_line::count(const limit_ref& of, timestamp now) {
  std::size_t out = 0;
  std::vector<std::string> names;
  for (const auto& [ns, all] : lines_)
    names.push_back(ns);
  for (const auto& ns : names)
    if (const auto* all = line_of(ns, now))
      out += static_cast<std::size_t>(std::ranges::count_if(
        *all, [&](const auto& one) { return one.second.of == of; }));
  return out;
}

} // namespace pawl::actors
