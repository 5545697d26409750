#include "workflow/progress.hpp"

#include "workflow/folder.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pawl {

namespace {

/// A task under way is never shown as done.
constexpr double part_max = 0.95;

const frame* active_top(const instance_state& s) {
  for (const auto& [id, f] : s.frames)
    if (id != 0 && f.parent == 0 && f.role != frame_role::redo)
      return &f;
  return nullptr;
}

// How much of the task of `f` is done: of a loop by its items, else by time.
double part_of(const frame& f, const task& node, timestamp now,
               std::optional<duration> usual) {
  if (f.role == frame_role::task
      && std::holds_alternative<tasks::for_each>(node.kind)) {
    const auto* items = f.arguments->if_array();
    const auto total
      = items == nullptr ? 0.0 : static_cast<double>(items->size());
    const auto lanes = lanes_of(f, node);
    const auto done = lanes.total > 0 ? static_cast<double>(f.gathered.size())
                      : f.iterations > 0 ? static_cast<double>(f.iterations) - 1
                                         : 0.0;
    return total > 0 ? std::min(done / total, part_max) : 0;
  }
  if (!usual || *usual <= duration{})
    return 0;
  const auto spent = static_cast<double>((now - f.started).count());
  return std::clamp(spent / static_cast<double>(usual->count()), 0.0, part_max);
}

} // namespace

progress_estimate progress_of(const instance_state& s, const definition& of,
                              timestamp now, const experience& usual) {
  if (s.status == instance_status::completed)
    return {.percent = 100, .ends = std::nullopt};
  const auto root = s.frames.find(0);
  if (root == s.frames.end() || of.body.empty())
    return {};
  const auto count = of.body.size();
  std::vector<std::optional<duration>> known(count);
  double sum = 0;
  std::size_t with = 0;
  for (std::size_t i = 0; i < count; ++i)
    if ((known[i] = usual(of.tasks[of.body[i]].pointer))) {
      sum += static_cast<double>(known[i]->count());
      ++with;
    }
  // Even what takes no time is a step.
  const auto mean
    = with > 0 ? std::max(sum / static_cast<double>(with), 1.0) : 1.0;
  const auto at = std::min<std::size_t>(root->second.cursor, count);
  double whole = 0, done = 0, left = 0;
  bool foreseen = true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto length
      = known[i] ? std::max(static_cast<double>(known[i]->count()), mean / 100)
                 : mean;
    whole += length;
    double part = i < at ? 1 : 0;
    if (i == at)
      if (const auto* f = active_top(s); f != nullptr && f->node)
        part = part_of(*f, of.tasks[*f->node], now, known[i]);
    done += part * length;
    if (i >= at) {
      left += (1 - part) * length;
      foreseen = foreseen && known[i];
    }
  }
  progress_estimate out{.percent = std::floor(1000 * done / whole) / 10,
                        .ends = std::nullopt};
  const bool moves_on = s.status == instance_status::running;
  if (moves_on && foreseen)
    out.ends = now + duration{static_cast<std::int64_t>(left)};
  return out;
}

} // namespace pawl
