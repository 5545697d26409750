#include "workflow/sharing.hpp"

#include "workflow/listening.hpp"
#include "workflow/planner.hpp"

#include <algorithm>

namespace pawl {

namespace {

/// What is looked through in search of tasks that listen.
struct search {
  const definition& of;
  const json::value& arrived;
  std::set<task_index> seen;
  std::set<task_index> found;

  void through(std::span<const task_index> list) {
    for (const auto first : list)
      for (auto i = first; i < of.tasks[first].end; ++i)
        if (seen.insert(i).second)
          look_at(of.tasks[i]);
  }
  void look_at(const task& node) {
    if (const auto* listen = std::get_if<tasks::listen>(&node.kind);
        listen != nullptr && may_take(listen->to, arrived))
      found.insert(node.index);
    if (const auto* call = std::get_if<tasks::call_function>(&node.kind))
      through({&call->function, 1});
    for (const auto place : node.extended_by) {
      through(of.extensions[place].before);
      through(of.extensions[place].after);
    }
  }
};

// Whether `f` is `scope` or hangs below it.
bool is_within(const instance_state& s, const frame& f, frame_id scope) {
  for (const auto* at = &f; at->id != scope; at = &s.frames.at(at->parent))
    if (at->id == 0)
      return false;
  return true;
}

} // namespace

std::optional<frame_id> share_of(const instance_state& s, const frame& f,
                                 const inbox_event& kept) {
  if (kept.left_for.empty())
    return 0;
  for (const auto* at = &f; at->id != 0; at = &s.frames.at(at->parent))
    if (std::ranges::count(kept.left_for, at->id) > 0)
      return at->id;
  return std::nullopt;
}

bool may_want_kept(const event& fact) {
  return std::holds_alternative<events::task_started>(fact)
         || std::holds_alternative<events::event_handled>(fact)
         || std::holds_alternative<events::instance_resumed>(fact);
}

std::set<task_index> listens_in(const definition& of, const frame& lane,
                                const json::value& arrived) {
  search all{of, arrived, {}, {}};
  all.through(body_of(of, lane));
  return std::move(all.found);
}

// Whether a task of `lane` wants `arrived`, or may do so later. One that
// listens now says it itself.
bool planner::wants(const frame& lane, const json::value& arrived) {
  auto later = listens_in(of_, lane, arrived);
  if (later.empty())
    return false;
  for (const auto& [id, f] : state_.frames) {
    if (!f.listening || f.at == phase::faulted
        || !is_within(state_, f, lane.id))
      continue;
    const auto& what = std::get<tasks::listen>(of_.tasks[*f.node].kind);
    const auto match = match_event(
      values_, what.to, {f.listening->matched, f.listening->correlation},
      arrived, seen_from(f));
    if (match && *match)
      return true;
    later.erase(*f.node);
  }
  return !later.empty();
}

// Who else below `share` gets an event that `taker` takes.
std::vector<frame_id> planner::others_for(const frame& taker, frame_id share,
                                          const json::value& arrived) {
  std::vector<frame_id> others;
  std::set<frame_id> around;
  for (const auto* at = &taker; at->id != share;
       at = &state_.frames.at(at->parent))
    around.insert(at->id);
  around.insert(share);
  for (const auto& [id, f] : state_.frames) {
    if (f.role == frame_role::lane && !around.contains(id)
        && around.contains(f.parent) && wants(f, arrived))
      others.push_back(id);
    // A listen around the taker, at work on an earlier event.
    if (!f.listening || id == taker.id || !around.contains(id))
      continue;
    const auto& what = std::get<tasks::listen>(of_.tasks[*f.node].kind);
    const auto match = match_event(
      values_, what.to, {f.listening->matched, f.listening->correlation},
      arrived, seen_from(f));
    if (match && *match)
      others.push_back(id);
  }
  return others;
}

} // namespace pawl
