#include "actors/figures/turn_watch.hpp"

#include "base/overload.hpp"
#include "workflow/problem.hpp"

#include <algorithm>

namespace pawl::actors {

std::string_view kind_word(const task& node) {
  using word = std::string_view;
  return std::visit(
    overload{[](const tasks::call_http&) -> word { return "http"; },
             [](const tasks::call_openapi&) -> word { return "openapi"; },
             [](const tasks::call_function&) -> word { return "function"; },
             [](const tasks::worker_job&) -> word { return "worker"; },
             [](const tasks::approval&) -> word { return "approval"; },
             [](const tasks::log&) -> word { return "log"; },
             [&](const auto&) -> word { return node.kind_name; }},
    node.kind);
}

bool is_container(std::string_view kind) {
  return kind == "do" || kind == "for" || kind == "fork" || kind == "try"
         || kind == "function";
}

std::string_view error_word(const json::value& error) {
  const auto* members = error.if_object();
  const auto* type
    = members == nullptr ? nullptr : members->if_contains("type");
  if (type == nullptr || !type->is_string())
    return "custom";
  constexpr std::pair<error_kind, std::string_view> words[]
    = {{error_kind::configuration, "configuration"},
       {error_kind::validation, "validation"},
       {error_kind::expression, "expression"},
       {error_kind::authentication, "authentication"},
       {error_kind::authorization, "authorization"},
       {error_kind::timeout, "timeout"},
       {error_kind::communication, "communication"},
       {error_kind::runtime, "runtime"}};
  const auto given = normal_error_type(type->get_string());
  for (const auto& [kind, word] : words)
    if (given == error_type(kind))
      return word;
  return "custom";
}

void turn_watch::begin(const machine& flow,
                       std::optional<timestamp> state_since) {
  state_since_ = state_since;
  const auto& s = flow.state();
  for (const auto& [id, f] : s.frames)
    if (f.node && f.role == frame_role::task && f.at != phase::faulted)
      open_[id] = {flow.flow().tasks[*f.node].pointer, f.started};
}

turn_figures turn_watch::after(std::span<const event> facts, timestamp at,
                               const machine& flow) {
  const auto& s = flow.state();
  turn_figures out;
  out.workflow = s.workflow;
  for (const auto& fact : facts)
    look(fact, at, flow, out);
  const auto& of = flow.flow();
  for (auto& one : out.tasks)
    if (const auto node = of.by_pointer.find(one.pointer);
        node != of.by_pointer.end())
      one.kind = kind_word(of.tasks[node->second]);
  if (open_.size() > s.frames.size() / 2)
    tidy(s);
  return out;
}

void turn_watch::look(const event& fact, timestamp at, const machine& flow,
                      turn_figures& out) {
  const auto& s = flow.state();
  const auto ended = [&](instance_status how) {
    out.ended = how;
    out.life = at - s.created;
  };
  std::visit(
    overload{
      [&](const events::instance_created&) { out.created = true; },
      [&](const events::instance_completed&) {
        ended(instance_status::completed);
        out.ran = at - s.started.value_or(s.created);
      },
      [&](const events::instance_faulted&) { ended(instance_status::faulted); },
      [&](const events::instance_cancelled&) {
        ended(instance_status::cancelled);
      },
      [&](const events::task_started& x) {
        if (open_.try_emplace(x.frame, open_task{x.task, at}).second)
          out.tasks.push_back({x.task, {}, std::nullopt, std::nullopt});
      },
      [&](const events::task_completed& x) {
        end(x.frame, x.task, task_end::completed, at, out);
      },
      [&](const events::task_faulted& x) {
        if (x.frame == 0)
          return;
        end(x.frame, x.task, task_end::faulted, at, out);
        out.tasks.back().error = error_word(*x.error);
      },
      [&](const events::task_retried& x) {
        out.tasks.push_back({x.task, {}, task_end::retried, std::nullopt});
      },
      [&](const events::task_skipped& x) {
        end(x.frame, x.task, task_end::skipped, at, out);
      },
      [&](const events::task_cancelled& x) {
        if (!x.again)
          end(x.frame, x.task, task_end::cancelled, at, out);
      },
      [&](const events::state_changed& x) {
        out.states.push_back({x.from, x.to, std::nullopt});
        if (state_since_ && !x.from.empty())
          out.states.back().dwell = at - *state_since_;
        state_since_ = at;
      },
      [&](const events::event_received&) { ++out.received; },
      [&](const events::approval_escalated&) { ++out.escalated; },
      [&](const events::event_consumed&) { ++out.consumed; },
      [](const auto&) {},
    },
    fact);
}

void turn_watch::end(frame_id frame, std::string_view pointer, task_end how,
                     timestamp at, turn_figures& out) {
  out.tasks.push_back({std::string{pointer}, {}, how, std::nullopt});
  const auto known = frame == 0 ? open_.end() : open_.find(frame);
  if (known == open_.end())
    return;
  out.tasks.back().dwell = at - known->second.entered;
  open_.erase(known);
}

void turn_watch::tidy(const instance_state& s) {
  std::erase_if(open_,
                [&](const auto& one) { return !s.frames.contains(one.first); });
}

} // namespace pawl::actors
