#include "actors/tracing/span_watch.hpp"

#include "base/overload.hpp"
#include "workflow/sensitive.hpp"
#include "workflow/trace.hpp"

#include <utility>

namespace pawl::actors {

namespace {

constexpr std::size_t parent_at = 36; ///< In a `traceparent`.
constexpr std::size_t parent_size = 16;
constexpr std::string_view recorded_flags = "01";

/// Whether the effect of such a task leaves under a `traceparent`.
bool has_effect(const task& node) {
  return std::holds_alternative<tasks::call_http>(node.kind)
         || std::holds_alternative<tasks::call_openapi>(node.kind)
         || std::holds_alternative<tasks::run_program>(node.kind)
         || std::holds_alternative<tasks::run_workflow>(node.kind)
         || std::holds_alternative<tasks::worker_job>(node.kind)
         || std::holds_alternative<tasks::notify>(node.kind);
}

span_kind kind_of(const task& node) {
  if (std::holds_alternative<tasks::worker_job>(node.kind))
    return span_kind::producer;
  return has_effect(node)
             && !std::holds_alternative<tasks::run_program>(node.kind)
           ? span_kind::client
           : span_kind::internal;
}

/// The id of what leaves under no `traceparent`: it must outlive the daemon,
/// and differ from that of a frame that an operator has begun again.
std::string inner_id(const instance_state& s, frame_id frame, timestamp begun) {
  return span_of(s.ns + "/" + s.id + "/" + to_text(s.created) + "#"
                   + std::to_string(frame) + "@" + to_text(begun),
                 0);
}

/// What may be told of a fault: its words may hold what must be hidden, and its
/// detail may hold anything.
void add_fault(trace_span& to, const json::value& error, const machine& flow) {
  to.failed = true;
  const masker hides{flow.state(), flow.flow()};
  const auto shown = hides.anything(error);
  const auto* problem = shown.if_object();
  if (problem == nullptr)
    return;
  if (const auto* type = problem->if_contains("type");
      type != nullptr && type->is_string())
    to.attributes.emplace_back("error.type", *type);
  if (const auto* status = problem->if_contains("status");
      status != nullptr && status->is_number())
    to.attributes.emplace_back("pawl.error.status", *status);
  if (const auto* title = problem->if_contains("title");
      title != nullptr && title->is_string())
    to.fault = title->get_string();
}

} // namespace

bool is_recorded(const instance_state& s) {
  constexpr std::string_view odd = "13579bdf";
  return s.traceparent.empty()
         || odd.find(s.traceparent.back()) != std::string_view::npos;
}

void mark_recorded(std::string& traceparent, const instance_state& s) {
  if (s.traceparent.empty() && traceparent.size() > recorded_flags.size())
    traceparent.replace(traceparent.size() - recorded_flags.size(),
                        recorded_flags.size(), recorded_flags);
}

struct span_watch::turn {
  timestamp at;
  const machine& flow;
  std::vector<trace_span> out = {};
  /// Frames of this turn that are no tasks, each with what it hangs below.
  std::map<frame_id, frame_id> scopes = {};
  bool ended = false; ///< The instance.

