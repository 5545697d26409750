#include "workflow/diagram/progress.hpp"

#include <algorithm>
#include <map>

namespace pawl::diagram {

namespace {

constexpr std::size_t name_width = 40;

/// All states, those that are nearer to the initial one first.
std::vector<std::string> by_distance(const business_states& states) {
  std::vector<std::string> out{states.initial};
  std::set<std::string> seen{states.initial};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto moves = states.transitions.find(out[i]);
    if (moves == states.transitions.end())
      continue;
    for (const auto& to : moves->second)
      if (seen.insert(to).second)
        out.push_back(to);
  }
  return out;
}

bool is_terminal(const business_states& states, const std::string& name) {
  return std::ranges::find(states.terminal, name) != states.terminal.end();
}

} // namespace

result<picture> draw_states(const definition& of, const progress* live) {
  if (!of.states)
    return error{errc::invalid_request,
                 "The definition has no business states: it says nothing in "
                 "document.metadata.states."};
  const auto names = by_distance(*of.states);
  if (names.size() + 2 > figures_max)
    return error{errc::too_large, "A drawing has at most "
                                    + std::to_string(figures_max)
                                    + " figures; these states need more."};
  picture out;
  out.states = true;
  out.title = of.id.ns + '/' + of.id.name + '@' + of.id.version;
  out.summary = "The business states of " + out.title + ", "
                + std::to_string(names.size()) + " of them.";
  std::map<std::string, figure_index> known;
  const auto add = [&](figure what) {
    out.top.figures.push_back(static_cast<figure_index>(out.figures.size()));
    out.figures.push_back(std::move(what));
    return out.top.figures.back();
  };
  const auto start = add({.form = shape::point, .name = "start"});
  for (const auto& name : names)
    known[name]
      = add({.name = shortened(name, name_width),
             .note = is_terminal(*of.states, name) ? "terminal" : "",
             .as = live == nullptr ? mark::none : live->of_state(name)});
  const auto end = add({.form = shape::point, .name = "end"});
  out.arrows.push_back({start, known.at(of.states->initial)});
  for (const auto& name : names) {
    std::set<std::string> led; // A list may name a state twice.
    if (const auto moves = of.states->transitions.find(name);
        moves != of.states->transitions.end())
      for (const auto& to : moves->second)
        if (led.insert(to).second)
          out.arrows.push_back({known.at(name), known.at(to)});
    if (is_terminal(*of.states, name))
      out.arrows.push_back({known.at(name), end});
  }
  if (out.arrows.size() > arrows_max)
    return error{errc::too_large, "A drawing has at most "
                                    + std::to_string(arrows_max)
                                    + " arrows; these states need more."};
  if (live != nullptr) {
    out.title = live->headline();
    out.summary = live->headline() + ". " + out.summary;
  }
  return out;
}

} // namespace pawl::diagram
