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
  for (auto fact = plan.rbegin(); fact != plan.rend(); ++fact)
    if (const auto* moved = std::get_if<events::state_changed>(&*fact))
      return moved->to;
  return state_.business_state;
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

} // namespace pawl