  [[nodiscard]] const instance_state& state() const { return flow.state(); }
  [[nodiscard]] const task& node(task_index at_index) const {
    return flow.flow().tasks[at_index];
  }
  void add(const open_task& of, std::string_view how,
           const json::value* error = nullptr);
};

void span_watch::turn::add(const open_task& of, std::string_view how,
                           const json::value* error) {
  const auto& s = state();
  const auto& what = node(of.node);
  auto& made = out.emplace_back(trace_span{
    .trace = trace_of(s),
    .id = of.id,
    .parent = of.parent,
    .name = what.name,
    .kind = kind_of(what),
    .begun = of.begun,
    .ended = at,
    .attributes = {{"pawl.namespace", json::value(s.ns)},
                   {"pawl.instance", json::value(s.id)},
                   {"pawl.workflow", json::value(s.workflow.name)},
                   {"pawl.task", json::value(what.pointer)},
                   {"pawl.kind", json::value(what.kind_name)},
                   {"pawl.attempt", json::value(std::int64_t{of.attempt})},
                   {"pawl.end", json::value(how)}}});
  if (error != nullptr)
    add_fault(made, *error, flow);
}

void span_watch::begin(const machine& flow) {
  const auto& s = flow.state();
  open_.clear();
  if (!is_recorded(s))
    return;
  const turn now{.at = s.updated, .flow = flow};
  // A frame comes behind the one that it hangs below.
  for (const auto& [id, f] : s.frames) {
    if (!f.node || f.role != frame_role::task || f.at == phase::faulted
        || f.at == phase::entering)
      continue;
    open_[id] = {.id = has_effect(now.node(*f.node))
                         ? span_of(effect_key(s, f, flow.flow()), f.attempt)
                         : inner_id(s, id, f.started),
                 .parent = parent_of(f.parent, now),
                 .node = *f.node,
                 .begun = f.started,
                 .attempt = f.attempt,
                 .told = ended(s.status),
                 .stood = f.stopped};
  }
}

std::vector<trace_span> span_watch::after(std::span<const event> facts,
                                          timestamp at, const machine& flow) {
  if (!is_recorded(flow.state()))
    return {};
  turn now{.at = at, .flow = flow};
  for (const auto& fact : facts)
    look(fact, now);
  settle(now);
  return std::move(now.out);
}

void span_watch::look(const event& fact, turn& now) {
  std::visit(
    overload{
      [&](const events::task_started& x) { open(x, now); },
      [&](const events::task_completed& x) {
        end(x.frame, "completed", nullptr, now);
      },
      [&](const events::task_faulted& x) {
        end(x.frame, "faulted", x.error.get(), now);
      },
      [&](const events::task_skipped& x) {
        end(x.frame, "skipped", nullptr, now);
      },
      [&](const events::task_cancelled& x) {
        if (!x.again)
          end(x.frame, "cancelled", nullptr, now);
      },
      [&](const events::instance_resumed&) {
        for (auto& [frame, one] : open_)
          if (std::exchange(one.stood, false))
            one.begun = now.at;
      },
      [&](const events::branch_started& x) { now.scopes[x.frame] = x.parent; },
      [&](const events::task_extended& x) { now.scopes[x.frame] = x.parent; },
      [&](const events::compensation_started& x) {
        now.scopes[x.frame] = x.parent;
      },
      [&](const events::cleanup_started& x) { now.scopes[x.frame] = x.parent; },
      [&](const events::instance_completed&) { now.ended = true; },
      [&](const events::instance_faulted&) { now.ended = true; },
      [&](const events::instance_cancelled&) { now.ended = true; },
      [](const auto&) {},
    },
    fact);
}

void span_watch::open(const events::task_started& x, turn& now) {
  const auto& s = now.state();
  const auto& of = now.flow.flow();
  const auto known = of.by_pointer.find(x.task);
  if (known == of.by_pointer.end())
    return;
  const auto node = known->second;
  const auto found = s.frames.find(x.frame);
  // What is over within its turn has had no effect.
  const bool leaves = found != s.frames.end() && found->second.node == node
                      && has_effect(of.tasks[node]);
  open_[x.frame]
    = {.id = leaves ? span_of(effect_key(s, found->second, of), x.attempt)
                    : inner_id(s, x.frame, now.at),
       .parent = parent_of(x.parent, now),
       .node = node,
       .begun = now.at,
       .attempt = x.attempt};
}

void span_watch::end(frame_id frame, std::string_view how,
                     const json::value* error, turn& now) {
  const auto found = open_.find(frame);
  if (found == open_.end())
    return;
  now.add(found->second, how, error);
  open_.erase(found);
}

std::string span_watch::parent_of(frame_id frame, const turn& now) const {
  const auto& s = now.state();
  while (frame != 0) {
    if (const auto found = open_.find(frame); found != open_.end())
      return found->second.id;
    if (const auto scope = now.scopes.find(frame); scope != now.scopes.end())
      frame = scope->second;
    else if (const auto there = s.frames.find(frame); there != s.frames.end())
      frame = there->second.parent;
    else
      break;
  }
  return span_of(s);
}

// What has gone without a fact of its own, and what is tried once more under
// another id.
void span_watch::settle(turn& now) {
  const auto& s = now.state();
  for (auto each = open_.begin(); each != open_.end();) {
    auto& one = each->second;
    const auto found = s.frames.find(each->first);
    if (found == s.frames.end()) {
      if (!one.told)
        now.add(one, "cancelled");
      each = open_.erase(each);
      continue;
    }
    const auto& f = found->second;
    const bool leaves = has_effect(now.node(one.node));
    if (leaves && f.attempt != one.attempt) {
      if (!one.told)
        now.add(one, "interrupted");
      one.id = span_of(effect_key(s, f, now.flow.flow()), f.attempt);
      one.begun = now.at;
      one.attempt = f.attempt;
      one.told = false;
      one.stood = f.stopped;
    }
    if (now.ended && !std::exchange(one.told, true))
      now.add(one, "interrupted");
    ++each;
  }
  if (now.ended)
    end_instance(now);
}

void span_watch::end_instance(turn& now) {
  const auto& s = now.state();
  const bool asked = !s.traceparent.empty() && s.parent.empty();
  auto& made = now.out.emplace_back(trace_span{
    .trace = trace_of(s),
    .id = span_of(s),
    .parent = s.traceparent.empty()
                ? std::string{}
                : s.traceparent.substr(parent_at, parent_size),
    .name = s.workflow.name,
    .kind = asked ? span_kind::server : span_kind::internal,
    .begun = s.started.value_or(s.created),
    .ended = now.at,
    .attributes = {{"pawl.namespace", json::value(s.ns)},
                   {"pawl.instance", json::value(s.id)},
                   {"pawl.workflow", json::value(s.workflow.name)},
                   {"pawl.version", json::value(s.workflow.version)},
                   {"pawl.status", json::value(to_text(s.status))}}});
  if (!s.parent.empty())
    made.attributes.emplace_back("pawl.parent", json::value(s.parent));
  if (s.status == instance_status::faulted && s.error)
    add_fault(made, *s.error, now.flow);
}

} // namespace pawl::actors
