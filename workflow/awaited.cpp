#include "workflow/planner.hpp"
#include "workflow/shown.hpp"

#include <algorithm>
#include <set>

/// Which events an instance takes now, for those who bring them and as its
/// allowed actions name them.
namespace pawl {

namespace {

// The type that a filter asks for, if it is a constant.
std::string_view type_of(const event_filter& filter) {
  const auto found = std::ranges::find(filter.with, "type",
                                       [](const auto& m) { return m.first; });
  if (found == filter.with.end())
    return {};
  const auto* fixed = std::get_if<datum>(&found->second.form);
  return fixed != nullptr && (*fixed)->is_string()
           ? std::string_view{(*fixed)->get_string()}
           : std::string_view{};
}

bool may_move(const instance_state& s, const definition& of, const task& node) {
  return !of.states || !node.moves || node.moves->done.empty()
         || allows(*of.states, s.business_state, node.moves->done);
}

std::string route_of(const definition& of, std::string_view type) {
  const auto known = of.user_events.find(type);
  return known != of.user_events.end() && !known->second.route.empty()
           ? known->second.route
           : "events";
}

// The same, unless it is a pattern: then any type may fit.
std::string constant_type(const event_filter& filter) {
  const auto type = type_of(filter);
  return is_pattern(type) ? std::string{} : std::string{type};
}

} // namespace

std::vector<awaited_event> machine::awaited() const {
  std::vector<awaited_event> all;
  if (ended(state().status))
    return all;
  for (const auto& [id, f] : state().frames) {
    if (!f.node || f.at != phase::waiting)
      continue;
    const auto& node = flow().tasks[*f.node];
    const auto* what = std::get_if<tasks::listen>(&node.kind);
    if (what == nullptr)
      continue;
    const auto add = [&, frame = id, since = f.started](std::string type) {
      all.push_back({frame, node.pointer, std::move(type), since});
    };
    for_each_filter(what->to, [&](const event_filter& filter) {
      add(constant_type(filter));
    });
    if (what->to.filters.empty()
        || (what->to.until_events && what->to.until_events->filters.empty()))
      add({});
  }
  return all;
}

std::vector<sendable> sendable_now(const instance_state& s,
                                   const definition& of) {
  std::vector<sendable> all;
  if (ended(s.status) || s.status == instance_status::cancelling)
    return all;
  std::set<std::string_view> told;
  for (const auto& [id, f] : s.frames) {
    if (!f.node || f.at != phase::waiting)
      continue;
    const auto& node = of.tasks[*f.node];
    const auto* what = std::get_if<tasks::listen>(&node.kind);
    if (what == nullptr || !may_move(s, of, node))
      continue;
    for_each_filter(what->to, [&](const event_filter& filter) {
      const auto type = type_of(filter);
      if (!type.empty() && !is_pattern(type) && told.insert(type).second)
        all.push_back({std::string{type}, route_of(of, type), node.pointer});
    });
  }
  return all;
}

json::object action_of(std::string_view id, const sendable& what) {
  return {{"name", "event"},
          {"method", "POST"},
          {"href", "/v1/instances/" + std::string{id} + "/" + what.route},
          {"type", what.type},
          {"task", what.task}};
}

json::array actions_now(const instance_state& s, const definition& of) {
  auto all = allowed_actions(s);
  for (const auto& one : sendable_now(s, of))
    all.emplace_back(action_of(s.id, one));
  return all;
}

} // namespace pawl
