#include "workflow/folder.hpp"

#include <algorithm>

namespace pawl {

void folder::operator()(const events::state_changed& x) {
  s_.business_state = x.to;
}

// The task of `f` is through: a rollback will have to undo it. What runs to
// undo another is not undone itself.
void folder::remember_undoable(const frame& f, const datum& output) {
  const auto& node = of_.tasks.at(*f.node);
  if (node.compensation.empty())
    return;
  undoable done{.completed = s_.last + 1,
                .node = node.index,
                .key = effect_key(s_, f, of_),
                .within = {},
                .input = f.input,
                .output = output};
  for (const auto* at = &f; at->id != 0;) {
    at = &s_.frames.at(at->parent);
    if (at->role == frame_role::undo)
      return;
    done.within.push_back(at->id);
  }
  std::erase_if(s_.undoables,
                [&](const undoable& old) { return old.key == done.key; });
  s_.undoables.push_back(std::move(done));
}

// What was to undo a task has failed. People say whether to go on without it;
// nobody is named, so it is for those who may operate.
void folder::ask_about_compensation(frame& f, const datum& error) {
  const frame* undo = nullptr;
  for (auto id = f.parent; id != 0 && undo == nullptr;
       id = s_.frames.at(id).parent)
    if (s_.frames.at(id).role == frame_role::undo)
      undo = &s_.frames.at(id);
  if (undo == nullptr || f.role != frame_role::task)
    return;
  const auto& undone = of_.tasks.at(*undo->node);
  json::object nobody{
    {"groups", json::array{}}, {"users", json::array{}}, {"mode", "any"}};
  json::object data{{"undoes", undone.pointer}, {"error", *error}};
  f.votes.clear();
  f.arguments
    = make_datum(json::object{{"compensation", undone.pointer},
                              {"title", "The compensation of '" + undone.name
                                          + "' has failed. Go on without it?"},
                              {"data", std::move(data)},
                              {"approvers", std::move(nobody)},
                              {"fourEyes", false},
                              {"commentRequired", false}});
}

void folder::operator()(const events::rollback_started& x) {
  if (s_.status == instance_status::faulted)
    reopen();
  // An operator's goes on at once; a saga waits for the end of a pause.
  if (x.then == rollback_end::go_on) {
    s_.status = instance_status::running;
    end_pause();
  }
  close_below(x.frame);
  if (x.then == rollback_end::go_on)
    wake();
  auto& scope = frame_of(x.frame);
  if (x.then != rollback_end::go_on)
    drop_timers(x.frame);
  scope.at = phase::ready;
  s_.rollback = rollback_state{.scope = x.frame,
                               .target = std::nullopt,
                               .then = x.then,
                               .since = x.since,
                               .input = x.input ? x.input : null_datum(),
                               .error = x.error ? x.error : null_datum()};
  if (!x.task.empty())
    s_.rollback->target = node_of(x.task).index;
  s_.reason = x.reason;
}

void folder::operator()(const events::compensation_started& x) {
  const auto& node = node_of(x.task);
  const auto done = std::ranges::find_if(
    s_.undoables.rbegin(), s_.undoables.rend(), [&](const undoable& u) {
      return u.node == node.index && std::ranges::count(u.within, x.parent);
    });
  require(s_.rollback.has_value() && done != s_.undoables.rend(),
          "a compensation of nothing");
  auto& f = open_frame(x.frame, x.parent, node.index);
  f.role = frame_role::undo;
  f.iterations = done->completed;
  f.raw = make_datum(
    json::object{{"input", *done->input}, {"output", *done->output}});
  f.input = f.raw;
  f.data = f.raw;
  f.at = phase::ready;
  s_.rollback->begun = x.number;
  frame_of(x.parent).at = phase::holding;
}

void folder::operator()(const events::compensation_completed& x) {
  auto& f = frame_of(x.frame);
  const auto parent = f.parent;
  std::erase_if(s_.undoables,
                [&](const undoable& u) { return u.completed == f.iterations; });
  close(x.frame);
  frame_of(parent).at = phase::ready;
}

void folder::operator()(const events::cleanup_started& x) {
  const auto& node = node_of(x.task);
  auto& f = open_frame(x.frame, x.parent, node.index);
  auto& tried = frame_of(x.parent);
  f.role = frame_role::cleanup;
  f.attempt = tried.attempt;
  f.raw = tried.raw;
  f.input = tried.raw;
  f.data = tried.raw;
  f.lane = tried.at == phase::entering ? 1 : 0;
  f.at = phase::ready;
  tried.at = phase::holding;
}

void folder::operator()(const events::cleanup_completed& x) {
  const auto parent = frame_of(x.frame).parent;
  const bool enters = frame_of(x.frame).lane > 0;
  close(x.frame);
  auto& tried = frame_of(parent);
  tried.cleaned = tried.attempt;
  // A `try` may go on with its next attempt, all else is begun again.
  tried.at = enters ? phase::entering : phase::ready;
}

void folder::operator()(const events::rollback_completed& x) {
  auto& scope = frame_of(x.frame);
  // Without a target it ends; a retry begins the workflow anew.
  const auto input
    = s_.rollback && s_.rollback->target ? s_.rollback->input : scope.input;
  s_.rollback.reset();
  scope.data = input;
  scope.cursor
    = x.task.empty() || holds_one(scope, of_) ? 0 : node_of(x.task).position;
  scope.at = phase::ready;
}

} // namespace pawl
