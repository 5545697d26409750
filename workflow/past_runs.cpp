#include "workflow/past_runs.hpp"

#include "workflow/redo.hpp"
#include "workflow/shown.hpp"

namespace pawl {

void run_reader::end(frame_id frame, std::string_view how, timestamp at) {
  const auto found = open_.find(frame);
  if (found == open_.end())
    return;
  auto& run = all_[found->second];
  run.status = how;
  run.ended = at;
  open_.erase(found);
}

void run_reader::before(const instance_state& s, const event& fact,
                        timestamp at) {
  if (const auto* done = std::get_if<events::task_completed>(&fact)) {
    if (const auto found = open_.find(done->frame); found != open_.end())
      all_[found->second].made
        = done->output ? done->output : s.frames.at(done->frame).input;
    end(done->frame, "completed", at);
  }
  if (const auto* failed = std::get_if<events::task_faulted>(&fact)) {
    if (const auto found = open_.find(failed->frame); found != open_.end())
      all_[found->second].error = failed->error;
    end(failed->frame, "faulted", at);
  }
  if (const auto* gone = std::get_if<events::task_cancelled>(&fact))
    end(gone->frame, "cancelled", at);
}

void run_reader::after(const instance_state& s, const event& fact,
                       sequence number, timestamp at) {
  // What ended without a word of its own ended with what was around it.
  for (auto one = open_.begin(); one != open_.end();) {
    const auto frame = (one++)->first;
    if (!s.frames.contains(frame))
      end(frame, "cancelled", at);
  }
  const auto* begun = std::get_if<events::task_started>(&fact);
  if (begun == nullptr || (!task_.empty() && begun->task != task_))
    return;
  const auto& f = s.frames.at(begun->frame);
  auto item = lane_of(s, f);
  const auto beside = redo_around(s, f.id);
  if (item == 0 && beside != 0)
    item = s.frames.at(beside).lane;
  const auto attempt = ++counts_[{begun->task, item}];
  if (item_ != 0 && item != item_)
    return;
  end(f.id, "cancelled", at);
  open_[f.id] = all_.size();
  all_.push_back({.task = begun->task,
                  .item = item,
                  .attempt = attempt,
                  .begun = number,
                  .redo = beside != 0,
                  .status = "running",
                  .given = f.input,
                  .started = at,
                  .ended = std::nullopt});
}

json::object to_json(const task_run& run) {
  return {
    {"task", run.task},
    {"iteration", run.item == 0 ? json::value{} : json::value(run.item)},
    {"attempt", run.attempt},
    {"sequence", run.begun},
    {"redo", run.redo},
    {"status", run.status},
    {"input", *run.given},
    {"output", *run.made},
    {"error", *run.error},
    {"startedAt", to_text(run.started)},
    {"endedAt", run.ended ? json::value(to_text(*run.ended)) : json::value{}}};
}

} // namespace pawl
