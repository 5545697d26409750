#include "workflow/planner.hpp"
#include "workflow/redo.hpp"
#include "workflow/retry.hpp"

namespace pawl {

namespace {

// What an error is called; an error need not have a title.
std::string title_of(const json::object& problem) {
  for (const auto* member : {"title", "detail", "type"})
    if (const auto* text = problem.if_contains(member);
        text != nullptr && text->is_string())
      return std::string{text->get_string()};
  return "an error without a name";
}

} // namespace

void planner::fail(const entry& e, raised why) {
  fail(e.id, e.parent, e.node->pointer, std::move(why));
}

void planner::fail(const frame& f, raised why) {
  fail(f.id, f.parent, of_.tasks[*f.node].pointer, std::move(why));
}

void planner::fail(const entry& e, error_kind kind, std::string detail) {
  fail(e, raised{std::in_place,
                 make_problem(kind, std::move(detail), e.node->pointer)});
}

void planner::fail(frame_id id, frame_id parent, std::string_view pointer,
                   raised why) {
  if (!why.problem.contains("instance"))
    why.problem["instance"] = pointer;
  const bool of_attempt = id == parent && id != 0;
  const auto around = state_.frames.contains(id) ? id : parent;
  if (!of_attempt && id != 0)
    cancel_below(id);
  // What is redone leaves the business state alone.
  const bool moves_on = redo_around(state_, parent) == 0;
  if (!of_attempt && moves_on)
    move_to_fault(pointer, why);
  if (!of_attempt)
    plan.emplace_back(
      events::task_faulted{id, std::string{pointer}, make_datum(why.problem)});
  if (state_.status == instance_status::cancelling && !moves(state_))
    return;
  frame_id cleaned = 0;
  while (parent != 0) {
    const auto& f = state_.frames.at(parent);
    if (f.role == frame_role::undo)
      break; // Nothing around what is undone handles that.
    if (f.role == frame_role::redo) {
      cancel_below(f.id, around);
      return fail_redo(f, why);
    }
    if (f.role == frame_role::cleanup)
      cleaned = f.parent; // What is to be tried again does not handle it.
    if (f.role == frame_role::lane && leaves_race(f, around, why))
      return;
    if (f.id != cleaned && !f.handling && f.role == frame_role::task
        && std::holds_alternative<tasks::try_catch>(of_.tasks[*f.node].kind)) {
      auto taken = offer(f, of_attempt ? 0 : around, why);
      if (!taken)
        why = taken.error(); // The guard's own expressions failed.
      else if (*taken == verdict::handled)
        return;
    }
    if (f.role == frame_role::task && moves_on)
      move_to_fault(of_.tasks[*f.node].pointer, why);
    parent = f.parent;
  }
  fault_workflow(id, pointer, why);
}

// An error that came from elsewhere must not be hidden by a move that is not
// allowed: it tells of it.
void planner::move_to_fault(std::string_view pointer, raised& why) {
  const auto found = of_.by_pointer.find(pointer);
  if (found == of_.by_pointer.end())
    return;
  const auto& node = of_.tasks[found->second];
  if (node.moves && !move_state(node, node.moves->fault))
    why.problem["invalidTransition"]
      = {{"from", business_state()}, {"to", node.moves->fault}};
}

void planner::fault_workflow(frame_id origin, std::string_view pointer,
                             const raised& why) {
  if (const auto what = left_to_operator(origin, pointer); !what.empty()) {
    // A pause that is there already stays as it is.
    const bool paused = state_.paused.has_value();
    plan.emplace_back(events::instance_suspending{
      paused ? state_.mode : pause_mode::drain,
      what + ": " + title_of(why.problem), paused && state_.freeze});
    return;
  }
  if (wants_saga())
    return begin_saga(rollback_end::fault, make_datum(why.problem));
  plan.emplace_back(events::instance_faulted{make_datum(why.problem), origin});
}

bool fits(const error_filter& filter, const json::object& problem) {
  const auto same_text
    = [&](const std::optional<std::string>& wanted, std::string_view key) {
        if (!wanted)
          return true;
        const auto* value = problem.if_contains(key);
        return value != nullptr && value->is_string()
               && value->get_string() == *wanted;
      };
  const auto* type = problem.if_contains("type");
  if (filter.type
      && (type == nullptr || !type->is_string()
          || !same_error_type(*filter.type, type->get_string())))
    return false;
  if (filter.status) {
    const auto* status = problem.if_contains("status");
    if (status == nullptr || !status->is_number()
        || status->to_number<double>() != static_cast<double>(*filter.status))
      return false;
  }
  return same_text(filter.instance, "instance")
         && same_text(filter.title, "title")
         && same_text(filter.detail, "detail");
}

or_raised<planner::verdict> planner::offer(const frame& guard, frame_id around,
                                           const raised& why) {
  const auto& node = of_.tasks[*guard.node];
  const auto& rule = std::get<tasks::try_catch>(node.kind);
  if (!fits(rule.errors, why.problem))
    return verdict::passed;
  auto at = seen_from(guard);
  const auto error = make_datum(why.problem);
  at.names.emplace_back(rule.as, error);
  if (rule.when) {
    auto wanted = values_.holds(*rule.when, *error, at);
    if (!wanted || !*wanted)
      return wanted ? or_raised<verdict>{verdict::passed} : wanted.error();
  }
  if (rule.except_when) {
    auto unwanted = values_.holds(*rule.except_when, *error, at);
    if (!unwanted || *unwanted)
      return unwanted ? or_raised<verdict>{verdict::passed} : unwanted.error();
  }
  if (rule.retry) {
    auto again = plan_retry(guard, around, why);
    if (!again)
      return again.error();
    if (*again)
      return verdict::handled;
    if (!rule.has_handler)
      return verdict::passed; // Exhausted, and nobody else to handle it.
  }
  cancel_below(guard.id, around);
  plan.emplace_back(events::task_caught{guard.id, node.pointer, error});
  return verdict::handled;
}

or_raised<bool> planner::wants_retry(const retry_policy& policy,
                                     const json::value& problem,
                                     const vantage& at) {
  if (policy.when) {
    auto wanted = values_.holds(*policy.when, problem, at);
    if (!wanted || !*wanted)
      return wanted;
  }
  if (!policy.except_when)
    return true;
  auto unwanted = values_.holds(*policy.except_when, problem, at);
  if (!unwanted)
    return unwanted;
  return !*unwanted;
}

or_raised<bool> planner::plan_retry(const frame& guard, frame_id around,
                                    const raised& why) {
  const auto& node = of_.tasks[*guard.node];
  const auto& rule = std::get<tasks::try_catch>(node.kind);
  const auto& policy = *rule.retry;
  const auto error = make_datum(why.problem);
  auto at = seen_from(guard);
  at.names.emplace_back(rule.as, error);
  // A worker that knows better says so.
  if (const auto* again = why.problem.if_contains("retryable");
      again != nullptr && again->is_bool() && !again->get_bool())
    return false;
  if (policy.attempts_max && guard.retries >= *policy.attempts_max)
    return false;
  if (auto wanted = wants_retry(policy, *error, at); !wanted || !*wanted)
    return wanted;
  const auto length_of
    = [&](const std::optional<duration_rule>& rule_of) -> or_raised<duration> {
    if (!rule_of)
      return duration{};
    auto length = values_.evaluate(*rule_of, *at.input, at);
    if (!length)
      return length.error();
    return add(now_, *length) - now_;
  };
  auto delay = length_of(policy.delay);
  auto from = length_of(policy.jitter_from);
  auto to = length_of(policy.jitter_to);
  auto total = length_of(policy.total_duration);
  for (const auto* part : {&delay, &from, &to, &total})
    if (!*part)
      return part->error();
  auto at_least = retry_after(why.problem);
  if (*delay == duration{} && !policy.attempts_max)
    at_least = std::max(at_least, endless_delay(guard.retries + 1));
  const auto wait = retry_delay({.base = *delay,
                                 .backoff = policy.backoff,
                                 .retry = guard.retries + 1,
                                 .delay_max = limits_.retry_delay_max,
                                 .jitter_from = *from,
                                 .jitter_to = *to,
                                 .at_least = at_least},
                                random());
  if (policy.total_duration && now_ + wait > guard.started + *total)
    return false;
  const bool later = wait > duration{};
  auto limit = attempt_limit(*this, rule, at);
  if (!limit)
    return limit.error();
  cancel_below(guard.id, around);
  plan.emplace_back(events::task_retried{
    .frame = guard.id,
    .task = node.pointer,
    .attempt = guard.retries + 2,
    .until = later ? std::optional{now_ + wait} : std::nullopt,
    .error = error,
    .input = nullptr,
    .by_operator = false});
  if (later)
    arm(guard.id, timer_purpose::backoff, now_ + wait);
  else if (*limit)
    arm(guard.id, timer_purpose::attempt, **limit);
  return true;
}

} // namespace pawl
