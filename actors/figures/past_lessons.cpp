#include "actors/figures/past_lessons.hpp"

#include <unordered_map>

namespace pawl::actors {

namespace {

constexpr std::uint32_t heads_at_once = 500;
constexpr std::size_t heads_max = 20'000;
constexpr std::size_t histories_max = 2'000;
/// Of one workflow; half of them decide.
constexpr std::size_t enough = 32;
/// Longer histories are left out: a few would take all the time.
constexpr sequence facts_max = 1'000;

/// The tasks that completed, by the times of their facts.
turn_figures tasks_in(const storage::store& from, const storage::head& one) {
  turn_figures out;
  out.workflow = one.workflow;
  std::unordered_map<frame_id, timestamp> entered;
  const auto look = [&](storage::history_item&& item) {
    if (const auto* begun = std::get_if<events::task_started>(&item.fact))
      entered.try_emplace(begun->frame, item.at);
    if (const auto* done = std::get_if<events::task_completed>(&item.fact))
      if (const auto since = entered.find(done->frame); since != entered.end())
        out.tasks.push_back({.pointer = done->task,
                             .kind = {},
                             .end = task_end::completed,
                             .dwell = item.at - since->second});
    return true;
  };
  if (!from.replay(key_of(one.ns, one.id), 0, look))
    out.tasks.clear();
  return out;
}

} // namespace

void learn_from_histories(const storage::store& from, figure_book& into,
                          const std::function<bool()>& stopping) {
  std::map<workflow_name, std::size_t> known;
  std::size_t read = 0;
  storage::list_query query;
  query.status = instance_status::completed;
  query.limit = heads_at_once;
  for (std::size_t seen = 0; seen < heads_max; seen += heads_at_once) {
    const auto page = from.list(query);
    if (!page)
      return;
    for (const auto& one : page->items) {
      if (stopping() || read == histories_max)
        return;
      auto& count = known[{one.ns, one.workflow.name}];
      if (count == enough || one.last > facts_max)
        continue;
      ++count;
      ++read;
      into.learned(tasks_in(from, one));
    }
    if (page->next_cursor.empty())
      return;
    query.cursor = page->next_cursor;
  }
}

} // namespace pawl::actors
