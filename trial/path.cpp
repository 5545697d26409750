#include "trial/path.hpp"

#include "base/overload.hpp"
#include "trial/reply.hpp"

namespace pawl::trial {

namespace {

std::string shown_in(const json::object& of, const char* name) {
  const auto* found = of.if_contains(name);
  return found == nullptr     ? std::string{}
         : found->is_string() ? std::string{found->get_string()}
                              : to_text(*found);
}

std::string type_of_event(const datum& event) {
  const auto* members = event ? event->if_object() : nullptr;
  return members == nullptr ? std::string{} : shown_in(*members, "type");
}

bool holds_others(const task& node) {
  return std::holds_alternative<tasks::do_block>(node.kind)
         || std::holds_alternative<tasks::for_each>(node.kind)
         || std::holds_alternative<tasks::fork>(node.kind)
         || std::holds_alternative<tasks::try_catch>(node.kind)
         || std::holds_alternative<tasks::call_function>(node.kind);
}

bool decides(const task& node) {
  return std::holds_alternative<tasks::switch_on>(node.kind)
         || std::holds_alternative<tasks::for_each>(node.kind) || node.if_;
}

std::string case_of(const task& node, std::uint32_t branch) {
  const auto* choice = std::get_if<tasks::switch_on>(&node.kind);
  if (choice == nullptr)
    return {};
  if (branch == 0 || branch > choice->cases.size())
    return "no case";
  return "case " + choice->cases[branch - 1].name;
}

} // namespace

std::string line_of_error(const json::value& problem) {
  const auto* members = problem.if_object();
  if (members == nullptr)
    return {};
  auto type = shown_in(*members, "type");
  type = type.substr(type.rfind('/') + 1);
  auto line = type + " " + shown_in(*members, "status");
  auto said = shown_in(*members, "detail");
  if (said.empty())
    said = shown_in(*members, "title");
  return said.empty() ? line : line + ": " + said;
}

path_step& path::add(timestamp at, const std::string& task) {
  path_step made{.at = at, .task = task, .name = {}};
  if (const auto found = of_->by_pointer.find(task);
      found != of_->by_pointer.end())
    made.name = of_->tasks[found->second].name;
  return steps_.emplace_back(std::move(made));
}

path_step* path::find(frame_id frame) {
  const auto found = by_frame_.find(frame);
  return found == by_frame_.end() ? nullptr : &steps_[found->second];
}

std::uint32_t path::depth_below(frame_id parent) const {
  const auto found = depth_.find(parent);
  return found == depth_.end() ? 0 : found->second + 1;
}

void path::open(frame_id frame, frame_id parent, const std::string& mark) {
  depth_[frame] = depth_below(parent);
  const auto around = marks_.find(parent);
  marks_[frame]
    = (around == marks_.end() ? std::string{} : around->second) + "." + mark;
}

void path::remark(timestamp at, const std::string& task, std::string outcome,
                  std::string detail) {
  auto& line = add(at, task);
  line.is_task = false;
  line.outcome = std::move(outcome);
  line.detail = std::move(detail);
}

void path::act(frame_id frame, json::object action, bool assumed) {
  auto* step = find(frame);
  if (step == nullptr)
    return;
  step->action = std::move(action);
  step->assumed = assumed;
  assumes_ = assumes_ || assumed;
}

void path::begin(const events::task_started& fact, timestamp at) {
  auto& step = add(at, fact.task);
  step.attempt = fact.attempt;
  step.visit = fact.visit;
  step.depth = depth_below(fact.parent);
  open(fact.frame, fact.parent, std::to_string(fact.visit));
  step.again = !visits_.insert(fact.task + marks_[fact.frame]).second;
  by_frame_[fact.frame] = steps_.size() - 1;
  const auto& node = of_->tasks[of_->by_pointer.at(fact.task)];
  step.title = title_of(node);
  step.holds_others = holds_others(node);
  step.uncertain = assumes_ && decides(node);
}

void path::skip(const events::task_skipped& fact, timestamp at) {
  if (fact.frame != 0)
    return end(fact.frame, "skipped", fact.reason);
  auto& step = add(at, fact.task);
  step.depth = depth_below(fact.parent);
  step.title = title_of(of_->tasks[of_->by_pointer.at(fact.task)]);
  step.outcome = "skipped";
  step.detail = "its `if` does not hold";
  step.uncertain = assumes_;
}

void path::end(frame_id frame, std::string outcome, std::string detail) {
  auto* step = find(frame);
  if (step == nullptr)
    return;
  step->outcome = std::move(outcome);
  if (!detail.empty())
    step->detail = std::move(detail);
}

void path::see(const event& fact, timestamp at) {
  std::visit(
    overload{
      [&](const events::task_started& x) { begin(x, at); },
      [&](const events::task_skipped& x) { skip(x, at); },
      [&](const events::task_completed& x) {
        const auto& node = of_->tasks[of_->by_pointer.at(x.task)];
        end(x.frame, "completed", case_of(node, x.branch));
      },
      [&](const events::task_faulted& x) {
        end(x.frame, "faulted", line_of_error(*x.error));
      },
      [&](const events::task_cancelled& x) { end(x.frame, "cancelled"); },
      [&](const events::task_caught& x) {
        remark(at, x.task, "caught", line_of_error(*x.error));
      },
      [&](const events::task_retried& x) {
        const auto delay = x.until ? *x.until - at : duration{};
        remark(at, x.task, "retried",
               "attempt " + std::to_string(x.attempt) + " in "
                 + to_text(calendar_duration{.months = 0, .rest = delay}));
      },
      [&](const events::branch_started& x) {
        open(x.frame, x.parent, "b" + std::to_string(x.number));
      },
      [&](const events::task_extended& x) {
        open(x.frame, x.parent, std::to_string(x.visit));
      },
      [&](const events::compensation_started& x) {
        open(x.frame, x.parent, "u" + std::to_string(x.frame));
        remark(at, x.task, "taken back", "");
      },
      [&](const events::cleanup_started& x) {
        open(x.frame, x.parent, "r" + std::to_string(x.frame));
        remark(at, x.task, "put in order", "");
      },
      [&](const events::rollback_started& x) {
        remark(at, x.task, "rolled back", x.reason);
      },
      [&](const events::approval_voted& x) {
        remark(at, x.task, x.outcome, "by " + x.by);
      },
      [&](const events::approval_escalated& x) {
        remark(at, x.task, "escalated", "");
      },
      [&](const events::state_changed& x) {
        remark(at, x.task, "state", x.from + " -> " + x.to);
      },
      [&](const events::event_received& x) {
        remark(at, "", "event", type_of_event(x.event));
      },
      [](const auto&) {}},
    fact);
}

} // namespace pawl::trial
