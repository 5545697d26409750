#include "actors/figures/waits.hpp"

#include "workflow/approval.hpp"

#include <algorithm>
#include <optional>

namespace pawl::actors {

namespace {

using storage::standing_wait;
using storage::wait_kind;

std::optional<wait_kind> wait_of(const frame& f, const task& node) {
  switch (f.at) {
  case phase::backoff:
    return wait_kind::retry;
  case phase::handed:
    return std::holds_alternative<tasks::run_workflow>(node.kind)
             ? wait_kind::child
             : wait_kind::worker;
  case phase::waiting:
    if (is_open_approval(f))
      return wait_kind::approval;
    return std::holds_alternative<tasks::wait>(node.kind) ? wait_kind::timer
                                                          : wait_kind::event;
  default:
    return std::nullopt;
  }
}

void count_in(std::vector<standing_wait>& all, wait_kind kind,
              const std::string& task, timestamp since) {
  const auto same = [&](const std::string& name) {
    return std::ranges::find_if(all, [&](const standing_wait& one) {
      return one.kind == kind && one.task == name;
    });
  };
  auto found = same(task);
  const bool full = found == all.end() && all.size() >= waits_max;
  if (full)
    found = same("");
  if (found == all.end()) {
    all.push_back({kind, full ? "" : task, 1, since});
    return;
  }
  ++found->count;
  found->since = std::min(found->since, since);
}

} // namespace

std::vector<standing_wait> waits_of(const machine& now) {
  std::vector<standing_wait> all;
  const auto& s = now.state();
  if (s.status != instance_status::running)
    return all;
  for (const auto& [id, f] : s.frames) {
    if (!f.node)
      continue;
    const auto& node = now.flow().tasks[*f.node];
    if (const auto kind = wait_of(f, node))
      count_in(all, *kind, node.pointer, f.started);
  }
  return all;
}

} // namespace pawl::actors
