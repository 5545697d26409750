#include "workflow/approval.hpp"
#include "workflow/folder.hpp"
#include "workflow/planner.hpp"
#include "workflow/progress.hpp"
#include "workflow/redo.hpp"
#include "workflow/shown.hpp"

#include <algorithm>

namespace pawl {

namespace {

json::value time_or_null(const std::optional<timestamp>& t) {
  return t ? json::value(to_text(*t)) : json::value{};
}

// The constants of the filters, which is what people know an event by.
json::value waiting_for_events(const event_strategy& by) {
  const auto shown = [](const event_filter& filter) {
    json::object with;
    for (const auto& [key, rule] : filter.with)
      if (const auto* fixed = std::get_if<datum>(&rule.form))
        with[key] = **fixed;
    return with;
  };
  json::object out{{"kind", "event"}};
  if (by.how == event_strategy::kind::one) {
    out["with"] = shown(by.filters.front());
    return out;
  }
  auto& all
    = out[by.how == event_strategy::kind::any ? "any" : "all"].emplace_array();
  for (const auto& filter : by.filters)
    all.push_back(shown(filter));
  return out;
}

json::value waiting_for_somebody(const frame& f, const task& node) {
  const auto& order = f.arguments->as_object();
  const bool child = awaited_child(node) != nullptr;
  json::object out{{"kind", child ? "child" : "worker"}};
  if (child)
    out["instance"] = order.at("id");
  const std::string_view where = child ? "namespace" : "queue";
  out[where] = order.at(where);
  return out;
}

json::array current_of(const instance_state& s, const definition& of) {
  json::array current;
  if (s.status == instance_status::completed
      || s.status == instance_status::cancelled)
    return current;
  for (const auto& [id, f] : s.frames) {
    if (!is_leaf(s, f))
      continue;
    const auto& node = of.tasks[*f.node];
    json::object one{{"task", node.pointer},   {"name", node.name},
                     {"kind", node.kind_name}, {"status", task_status(s, f)},
                     {"attempt", f.attempt},   {"since", to_text(f.started)}};
    if (auto wait = waiting_for(s, f, node); !wait.is_null())
      one["waitingFor"] = std::move(wait);
    if (const auto lane = lane_of(s, f); lane > 0)
      one["iteration"] = lane;
    if (redo_around(s, id) != 0)
      one["redo"] = true;
    current.push_back(std::move(one));
  }
  return current;
}

json::object pause_of(const instance_state& s) {
  return {{"mode", s.mode == pause_mode::drain ? "drain" : "interrupt"},
          {"timers", s.freeze ? "freeze" : "run"},
          {"since", time_or_null(s.paused)},
          {"until", time_or_null(due_of(s, timer_purpose::resume))}};
}

json::object rollback_of(const instance_state& s, const definition& of) {
  constexpr std::string_view ends[] = {"continue", "fault", "cancel"};
  const auto& r = *s.rollback;
  return {
    {"to", r.target ? json::value(of.tasks[*r.target].pointer) : json::value{}},
    {"then", ends[static_cast<std::size_t>(r.then) - 1]},
    {"begun", r.begun}};
}

// Without experience; whoever has some tells more.
json::object shown_progress(const instance_state& s, const definition& of) {
  const auto told
    = progress_of(s, of, s.updated, [](const auto&) { return std::nullopt; });
  return {{"completed", s.tasks_completed},
          {"faulted", s.tasks_faulted},
          {"percent", told.percent},
          {"estimatedEnd", nullptr}};
}

json::object usage_of(const instance_state& s, const definition& of,
                      const json::object& used) {
  json::object out{{"total", used}, {"tasks", *s.task_usage}};
  json::object budget;
  for (const auto& [name, most] : of.budget)
    budget[name] = most;
  if (!budget.empty())
    out["budget"] = std::move(budget);
  return out;
}

json::value error_of(const instance_state& s) {
  const auto* problem = s.error->if_object();
  if (problem == nullptr)
    return nullptr;
  auto shown = *problem;
  const auto faulted = s.frames.find(s.faulted_frame);
  if (faulted != s.frames.end())
    shown["attempt"] = faulted->second.attempt;
  shown["at"] = time_or_null(s.ended);
  return shown;
}

} // namespace

bool is_leaf(const instance_state& s, const frame& f) {
  // The extensions around a task, when its time is over, stand for it.
  return f.node && (f.role == frame_role::task || f.at == phase::faulted)
         && std::ranges::none_of(s.frames, [&](const auto& other) {
              return other.second.parent == f.id && other.first != f.id;
            });
}

std::string_view task_status(const instance_state& s, const frame& f) {
  if (f.at == phase::faulted)
    return "faulted";
  // What a fault elsewhere interrupted goes on with a retry.
  if (f.stopped || s.status == instance_status::suspended
      || s.status == instance_status::faulted)
    return "suspended";
  return f.at == phase::waiting || f.at == phase::backoff
             || f.at == phase::handed
           ? "waiting"
           : "running";
}

json::value waiting_for(const instance_state& s, const frame& f,
                        const task& node) {
  const auto due = [&](timer_purpose purpose) -> json::value {
    for (const auto& [id, t] : s.timers)
      if (t.frame == f.id && t.purpose == purpose)
        return json::value(to_text(t.due));
    return nullptr;
  };
  if (f.at == phase::faulted && is_open_approval(f))
    return waiting_for_people(s, f);
  if (f.at == phase::backoff)
    return {{"kind", "retry"}, {"until", due(timer_purpose::backoff)}};
  if (f.at == phase::handed)
    return waiting_for_somebody(f, node);
  if (f.at != phase::waiting)
    return nullptr;
  if (is_open_approval(f))
    return waiting_for_people(s, f);
  if (std::holds_alternative<tasks::wait>(node.kind))
    return {{"kind", "timer"}, {"until", due(timer_purpose::wait)}};
  return waiting_for_events(std::get<tasks::listen>(node.kind).to);
}

std::optional<timestamp> due_of(const instance_state& s,
                                timer_purpose purpose) {
  for (const auto& [id, t] : s.timers)
    if (t.purpose == purpose)
      return t.due;
  return std::nullopt;
}

std::uint32_t lane_of(const instance_state& s, const frame& f) {
  for (const auto* at = &f; at->id != 0; at = &s.frames.at(at->parent))
    if (at->role == frame_role::lane)
      return at->lane;
  return 0;
}

instance_status shown_status(const instance_state& state, const definition&) {
  if (state.status != instance_status::running)
    return state.status;
  bool waits = false;
  for (const auto& [id, f] : state.frames) {
    if (f.at == phase::ready || f.at == phase::entering
        || f.at == phase::running)
      return instance_status::running;
    waits = waits || f.at == phase::waiting || f.at == phase::backoff
            || f.at == phase::handed;
  }
  return waits ? instance_status::waiting : instance_status::running;
}

json::object action_of(std::string_view id, std::string_view verb) {
  const auto path = verb == "event" ? std::string_view{"events"} : verb;
  return {
    {"name", verb},
    {"method", "POST"},
    {"href", "/v1/instances/" + std::string{id} + "/" + std::string{path}}};
}

json::array allowed_actions(const instance_state& s) {
  json::array all;
  for (const auto verb : allowed_verbs(s))
    if (verb != "approve" && verb != "reject")
      all.emplace_back(action_of(s.id, verb));
  if (!takes_votes(s))
    return all;
  for (const auto& [id, f] : s.frames)
    if (is_open_approval(f))
      for (auto& one : approval_actions(s, f))
        all.emplace_back(std::move(one));
  return all;
}

json::object view(const instance_state& s, const definition& of) {
  json::object labels;
  for (const auto& [key, value] : s.labels)
    labels[key] = value;
  json::object found_by;
  const auto shown = shown_status(s, of);
  json::object out{{"id", s.id},
                   {"workflow",
                    {{"namespace", s.workflow.ns},
                     {"name", s.workflow.name},
                     {"version", s.workflow.version}}},
                   {"status", to_text(shown)},
                   {"state", s.business_state.empty()
                               ? json::value{}
                               : json::value(s.business_state)},
                   {"outcome", *s.outcome},
                   {"sequence", s.last},
                   {"createdAt", to_text(s.created)},
                   {"startedAt", time_or_null(s.started)},
                   {"updatedAt", to_text(s.updated)},
                   {"endedAt", time_or_null(s.ended)},
                   {"labels", std::move(labels)},
                   {"input", *s.raw_input},
                   {"output", *s.output},
                   {"context", *s.context},
                   {"error", error_of(s)},
                   {"current", current_of(s, of)},
                   {"progress", shown_progress(s, of)},
                   {"allowedActions", actions_now(s, of)}};
  if (!s.reason.empty())
    out["reason"] = s.reason;
  if (!s.parent.empty())
    out["parent"] = s.parent;
  if (s.paused)
    out["pause"] = pause_of(s);
  if (s.rollback)
    out["rollback"] = rollback_of(s, of);
  if (const auto due = due_of(s, timer_purpose::start))
    out["startAt"] = to_text(*due);
  for (const auto& [name, value] : s.index)
    found_by[name] = value;
  if (!found_by.empty())
    out["index"] = std::move(found_by);
  if (const auto* used = s.usage->if_object())
    out["usage"] = usage_of(s, of, *used);
  if (of.sla && s.started)
    out["sla"]
      = {{"due", to_text(*s.started + *of.sla)}, {"overdue", s.overdue}};
  return out;
}

} // namespace pawl
