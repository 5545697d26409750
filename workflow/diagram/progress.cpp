#include "workflow/diagram/progress.hpp"

#include "base/overload.hpp"
#include "workflow/diagram/parts.hpp"
#include "workflow/shown.hpp"

#include <algorithm>

namespace pawl::diagram {

namespace {

mark mark_of(std::string_view task_status) {
  if (task_status == "faulted")
    return mark::faulted;
  if (task_status == "suspended")
    return mark::suspended;
  return task_status == "waiting" ? mark::waiting : mark::running;
}

bool is_active(mark m) {
  return m == mark::faulted || m == mark::suspended || m == mark::waiting
         || m == mark::running;
}

} // namespace

progress::progress(const definition& of)
    : of_{of}, places_(of.tasks.size()), standings_(of.tasks.size()) {
  claim(of.body, std::nullopt);
}

void progress::claim(const task_list& list, std::optional<task_index> owner) {
  for (const auto t : list) {
    const auto& node = of_.tasks[t];
    places_[t] = {owner ? owner : t, of_.tasks[list.back()].end};
    for (const auto& inner : parts_of(node))
      claim(inner.tasks, owner);
    claim(node.compensation, owner ? owner : t);
  }
}

std::optional<task_index> progress::find(std::string_view pointer) const {
  const auto found = of_.by_pointer.find(pointer);
  if (found == of_.by_pointer.end()
      || places_[found->second].on != found->second)
    return std::nullopt;
  return found->second;
}

void progress::set(std::string_view pointer, mark m) {
  const auto node = find(pointer);
  if (!node)
    return;
  standings_[*node].as = m;
  if (m == mark::done)
    ++standings_[*node].times;
}

void progress::forget_from(std::string_view pointer) {
  const auto node = find(pointer);
  if (!node)
    return;
  for (auto t = *node; t < places_[*node].list_end; ++t)
    standings_[t].as = mark::none;
}

void progress::see(const event& fact) {
  std::visit(
    overload{[&](const events::task_started& x) { set(x.task, mark::none); },
             [&](const events::task_completed& x) { set(x.task, mark::done); },
             [&](const events::task_skipped& x) { set(x.task, mark::skipped); },
             [&](const events::task_faulted& x) { set(x.task, mark::faulted); },
             [&](const events::task_cancelled& x) {
               if (!x.again)
                 set(x.task, mark::cancelled);
             },
             [&](const events::task_retried& x) { forget_from(x.from); },
             [&](const events::compensation_completed& x) {
               set(x.task, mark::undone);
             },
             [&](const events::rollback_completed& x) { forget_from(x.task); },
             [&](const events::state_changed& x) { passed_.insert(x.to); },
             [](const auto&) {}},
    fact);
}

void progress::raise(std::optional<task_index> node, mark m) {
  if (!node)
    return;
  auto& as = standings_[*node].as;
  if (!is_active(as) || as < m)
    as = m;
}

void progress::finish(const instance_state& now) {
  state_ = now.business_state;
  headline_ = now.id + " is " + std::string{to_text(shown_status(now, of_))};
  if (now.status == instance_status::completed
      || now.status == instance_status::cancelled)
    return;
  std::set<frame_id> holding;
  for (const auto& [id, f] : now.frames)
    if (id != f.parent)
      holding.insert(f.parent);
  const auto node_of = [&](const frame& f) {
    return f.node ? places_[*f.node].on : std::nullopt;
  };
  // What a former fact said of what is active now is over.
  for (const auto& [id, f] : now.frames)
    if (const auto node = node_of(f))
      standings_[*node].as = mark::none;
  for (const auto& [id, f] : now.frames) {
    if (!f.node || f.role != frame_role::task || holding.contains(id))
      continue;
    const auto m = mark_of(task_status(now, f));
    for (const auto* at = &f; at->id != 0; at = &now.frames.at(at->parent))
      raise(node_of(*at), m);
  }
}

mark progress::of_state(const std::string& name) const {
  if (name == state_)
    return mark::current;
  return passed_.contains(name) ? mark::done : mark::none;
}

} // namespace pawl::diagram
