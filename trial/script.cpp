#include "trial/script.hpp"

#include "workflow/approval.hpp"

#include <algorithm>

namespace pawl::trial {

namespace {

std::string example_of(const task& node) {
  switch (effect_of(node)) {
  case effect_kind::program:
    return "{code: 0, stdout: text}";
  case effect_kind::notify:
    return "{status: 200}";
  default:
    return "{output: {}}";
  }
}

bool has_voted(const frame& on, const std::string& who) {
  return std::ranges::count(on.votes, who, &vote::by) > 0;
}

/// Somebody who may vote now, as far as names tell.
std::string somebody_for(const frame& on) {
  const auto all = panels_of(on);
  bool groups = false;
  for (const auto& one : all) {
    if (const auto turn = turn_of(one, on.votes); turn && !turn->is_group)
      return turn->name;
    for (const auto& seat : one.seats) {
      if (!seat.is_group && !has_voted(on, seat.name))
        return seat.name;
      groups = groups || seat.is_group;
    }
  }
  return groups ? "voter-" + std::to_string(on.votes.size() + 1) : "somebody";
}

std::vector<std::string> groups_of(const frame& on) {
  std::vector<std::string> out;
  for (const auto& one : panels_of(on))
    for (const auto& seat : one.seats)
      if (seat.is_group)
        out.push_back(seat.name);
  return out;
}

requests::vote vote_of(const ballot& what, const frame& on) {
  return {.frame = on.id,
          .round = on.dispatch,
          .by = what.by.empty() ? somebody_for(on) : what.by,
          .groups = what.groups ? *what.groups : groups_of(on),
          .operates = true,
          .outcome = what.outcome,
          .comment = what.comment,
          .data = what.data};
}

} // namespace

// Its name, if that is enough.
std::string script::key_of(const task& node) const {
  return find_task(of_, node.name) ? node.name : node.pointer;
}

result<reply> script::effect(const commands::perform& order) {
  const auto& node = *order.node;
  const auto found = test_.mocks.find(node.pointer);
  if (found == test_.mocks.end())
    return error{errc::not_found, node.pointer + " (" + title_of(node)
                                    + ") has no mock. It would do: "
                                    + line_of(description_of(order))
                                    + "\nWrite one:\n  mocks:\n    "
                                    + key_of(node) + ": " + example_of(node)};
  const auto& replies = found->second.replies;
  auto& next = next_[node.pointer];
  if (next < replies.size())
    return replies[next++];
  if (found->second.repeats)
    return replies.back();
  return error{errc::not_found, node.pointer
                                  + " is called once more than its "
                                    "mock has results: "
                                  + std::to_string(replies.size())};
}

// A list of votes goes on where the last one has stopped. For another approval
// the last vote is cast again, for the same one it would be of no use.
result<std::optional<act>> script::attend(const instance_state&,
                                          const frame& waits, std::size_t nth) {
  if (!is_open_approval(waits))
    return std::optional<act>{};
  const auto& node = of_.tasks[*waits.node];
  const auto found = test_.approvals.find(node.pointer);
  if (found == test_.approvals.end())
    return error{
      errc::not_found,
      node.pointer + " asks people, and nobody votes. "
        + line_of(description_of_approval(*waits.arguments))
        + "\nWrite who does, or [] if nobody does:\n  approvals:\n    "
        + key_of(node) + ": {outcome: approved, by: ann}"};
  const auto& votes = found->second;
  auto& next = next_[node.pointer];
  if (votes.empty() || (nth > 0 && next >= votes.size()))
    return std::optional<act>{};
  const auto index = std::min(next, votes.size() - 1);
  next = index + 1;
  const auto& cast = votes[index];
  return std::optional{
    act{.what = vote_of(cast, waits),
        .after = cast.latency,
        .label = "approvals/" + key_of(node) + "/" + std::to_string(index),
        .refused = cast.refused}};
}

} // namespace pawl::trial
