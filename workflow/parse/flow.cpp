#include "workflow/parse/context.hpp"

#include <algorithm>
#include <unordered_map>

namespace pawl::parsing {

namespace {

flow& field_of(context& c, const pending_jump& jump) {
  auto& owner = c.out.tasks[jump.owner];
  switch (jump.which) {
  case pending_jump::field::switch_case:
    return std::get<tasks::switch_on>(owner.kind).cases[jump.switch_case].then;
  case pending_jump::field::catch_then:
    return std::get<tasks::try_catch>(owner.kind).then;
  case pending_jump::field::then:
    break;
  }
  return owner.then;
}

/// Says that no task of the list has the name that `jump` leads to, and what
/// may be meant.
void report_unknown(context& c, const pending_jump& jump,
                    const std::vector<std::string_view>& names) {
  for (const auto& task : c.out.tasks)
    if (task.name == jump.target) {
      c.faults.invalid(
        jump.where, "the task " + quoted(jump.target) + " is at " + task.pointer
                      + ", but a flow directive may only lead to a task "
                        "of the same list");
      return;
    }
  auto candidates = names;
  for (const std::string_view directive : {"continue", "exit", "end"})
    candidates.push_back(directive);
  c.faults.invalid(jump.where, "there is no task " + quoted(jump.target)
                                 + " in this list."
                                 + did_you_mean(jump.target, candidates));
}

/// Walks the ways through one list and marks the places that can be reached.
class reachability {
public:
  reachability(const context& c, const task_list& list)
      : c_{c}, list_{list}, reached_(list.size(), false) {
    for (std::size_t i = 0; i < list.size(); ++i)
      place_of_[list[i]] = i;
  }

  const std::vector<bool>& walk() {
    visit(0);
    while (!open_.empty()) {
      const auto i = open_.back();
      open_.pop_back();
      leave(i);
    }
    return reached_;
  }

private:
  void visit(std::size_t i) {
    if (i >= list_.size() || reached_[i])
      return;
    reached_[i] = true;
    open_.push_back(i);
  }

  void follow(const flow& to, std::size_t from) {
    if (to.to == flow::kind::proceed)
      visit(from + 1);
    else if (to.to == flow::kind::jump)
      visit(place_of_.at(to.target));
  }

  void leave(std::size_t i) {
    const auto& task = c_.out.tasks[list_[i]];
    bool own = true; // Whether the task's own `then` can come to be followed.
    if (const auto* cases = std::get_if<tasks::switch_on>(&task.kind)) {
      for (const auto& each : cases->cases) {
        follow(each.then, i);
        own = own && each.when != nullptr;
      }
    } else if (const auto* tried = std::get_if<tasks::try_catch>(&task.kind)) {
      follow(tried->then, i);
    } else if (std::holds_alternative<tasks::raise>(task.kind)) {
      own = false;
    }
    if (task.if_ != nullptr)
      visit(i + 1);
    if (own || task.if_ != nullptr)
      follow(task.then, i);
  }

  const context& c_;
  const task_list& list_;
  std::vector<bool> reached_;
  std::vector<std::size_t> open_;
  std::unordered_map<task_index, std::size_t> place_of_;
};

} // namespace

void refuse_jumps(context& c, std::size_t first, std::string_view what) {
  for (auto i = first; i < c.jumps.size(); ++i)
    c.faults.invalid(c.jumps[i].where,
                     "there is no way from " + std::string{what} + " to "
                       + quoted(c.jumps[i].target)
                       + "; it may have 'continue', 'exit' and 'end'");
  c.jumps.resize(first);
}

void resolve_flow(context& c, const task_list& list,
                  const std::vector<cursor>& places, std::size_t first) {
  std::vector<std::string_view> names;
  std::unordered_map<std::string_view, task_index> by_name;
  for (const auto index : list) {
    names.push_back(c.out.tasks[index].name);
    by_name.emplace(c.out.tasks[index].name, index);
  }
  for (auto i = first; i < c.jumps.size(); ++i) {
    const auto& jump = c.jumps[i];
    if (const auto found = by_name.find(jump.target); found != by_name.end())
      field_of(c, jump).target = found->second;
    else if (!c.faults.full())
      report_unknown(c, jump, names);
  }
  c.jumps.resize(first);
  // Only a document without faults has its ways all laid.
  if (!c.faults.clean())
    return;
  const auto reached = reachability{c, list}.walk();
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!reached[i])
      c.faults.warn(places[i], "this task is never reached");
}

} // namespace pawl::parsing
