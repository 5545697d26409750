#include "workflow/planner.hpp"
#include "workflow/redo.hpp"
#include "workflow/sensitive.hpp"

#include <algorithm>

namespace pawl {

void planner::begin_step(timestamp now, std::uint64_t seed) {
  plan.clear();
  emitted.reset();
  logged.reset();
  now_ = now;
  random_ = split_mix{seed};
  over_budget_.clear();
  next_timer_ = state_.next_timer;
}

vantage planner::seen_from(const entry& e) const {
  return {.node = e.node,
          .scope = e.parent,
          .raw = e.raw,
          .input = e.input,
          .output = nullptr,
          .raw_output = nullptr,
          .started = now_};
}

vantage planner::seen_from(const frame& f) const {
  return {.node = f.node ? &of_.tasks[*f.node] : nullptr,
          .scope = f.parent,
          .raw = f.raw,
          .input = f.input,
          .output = nullptr,
          .raw_output = nullptr,
          .started = f.started};
}

void planner::advance(const frame& f) {
  if (wants_cleanup(f))
    return begin_cleanup(f);
  if (f.at == phase::entering)
    return begin_again(f);
  if (state_.rollback && state_.rollback->scope == f.id)
    return advance_rollback(f);
  if (owns_lanes(of_, f))
    return advance_lanes(f);
  const auto body = body_of(of_, f);
  if (f.cursor < body.size())
    return enter(f, of_.tasks[body[f.cursor]]);
  if (!f.node)
    return complete_workflow(f);
  const auto& node = of_.tasks[*f.node];
  if (f.role == frame_role::lane) {
    plan.emplace_back(
      events::branch_completed{f.id, node.pointer, f.lane, f.data});
    return;
  }
  if (f.role == frame_role::wrap)
    return advance_wrap(f);
  if (f.role == frame_role::cleanup) {
    plan.emplace_back(events::cleanup_completed{f.id, node.pointer});
    return;
  }
  if (f.role == frame_role::undo) {
    plan.emplace_back(events::compensation_completed{f.id, node.pointer});
    return;
  }
  if (f.role == frame_role::redo)
    return complete_redo(f);
  if (const auto* loop = std::get_if<tasks::for_each>(&node.kind))
    return advance_loop(*this, f, *loop);
  if (std::holds_alternative<tasks::listen>(node.kind))
    return end_item(f);
  finish(f, f.data);
}

void planner::enter(const frame& parent, const task& node) {
  const bool wrapped
    = parent.role == frame_role::wrap && parent.node == node.index;
  const auto before = parent.entered.find(node.index);
  entry e{.id = state_.next_frame,
          .parent = parent.id,
          .node = &node,
          .visit = before == parent.entered.end() ? 1 : before->second + 1,
          .attempt = attempts_of_guards(parent.id),
          .raw = parent.data,
          .input = nullptr};
  if (node.if_ && !wrapped) {
    auto wanted = values_.holds(*node.if_, *e.raw, seen_from(e));
    if (!wanted) {
      e.input = e.raw;
      (void)start(e, false);
      return fail(e, wanted.error());
    }
    if (!*wanted) {
      plan.emplace_back(events::task_skipped{parent.id, node.pointer});
      return;
    }
  }
  if (!wrapped && !node.extended_by.empty() && extend(parent, e))
    return;
  begin(std::move(e));
}

// Whether `f` is about to be tried again and something has to be put in order
// before: as a whole, or a `try` with its next attempt.
bool planner::wants_cleanup(const frame& f) const {
  if (!f.node || f.role != frame_role::task
      || of_.tasks[*f.node].cleanup.empty() || f.cleaned == f.attempt)
    return false;
  return f.at == phase::entering
         || (f.retries > 0 && !f.handling && f.entered.empty()
             && f.cursor == 0);
}

void planner::begin_cleanup(const frame& f) {
  plan.emplace_back(events::cleanup_started{state_.next_frame, f.id,
                                            of_.tasks[*f.node].pointer});
}

void planner::begin_again(const frame& f) {
  begin({.id = f.id,
         .parent = f.parent,
         .node = &of_.tasks[*f.node],
         .visit = f.visit,
         .attempt = f.attempt,
         .raw = f.raw,
         .input = nullptr});
}

std::uint32_t planner::attempts_of_guards(frame_id scope) const {
  std::uint32_t attempts = 1;
  while (scope != 0) {
    const auto& f = state_.frames.at(scope);
    if (!f.handling) // The handler's tasks are tried for the first time.
      attempts += f.retries;
    scope = f.parent;
  }
  return attempts;
}

void planner::begin(entry e) {
  const auto& node = *e.node;
  e.input = e.raw;
  raised why;
  if (!check_schema(node.input.schema, *e.raw, "input", node.pointer, why)) {
    (void)start(e, false);
    return fail(e, std::move(why));
  }
  if (node.input.from) {
    auto at = seen_from(e);
    at.input = nullptr;
    auto transformed = values_.evaluate(*node.input.from, *e.raw, at);
    if (!transformed) {
      (void)start(e, false);
      return fail(e, transformed.error());
    }
    e.input = *transformed;
  }
  std::visit([&](const auto& what) { begin_task(*this, e, what); }, node.kind);
}

bool planner::start(const entry& e, bool lasting, datum arguments) {
  plan.emplace_back(
    events::task_started{.frame = e.id,
                         .parent = e.parent,
                         .task = e.node->pointer,
                         .visit = e.visit,
                         .attempt = e.attempt,
                         .input = e.input == e.raw ? nullptr : e.input,
                         .arguments = std::move(arguments)});
  if (e.node->moves && redo_around(state_, e.parent) == 0
      && !move_state(*e.node, e.node->moves->enter)) {
    fail(e, illegal_move(*e.node, e.node->moves->enter));
    return false;
  }
  if (!lasting || !e.node->timeout || is_limited(e))
    return true;
  auto length = values_.evaluate(*e.node->timeout, *e.input, seen_from(e));
  if (!length) {
    fail(e, length.error());
    return false;
  }
  arm(e.id, timer_purpose::timeout, add(now_, *length));
  return true;
}

// Whether the extensions around a task have its timeout.
bool planner::is_limited(const entry& e) const {
  const auto& scope = state_.frames.at(e.parent);
  return scope.role == frame_role::wrap && scope.node == e.node->index
         && std::ranges::any_of(state_.timers, [&](const auto& t) {
              return t.second.frame == scope.id
                     && t.second.purpose == timer_purpose::timeout;
            });
}

void planner::arm(frame_id frame, timer_purpose purpose, timestamp due) {
  plan.emplace_back(events::timer_armed{next_timer_++, frame, purpose, due});
}

void planner::finish(const entry& e, datum raw_output, std::uint32_t branch) {
  finish(e.id, e.parent, seen_from(e), std::move(raw_output), branch);
}

void planner::finish(const frame& f, datum raw_output, std::uint32_t branch) {
  finish(f.id, f.parent, seen_from(f), std::move(raw_output), branch);
}

void planner::finish(frame_id id, frame_id parent, const vantage& from,
                     datum raw_output, std::uint32_t branch) {
  const auto& node = *from.node;
  const auto redone = redo_around(state_, parent);
  if (node.usage) {
    auto told = values_.evaluate(*node.usage, *raw_output, from);
    if (!told)
      return fail(id, parent, node.pointer, told.error());
    if (auto why = meter(id, node, **told))
      return fail(id, parent, node.pointer, std::move(*why));
  }
  auto made = transform(node.output, node.exports, std::move(raw_output), from);
  if (!made)
    return fail(id, parent, node.pointer, made.error());
  if (node.moves && redone == 0 && !move_state(node, node.moves->done))
    return fail(id, parent, node.pointer, illegal_move(node, node.moves->done));
  const auto* cases = std::get_if<tasks::switch_on>(&node.kind);
  const auto& to = branch > 0 && cases != nullptr
                     ? cases->cases[branch - 1].then
                     : node.then;
  cancel_below(to.to == flow::kind::end ? redone : id,
               state_.frames.contains(id) ? id : parent, beside::stays);
  plan.emplace_back(events::task_completed{
    .frame = id,
    .task = node.pointer,
    .output = made->output == from.input ? nullptr : made->output,
    .context = made->context,
    .branch = branch});
  stop_at_budget();
}

or_raised<planner::put_out> planner::transform(const output_rule& output,
                                               const output_rule& exports,
                                               datum raw_output, vantage at) {
  const std::string_view pointer = at.node->pointer;
  at.raw_output = raw_output;
  put_out made{std::move(raw_output), nullptr};
  if (output.as) {
    auto value = values_.evaluate(*output.as, *made.output, at);
    if (!value)
      return value.error();
    made.output = *value;
  }
  raised why;
  if (!check_schema(output.schema, *made.output, "output", pointer, why))
    return why;
  if (!exports.as)
    return made;
  at.output = made.output;
  auto value = values_.evaluate(*exports.as, *made.output, at);
  if (!value)
    return value.error();
  made.context = *value;
  if (!check_schema(exports.schema, *made.context, "exported context", pointer,
                    why))
    return why;
  return made;
}

namespace {

// Below which places of definition::sensitive it stands.
std::string root_of(std::string_view what, std::string_view pointer) {
  if (what == "input" || what == "output")
    return std::string{pointer} + "/" + std::string{what};
  if (what.starts_with("workflow "))
    return "/" + std::string{what.substr(what.find(' ') + 1)};
  return what == "exported context" ? "/context" : std::string{};
}

} // namespace

bool planner::check_schema(const schema_ptr& rule, const json::value& value,
                           std::string_view what, std::string_view pointer,
                           raised& why) const {
  if (!rule)
    return true;
  auto faults = rule->check(value);
  if (faults.empty())
    return true;
  if (const auto root = root_of(what, pointer);
      !root.empty() && !of_.sensitive.empty())
    hide_sensitive(of_, root, value, faults);
  std::string detail = "the " + std::string{what} + " breaks its schema: ";
  json::array list;
  for (const auto& f : faults) {
    if (!list.empty())
      detail += "; ";
    detail += (f.pointer.empty() ? "/" : f.pointer) + " " + f.detail;
    list.push_back({{"pointer", f.pointer}, {"detail", f.detail}});
  }
  why.problem
    = make_problem(error_kind::validation, std::move(detail), pointer);
  why.problem["errors"] = std::move(list);
  return false;
}

void planner::complete_workflow(const frame& root) {
  vantage at{.node = nullptr,
             .scope = 0,
             .raw = state_.raw_input,
             .input = root.input,
             .output = nullptr,
             .raw_output = root.data,
             .started = state_.started.value_or(now_)};
  auto output = root.data;
  raised why;
  if (of_.output.as) {
    auto transformed = values_.evaluate(*of_.output.as, *output, at);
    if (!transformed)
      return fail(0, 0, "/", transformed.error());
    output = *transformed;
  }
  if (!check_schema(of_.output.schema, *output, "workflow output", "/", why))
    return fail(0, 0, "/", std::move(why));
  datum outcome;
  if (const auto* none = std::get_if<datum>(&of_.outcome.form);
      none == nullptr || !(*none)->is_null()) {
    auto made = values_.evaluate(of_.outcome, *output, at);
    if (!made)
      return fail(0, 0, "/", made.error());
    outcome = *made;
  }
  plan_index(output);
  plan.emplace_back(events::instance_completed{std::move(output), outcome});
}

void planner::arm_attempt(const frame& f) {
  const auto& guard = std::get<tasks::try_catch>(of_.tasks[*f.node].kind);
  auto limit = attempt_limit(*this, guard, seen_from(f));
  if (!limit)
    return fail(f, limit.error());
  if (*limit)
    arm(f.id, timer_purpose::attempt, **limit);
}

void planner::fire(const armed_timer& t) {
  plan.emplace_back(events::timer_fired{t.id});
  if (t.purpose == timer_purpose::start)
    return begin_workflow();
  if (t.purpose == timer_purpose::sla) {
    plan.emplace_back(events::instance_overdue{t.due});
    return;
  }
  if (t.purpose == timer_purpose::resume) {
    plan.emplace_back(events::instance_resumed{"the pause was until now"});
    return;
  }
  const auto& f = state_.frames.at(t.frame);
  const auto timeout = [&](std::string what) {
    return raised{std::in_place,
                  make_problem(error_kind::timeout, std::move(what),
                               f.node
                                 ? std::string_view{of_.tasks[*f.node].pointer}
                                 : "/")};
  };
  switch (t.purpose) {
  case timer_purpose::wait:
    return finish(f, f.input);
  case timer_purpose::backoff:
    return arm_attempt(f);
  case timer_purpose::timeout:
    return f.node
             ? fail(f, timeout("the task has taken longer than its timeout"))
             : fail(0, 0, "/",
                    timeout("the workflow has taken longer than its timeout"));
  case timer_purpose::resume:
  case timer_purpose::start:
  case timer_purpose::sla:
    return; // Above.
  case timer_purpose::due:
  case timer_purpose::remind:
    return approval_timer(f, t.purpose);
  case timer_purpose::attempt: {
    // As if the last task of the body had failed: the guard itself is asked.
    auto why = timeout("the attempt has taken longer than its limit");
    return fail(f.id, f.id, of_.tasks[*f.node].pointer, std::move(why));
  }
  }
}

} // namespace pawl
