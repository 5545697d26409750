#include "actors/steps/program_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pawl::actors {

program_queue::program_queue(const program_limits& limits)
    : awaited_{.waiting = {}, .running = 0, .slots = limits.concurrency_max},
      detached_{.waiting = {}, .running = 0, .slots = limits.detached_max} {}

void program_queue::add(queued_program one) {
  auto& where = lane_of(one).waiting;
  where.push_back(std::move(one));
}

std::optional<queued_program> program_queue::next() {
  for (auto* l : {&awaited_, &detached_}) {
    if (l->waiting.empty() || l->running >= l->slots)
      continue;
    auto one = std::move(l->waiting.front());
    l->waiting.pop_front();
    return one;
  }
  return std::nullopt;
}

void program_queue::begun(queued_program one) {
  ++lane_of(one).running;
  const auto id = one.id;
  running_.emplace(id, std::move(one));
}

std::optional<queued_program> program_queue::ended(ticket id) {
  auto node = running_.extract(id);
  if (node.empty())
    return std::nullopt;
  --lane_of(node.mapped()).running;
  return std::move(node.mapped());
}

std::optional<queued_program> program_queue::given_up(ticket id) {
  for (auto* l : {&awaited_, &detached_}) {
    const auto found
      = std::find_if(l->waiting.begin(), l->waiting.end(),
                     [&](const auto& one) { return one.id == id; });
    if (found == l->waiting.end())
      continue;
    auto one = std::move(*found);
    l->waiting.erase(found);
    return one;
  }
  return std::nullopt;
}

bool program_queue::any_waits() const {
  return !awaited_.waiting.empty() || !detached_.waiting.empty();
}

std::vector<program_queue::ticket>
program_queue::detached_of(const instance_key& instance) const {
  std::vector<ticket> all;
  for (const auto& one : detached_.waiting)
    if (one.detached_of == instance)
      all.push_back(one.id);
  for (const auto& [id, one] : running_)
    if (one.detached_of == instance)
      all.push_back(id);
  return all;
}

std::vector<queued_program> program_queue::take_waiting() {
  std::vector<queued_program> all;
  for (auto* l : {&awaited_, &detached_}) {
    std::move(l->waiting.begin(), l->waiting.end(), std::back_inserter(all));
    l->waiting.clear();
  }
  return all;
}

std::vector<queued_program> program_queue::take_running() {
  std::vector<queued_program> all;
  for (auto& [id, one] : running_)
    all.push_back(std::move(one));
  running_.clear();
  awaited_.running = 0;
  detached_.running = 0;
  return all;
}

} // namespace pawl::actors
