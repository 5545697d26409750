#include "actors/figures/figure_span.hpp"

#include <algorithm>

namespace pawl::actors {

template <class Map>
typename Map::mapped_type*
figure_span::place(Map& in, const typename Map::key_type& key) {
  if (const auto known = in.find(key); known != in.end())
    return &known->second;
  if (entries >= entries_max) {
    ++left_out;
    return nullptr;
  }
  ++entries;
  return &in[key];
}

void figure_span::add(const turn_figures& turn) {
  auto* of = place(workflows, {turn.workflow.ns, turn.workflow.name});
  if (of == nullptr)
    return;
  of->started += turn.created ? 1 : 0;
  of->received += turn.received;
  of->consumed += turn.consumed;
  if (turn.ended) {
    of->dwell.add(turn.life);
    of->completed += *turn.ended == instance_status::completed ? 1 : 0;
    of->faulted += *turn.ended == instance_status::faulted ? 1 : 0;
    of->cancelled += *turn.ended == instance_status::cancelled ? 1 : 0;
  }
  if (turn.ran)
    of->duration.add(*turn.ran);
  for (const auto& seen : turn.tasks) {
    auto* one = place(of->tasks, seen.pointer);
    if (one == nullptr)
      continue;
    one->kind = seen.kind;
    if (!seen.end) {
      ++one->entered;
      continue;
    }
    ++one->ends.at(static_cast<std::size_t>(*seen.end));
    if (seen.dwell)
      one->dwell.add(*seen.dwell);
    if (seen.dwell && *seen.end == task_end::completed)
      one->duration.add(*seen.dwell);
    if (!seen.error.empty())
      ++one->errors[seen.error];
  }
  for (const auto& moved : turn.states) {
    if (auto* to = place(of->states, moved.entered))
      ++to->entered;
    if (moved.dwell)
      if (auto* from = place(of->states, moved.left))
        from->dwell.add(*moved.dwell);
  }
}

void figure_span::add(const figure_span& other,
                      const std::function<bool(const workflow_name&)>& shows) {
  begun = std::min(begun, other.begun);
  published += other.published;
  left_out += other.left_out;
  for (const auto& [name, from] : other.workflows) {
    if (shows && !shows(name))
      continue;
    auto& to = workflows[name];
    to.started += from.started;
    to.completed += from.completed;
    to.faulted += from.faulted;
    to.cancelled += from.cancelled;
    to.received += from.received;
    to.consumed += from.consumed;
    to.duration.add(from.duration);
    to.dwell.add(from.dwell);
    for (const auto& [pointer, seen] : from.tasks) {
      auto& one = to.tasks[pointer];
      one.kind = seen.kind;
      one.entered += seen.entered;
      for (std::size_t i = 0; i < one.ends.size(); ++i)
        one.ends.at(i) += seen.ends.at(i);
      one.duration.add(seen.duration);
      one.dwell.add(seen.dwell);
      for (const auto& [word, count] : seen.errors)
        one.errors[word] += count;
    }
    for (const auto& [name_of_state, seen] : from.states) {
      to.states[name_of_state].entered += seen.entered;
      to.states[name_of_state].dwell.add(seen.dwell);
    }
  }
}

} // namespace pawl::actors
