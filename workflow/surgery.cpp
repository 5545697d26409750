#include "workflow/planner.hpp"
#include "workflow/shown.hpp"

#include <algorithm>

/// What an operator does to single tasks.
namespace pawl {

namespace {

using way = requests::settle::way;

std::string_view verb_of(way how) {
  constexpr std::string_view names[] = {"skip", "complete", "fail"};
  return names[static_cast<std::size_t>(how)];
}

refused bad_request(std::string detail) {
  return {{errc::invalid_request, std::move(detail)}, {}};
}

bool is_settled_by(const instance_state& s, const frame& f, way how) {
  if (!f.node)
    return false;
  if (s.status == instance_status::faulted)
    return how == way::skip && f.id == s.faulted_frame;
  // The extensions around a task, when its time is over, stand for it.
  if (f.role != frame_role::task)
    return how == way::skip && f.at == phase::faulted;
  return f.at == phase::waiting || f.at == phase::handed
         || (how == way::skip
             && (f.at == phase::backoff || f.at == phase::faulted));
}

} // namespace

boost::system::result<frame_id, refused>
planner::settled_frame(const requests::settle& wish) const {
  const auto verb = verb_of(wish.how);
  if (std::ranges::count(allowed_verbs(state_), verb) == 0)
    return not_now(verb);
  if (!wish.task.empty() && !of_.by_pointer.contains(wish.task))
    return bad_request("the definition has no task '" + wish.task + "'");
  json::array candidates;
  frame_id found = 0;
  for (const auto& [id, f] : state_.frames) {
    if (!is_settled_by(state_, f, wish.how))
      continue;
    const auto& pointer = of_.tasks[*f.node].pointer;
    const auto lane = lane_of(state_, f);
    if ((!wish.task.empty() && wish.task != pointer)
        || (wish.lane != 0 && wish.lane != lane))
      continue;
    json::object one{{"task", pointer}};
    if (lane > 0)
      one["iteration"] = lane;
    candidates.emplace_back(std::move(one));
    found = id;
  }
  if (candidates.size() == 1)
    return found;
  auto no = not_now(verb);
  no.what.detail = candidates.empty()
                     ? "no such task waits now"
                     : "several tasks could be meant: name the `task`, and the "
                       "`iteration` if that is not enough";
  no.members["tasks"] = std::move(candidates);
  return no;
}

planner::answer planner::settle_task(const requests::settle& wish) {
  const auto which = settled_frame(wish);
  if (!which)
    return which.error();
  const auto& f = state_.frames.at(*which);
  if (wish.how == way::skip)
    return skip(f, wish);
  if (wish.how == way::complete) {
    finish(f, wish.output ? *wish.output : f.input);
  } else {
    auto why = wish.error;
    const auto& pointer = of_.tasks[*f.node].pointer;
    for (const auto& member : make_problem(
           error_kind::runtime, "an operator has failed the task", pointer))
      if (!why.contains(member.key()))
        why[member.key()] = member.value();
    fail(f, raised{std::in_place, std::move(why)});
  }
  for (auto& fact : plan) {
    if (auto* done = std::get_if<events::task_completed>(&fact);
        done != nullptr && done->frame == f.id) {
      done->by_operator = true;
      done->reason = wish.reason;
    }
    if (auto* failed = std::get_if<events::task_faulted>(&fact);
        failed != nullptr && failed->frame == f.id) {
      failed->by_operator = wish.how == way::fail;
      failed->reason = wish.reason;
    }
  }
  return {};
}

// The substitute is the output as it stands, so only the schema and `export`
// look at it.
planner::answer planner::skip(const frame& f, const requests::settle& wish) {
  const auto& node = of_.tasks[*f.node];
  output_rule as_it_stands;
  as_it_stands.schema = node.output.schema;
  auto made = transform(as_it_stands, node.exports,
                        wish.output ? *wish.output : f.input, seen_from(f));
  if (values_.pending())
    return {};
  if (!made)
    return refused{{errc::invalid_input,
                    std::string{made.error().problem.at("detail").as_string()}},
                   {{"error", made.error().problem}}};
  if (state_.status == instance_status::faulted)
    renew_limits(); // First: what is skipped may end what has some.
  cancel_below(f.id);
  plan.emplace_back(events::task_skipped{.parent = f.parent,
                                         .task = node.pointer,
                                         .frame = f.id,
                                         .output = made->output,
                                         .context = made->context,
                                         .reason = wish.reason});
  return {};
}

planner::answer planner::retry_from(const requests::retry& wish) {
  const auto named = of_.by_pointer.find(wish.from);
  if (named == of_.by_pointer.end())
    return bad_request("the definition has no task '" + wish.from + "'");
  if (!wish.input)
    return bad_request("the input of '" + wish.from
                       + "' is not known: give one");
  for (auto id = state_.faulted_frame; id != 0;) {
    id = state_.frames.at(id).parent;
    const auto& scope = state_.frames.at(id);
    const auto body = body_of(of_, scope);
    if (std::ranges::find(body, named->second) == body.end()
        || !scope.entered.contains(named->second))
      continue;
    renew_limits(); // First: what ends here may have some.
    cancel_below(id);
    plan.emplace_back(events::task_retried{
      .frame = id,
      .task = scope.node ? of_.tasks[*scope.node].pointer : std::string{"/"},
      .attempt = scope.attempt,
      .until = std::nullopt,
      .error = nullptr,
      .input = *wish.input,
      .by_operator = true,
      .from = wish.from});
    return {};
  }
  return bad_request(
    "'" + wish.from
    + "' is not a task before the faulted one that has run, in "
      "a list around it");
}

} // namespace pawl
