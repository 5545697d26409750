#include "workflow/folder.hpp"
#include "workflow/planner.hpp"

#include <algorithm>
#include <cmath>

/// What tasks say that they have used, and the budget of the workflow.
namespace pawl {

namespace {

// `sums` and each number of `usage` on top of it.
void add_usage(json::object& sums, const json::object& usage) {
  for (const auto& [name, value] : usage) {
    auto& sum = sums[name];
    const auto before = sum.is_number() ? sum.to_number<double>() : 0.0;
    const auto* whole = value.if_int64();
    const auto* known = sum.if_int64();
    // Counts stay counts, as long as they are.
    if (whole != nullptr && (known != nullptr || sum.is_null()))
      sum = (known != nullptr ? *known : 0) + *whole;
    else
      sum = before + value.to_number<double>();
  }
}

// 100 rather than 100.0, as it was written.
json::value plain(double n) {
  const auto whole = static_cast<std::int64_t>(n);
  return static_cast<double>(whole) == n ? json::value(whole) : json::value(n);
}

json::object object_of(const datum& d) {
  const auto* members = d->if_object();
  return members != nullptr ? *members : json::object{};
}

} // namespace

std::optional<raised> planner::meter(frame_id id, const task& node,
                                     const json::value& usage) {
  const auto* members = usage.if_object();
  constexpr std::size_t names_max = 32;
  const bool fits
    = members != nullptr && members->size() <= names_max
      && std::ranges::all_of(*members, [](const auto& m) {
           constexpr double most = 1e15;
           return m.value().is_number()
                  && std::abs(m.value().template to_number<double>()) <= most;
         });
  if (!fits)
    return raised{std::in_place,
                  make_problem(error_kind::expression,
                               "what a task has used is an object of at most "
                               "32 numbers, but it tells "
                                 + to_text(usage),
                               node.pointer)};
  if (members->empty())
    return std::nullopt;
  plan.emplace_back(events::task_metered{id, node.pointer, make_datum(usage)});
  auto sums = object_of(state_.usage);
  for (const auto& fact : plan)
    if (const auto* told = std::get_if<events::task_metered>(&fact))
      add_usage(sums, told->usage->get_object());
  for (const auto& [name, most] : of_.budget) {
    const auto* used = sums.if_contains(name);
    if (used == nullptr || used->to_number<double>() <= most
        || std::ranges::count(state_.over_budget, name) > 0)
      continue;
    over_budget_.push_back({name, make_datum(*used), make_datum(plain(most))});
  }
  return std::nullopt;
}

// Behind what the task itself leads to, which stands.
void planner::stop_at_budget() {
  const bool goes_on
    = state_.status == instance_status::running
      && std::ranges::none_of(plan, [](const event& fact) {
           return std::holds_alternative<events::instance_faulted>(fact)
                  || std::holds_alternative<events::instance_suspending>(fact)
                  || std::holds_alternative<events::rollback_started>(fact);
         });
  for (auto& one : over_budget_) {
    const auto detail = "its budget of '" + one.name + "' is used up: "
                        + to_text(*one.used) + " of " + to_text(*one.budget);
    plan.emplace_back(std::move(one));
    if (goes_on)
      plan.emplace_back(
        events::instance_suspending{pause_mode::drain, detail, false});
  }
  over_budget_.clear();
}

void folder::operator()(const events::task_metered& x) {
  auto sums = object_of(s_.usage);
  add_usage(sums, x.usage->as_object());
  s_.usage = make_datum(std::move(sums));
  auto all = object_of(s_.task_usage);
  auto& of_task = all[x.task];
  if (!of_task.is_object())
    of_task.emplace_object();
  add_usage(of_task.get_object(), x.usage->as_object());
  s_.task_usage = make_datum(std::move(all));
}

void folder::operator()(const events::instance_over_budget& x) {
  s_.over_budget.push_back(x.name);
}

void folder::operator()(const events::flags_seen& x) {
  s_.flags = x.flags;
}

} // namespace pawl
