#include "actors/figures/census.hpp"

#include <algorithm>

namespace pawl::actors {

void census::waiting::add(std::uint64_t more, timestamp since) {
  count += more;
  oldest = oldest ? std::min(*oldest, since) : since;
}

void census::add(const storage::head& one, timestamp now) {
  const auto status = static_cast<std::size_t>(one.status);
  ++by_status.at(status);
  workflow* of = nullptr;
  const workflow_name name{one.workflow.ns, one.workflow.name};
  if (const auto known = workflows.find(name); known != workflows.end())
    of = &known->second;
  else if (workflows.size() < workflows_max)
    of = &workflows[name];
  if (of != nullptr)
    ++of->by_status.at(status);
  if (of != nullptr && one.sizes)
    of->bytes += one.sizes->all();
  const auto note = [&](std::string_view kind, const std::string& task,
                        std::uint64_t count, timestamp since) {
    waits[kind].add(count, since);
    if (of != nullptr)
      of->waits[{task, kind}].add(count, since);
  };
  for (const auto& w : one.waits)
    note(storage::wait_kind_names.at(static_cast<std::size_t>(w.kind) - 1),
         w.task, w.count, w.since);
  // A list shows what only a hold keeps as waiting.
  if (one.status == instance_status::waiting && one.waits.empty())
    note("hold", "", 1, one.updated);
  approvals_open += one.approvals.size();
  approvals_overdue += static_cast<std::uint64_t>(std::ranges::count_if(
    one.approvals, [&](const auto& a) { return a.due && *a.due <= now; }));
}

std::uint64_t census::live() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < by_status.size(); ++i)
    if (!ended(static_cast<instance_status>(i)))
      sum += by_status.at(i);
  return sum;
}

} // namespace pawl::actors
