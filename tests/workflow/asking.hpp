#pragma once

#include "tests/support/flow.hpp"
#include "workflow/approval.hpp"

#include <stdexcept>

/// An approval that is asked in a little world, and who votes there.
namespace pawl::test {

inline std::string asking(std::string_view with) {
  return "do:\n- ask:\n    call: approval\n    with: {title: Release?, "
         + std::string{with}
         + "}\n- after: {set: '${ {was: .outcome, by: .by} }'}\n";
}

inline trial::shaper by(std::string who) {
  return [who](requests::create& wish, timestamp) { wish.by = who; };
}

inline const frame& asked(const trial& f) {
  for (const auto& [id, one] : f.state().frames)
    if (is_open_approval(one))
      return one;
  throw std::runtime_error{"no approval is open"};
}

inline requests::vote vote_of(const trial& f, std::string who,
                              std::string outcome,
                              std::vector<std::string> groups = {}) {
  const auto& open = asked(f);
  return {.frame = open.id,
          .round = open.dispatch,
          .by = std::move(who),
          .groups = std::move(groups),
          .operates = true,
          .outcome = outcome,
          .comment = outcome == "rejected" ? "no" : ""};
}

// "+ann" approves, "-ann" rejects, "+ann@peer" does so as one of peer. What
// comes of it: "", or who was refused how: "ann:forbidden", "ann:late".
inline std::string cast(trial& f, std::string_view text) {
  const auto at = text.find('@');
  const std::string who{text.substr(1, at - 1)};
  std::vector<std::string> groups;
  if (at != std::string_view::npos)
    groups.emplace_back(text.substr(at + 1));
  auto made = f.decide(
    vote_of(f, who, text[0] == '+' ? "approved" : "rejected", groups));
  if (made)
    return "";
  return who + (made.error().forbidden ? ":forbidden" : ":late");
}

inline std::string outcome_of(const trial& f) {
  if (f.status() != "completed")
    return std::string{f.status()};
  return std::string{f.state().output->at("was").as_string()};
}

} // namespace pawl::test
