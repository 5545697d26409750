#include "workflow/planner.hpp"

#include <algorithm>

/// Business states: where an instance stands in the words of its users.
namespace pawl {

bool allows(const business_states& states, std::string_view from,
            std::string_view to) {
  if (from == to)
    return true;
  const auto found = states.transitions.find(std::string{from});
  return found != states.transitions.end()
         && std::ranges::find(found->second, to) != found->second.end();
}

std::string_view planner::business_state() const {
  const auto last
    = std::find_if(plan.rbegin(), plan.rend(), [](const event& fact) {
        return std::holds_alternative<events::state_changed>(fact);
      });
  return last == plan.rend() ? state_.business_state
                             : std::get<events::state_changed>(*last).to;
}

bool planner::move_state(const task& node, const std::string& to) {
  if (!of_.states || to.empty())
    return true;
  const auto from = business_state();
  if (from == to)
    return true;
  if (!allows(*of_.states, from, to))
    return false;
  plan.emplace_back(events::state_changed{node.pointer, std::string{from}, to});
  return true;
}

raised planner::illegal_move(const task& node, const std::string& to) const {
  const std::string from{business_state()};
  auto problem = make_problem(error_kind::runtime,
                              "the business state cannot move from '" + from
                                + "' to '" + to + "'",
                              node.pointer);
  problem["from"] = from;
  problem["to"] = to;
  return {std::in_place, std::move(problem)};
}

namespace {

// Where the listens of the definition for events of this type lead, as far as
// that is known: the constants of their filters tell.
bool takes(const tasks::listen& what, std::string_view type) {
  bool found = false;
  for_each_filter(what.to, [&](const event_filter& filter) {
    for (const auto& [key, rule] : filter.with)
      if (const auto* fixed = std::get_if<datum>(&rule.form);
          key == "type" && fixed != nullptr && (*fixed)->is_string())
        found = found || (*fixed)->get_string() == type;
  });
  return found;
}

json::array reachable_from(const business_states& states,
                           const std::string& from) {
  json::array out;
  if (const auto found = states.transitions.find(from);
      found != states.transitions.end())
    for (const auto& to : found->second)
      out.emplace_back(to);
  return out;
}

} // namespace

// Checked before anything is written: the data, the guard, and the move of the
// business state that a task which waits for the event would make.
planner::answer planner::guard_event(const json::value& arrived) {
  const std::string_view type{arrived.at("type").as_string()};
  const auto known = of_.user_events.find(type);
  if (known == of_.user_events.end())
    return of_.states ? guard_move(type, false) : answer{};
  const auto* given = arrived.as_object().if_contains("data");
  const json::value data = given == nullptr ? json::value{} : *given;
  raised why;
  if (!check_schema(known->second.schema, data, "event's data", "/", why))
    return refused{
      {errc::invalid_input, std::string{why.problem.at("detail").as_string()}},
      {{"error", why.problem}}};
  if (known->second.when) {
    auto wanted = values_.holds(*known->second.when, data, seen_from_outside());
    if (values_.pending())
      return {};
    if (!wanted || !*wanted) {
      auto no = not_now("event");
      no.what.detail
        = wanted
            ? "its guard does not let the event in now"
            : "the guard of the event fails: "
                + std::string{wanted.error().problem.at("detail").as_string()};
      return no;
    }
  }
  return of_.states ? guard_move(type, true) : answer{};
}

// An event that users may send has to be taken now; any other may be kept, but
// not by a task whose move it would be and is not allowed.
planner::answer planner::guard_move(std::string_view type, bool declared) {
  const std::string& from = state_.business_state;
  std::string to;
  auto kept = std::ranges::count_if(state_.inbox, [&](const auto& one) {
    return one.left_for.empty()
           && std::string_view{one.event->at("type").as_string()} == type;
  });
  for (const auto& [id, f] : state_.frames) {
    if (!f.node || f.at != phase::waiting)
      continue;
    const auto& node = of_.tasks[*f.node];
    const auto* what = std::get_if<tasks::listen>(&node.kind);
    if (what == nullptr || !takes(*what, type))
      continue;
    // In a pause it is kept until the resume; then nobody waits for another.
    if (kept > 0) {
      --kept;
      continue;
    }
    const auto done = node.moves ? node.moves->done : std::string{};
    if (done.empty() || allows(*of_.states, from, done))
      return {};
    to = done;
  }
  if (!declared && to.empty())
    return {};
  for (const auto& node : of_.tasks)
    if (const auto* what = std::get_if<tasks::listen>(&node.kind);
        to.empty() && what != nullptr && node.moves && takes(*what, type))
      to = node.moves->done;
  auto no = refuse_unawaited();
  no.what = {errc::invalid_transition, "an instance in the state '" + from
                                         + "' takes no event of the type '"
                                         + std::string{type} + "'"};
  no.members["from"] = from;
  no.members["to"] = to.empty() ? json::value{} : json::value(to);
  no.members["allowed"] = reachable_from(*of_.states, from);
  return no;
}

} // namespace pawl
