#include "actors/limits/limit_view.hpp"

#include "actors/faults/fault_injector.hpp"
#include "actors/limits/step_limits.hpp"
#include "workflow/shown.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

using waiting = limit_lines::waiting_step;

/// A task that waits for a token.
struct limited_task {
  const task* node = nullptr;
  std::uint32_t lane = 0;
  waiting what;
};

bool is_text(const json::value* value, std::string_view text) {
  return value != nullptr && value->is_string()
         && value->get_string().subview() == text;
}

std::vector<limited_task> find_limited(context& ctx, const instance_key& who,
                                       const machine& flow) {
  std::vector<limited_task> out;
  const auto& s = flow.state();
  if (ended(s.status))
    return out;
  for (auto& one : ctx.limiting->waiting_of(who)) {
    const auto f = s.frames.find(one.frame);
    if (f != s.frames.end() && f->second.node)
      out.push_back({&flow.flow().tasks[*f->second.node], lane_of(s, f->second),
                     std::move(one)});
  }
  return out;
}

std::string path_of(const limit_ref& of) {
  return "/v1/limits/" + of.name + (of.ns.empty() ? "" : "?namespace=" + of.ns);
}

json::object brief(const waiting& what) {
  json::object out{{"kind", "limit"}, {"name", what.of.name}};
  if (!what.of.ns.empty())
    out["namespace"] = what.of.ns;
  if (!what.key.empty())
    out["key"] = what.key;
  if (what.next)
    out["until"] = to_text(*what.next);
  return out;
}

json::object reason_of(const waiting& what, const task& node,
                       std::uint32_t lane) {
  auto out = brief(what);
  out["task"] = node.pointer;
  if (lane > 0)
    out["iteration"] = lane;
  out["since"] = to_text(what.since);
  out["detail"]
    = "it waits for a token of the limit '" + what.of.name + "'"
      + (what.next ? "; the next comes at " + to_text(*what.next)
                   : std::string{"; one comes when what holds it ends"});
  json::array moves;
  moves.emplace_back(json::object{
    {"name", "raise"}, {"method", "PUT"}, {"href", path_of(what.of)}});
  out["movedBy"] = std::move(moves);
  return out;
}

/// The jobs that wait in a queue, as far as a limit keeps them there.
void explain_jobs(context& ctx, const instance_key& who, const machine& flow,
                  json::array& blocked) {
  const auto entries = blocked; // It grows meanwhile.
  for (const auto& [id, f] : flow.state().frames) {
    if (!f.node || f.at != phase::handed)
      continue;
    const auto& node = flow.flow().tasks[*f.node];
    const auto* arguments = f.arguments ? f.arguments->if_object() : nullptr;
    if (!std::holds_alternative<tasks::worker_job>(node.kind)
        || arguments == nullptr)
      continue;
    const bool waits
      = std::ranges::any_of(entries, [&](const json::value& one) {
          const auto& members = one.as_object();
          return members.at("kind") == "worker" && !members.contains("worker")
                 && is_text(members.if_contains("task"), node.pointer);
        });
    if (!waits)
      continue;
    const auto job = limited_job({who, id}, flow.state().ns, *arguments);
    if (auto seen = ctx.limiting->obstacle(job_tokens(*ctx.limiting, job))) {
      seen->since = f.started;
      blocked.emplace_back(reason_of(*seen, node, lane_of(flow.state(), f)));
    }
  }
}

void explain_faults(const context& ctx, const machine& flow,
                    json::object& why) {
  if (ctx.faults->empty())
    return;
  json::array all;
  const auto& of = flow.flow();
  for (const auto& [id, f] : flow.state().frames) {
    if (!f.node || !is_leaf(flow.state(), f))
      continue;
    const auto& node = of.tasks[*f.node];
    struck_place where{.at = {of.id.ns, of.id.name, of.id.version},
                       .task = node.pointer};
    if (const auto* arguments
        = f.arguments ? f.arguments->if_object() : nullptr) {
      if (const auto* uri = arguments->if_contains("uri");
          uri != nullptr && uri->is_string())
        where.uri = uri->get_string();
      if (const auto* queue = arguments->if_contains("queue");
          queue != nullptr && queue->is_string())
        where.queue = queue->get_string();
    }
    for (auto& one : ctx.faults->threats(where))
      all.emplace_back(std::move(one));
  }
  if (!all.empty())
    why["injectedFaults"] = std::move(all);
}

} // namespace

void show_limits(context& ctx, const instance_key& who, const machine& flow,
                 json::object& shown) {
  const auto limited = find_limited(ctx, who, flow);
  if (limited.empty())
    return;
  auto& current = shown["current"].as_array();
  for (const auto& one : limited)
    for (auto& entry : current) {
      auto& members = entry.as_object();
      const auto* in = members.if_contains("iteration");
      const auto lane = in == nullptr ? 0U : in->to_number<std::uint32_t>();
      if (!is_text(members.if_contains("task"), one.node->pointer)
          || lane != one.lane)
        continue;
      members["status"] = "waiting";
      members["waitingFor"] = brief(one.what);
    }
  if (shown.at("status") == "running"
      && std::ranges::none_of(current, [](const json::value& one) {
           return one.at("status") == "running";
         }))
    shown["status"] = "waiting";
}

void explain_limits(context& ctx, const instance_key& who, const machine& flow,
                    json::object& why) {
  if (ended(flow.state().status))
    return;
  auto& blocked = why["blockedBy"].as_array();
  auto& waits = why["waitsFor"].as_array();
  explain_jobs(ctx, who, flow, blocked);
  const auto limited = find_limited(ctx, who, flow);
  for (const auto& one : limited) {
    const auto found
      = std::ranges::find_if(waits, [&](const json::value& entry) {
          const auto& members = entry.as_object();
          const auto* in = members.if_contains("iteration");
          const auto lane = in == nullptr ? 0U : in->to_number<std::uint32_t>();
          return members.at("kind") == "call"
                 && is_text(members.if_contains("task"), one.node->pointer)
                 && lane == one.lane;
        });
    if (found != waits.end())
      waits.erase(found);
    blocked.emplace_back(reason_of(one.what, *one.node, one.lane));
  }
  if (!limited.empty() && why.at("status") == "running"
      && std::ranges::none_of(
        waits, [](const json::value& one) { return one.at("kind") == "call"; }))
    why["status"] = "waiting";
  explain_faults(ctx, flow, why);
}

} // namespace pawl::actors
