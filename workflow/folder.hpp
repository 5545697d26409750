#pragma once

#include "workflow/state.hpp"

namespace pawl {

/// Folds facts into a state, one kind a function. Every move closes frames,
/// opens frames or moves a cursor. What concerns the instance, its timers and
/// its inbox stands in apply.cpp, tasks in fold_tasks.cpp, lanes, extensions
/// and listening in fold_scopes.cpp, what undoes in fold_rollback.cpp.
class folder {
public:
  /// What children are left behind goes to `left`, unless that is null.
  folder(instance_state& s, const definition& of, timestamp at,
         std::vector<left_child>* left)
      : s_{s}, of_{of}, at_{at}, left_{left} {}

  void operator()(const events::instance_created& x);
  void operator()(const events::instance_started& x);
  void operator()(const events::instance_suspending& x);
  void operator()(const events::instance_suspended& x);
  void operator()(const events::instance_resumed& x);
  void operator()(const events::instance_cancelling& x);
  void operator()(const events::instance_cancelled& x);
  void operator()(const events::instance_faulted& x);
  void operator()(const events::instance_completed& x);

  void operator()(const events::task_started& x);
  void operator()(const events::task_completed& x);
  void operator()(const events::task_skipped& x);
  void operator()(const events::task_faulted& x);
  void operator()(const events::task_retried& x);
  void operator()(const events::task_caught& x);
  void operator()(const events::task_iterated& x);
  void operator()(const events::task_cancelled& x);

  void operator()(const events::branch_started& x);
  void operator()(const events::branch_completed& x);
  void operator()(const events::branch_faulted& x);
  void operator()(const events::task_extended& x);
  void operator()(const events::extension_moved& x);
  void operator()(const events::extension_closed& x);

  void operator()(const events::timer_armed& x);
  void operator()(const events::timer_fired& x);
  void operator()(const events::event_received& x);
  void operator()(const events::event_consumed& x);
  void operator()(const events::event_handled& x);

  void operator()(const events::approval_voted& x);
  void operator()(const events::approval_escalated& x);
  void operator()(const events::state_changed& x);
  void operator()(const events::rollback_started& x);
  void operator()(const events::compensation_started& x);
  void operator()(const events::compensation_completed& x);
  void operator()(const events::rollback_completed& x);
  void operator()(const events::instance_indexed& x);
  void operator()(const events::instance_overdue& x);
  void operator()(const events::cleanup_started& x);
  void operator()(const events::cleanup_completed& x);
  void operator()(const events::task_metered& x);
  void operator()(const events::instance_over_budget& x);
  void operator()(const events::flags_seen& x);
  void operator()(const events::redo_started& x);
  void operator()(const events::redo_completed& x);
  void operator()(const events::redo_faulted& x);

private:
  static void require(bool holds, const char* what);
  frame& frame_of(frame_id id);
  [[nodiscard]] const task& node_of(const std::string& pointer) const;
  void end(instance_status how);
  void clear();
  void end_pause();
  void reopen();
  void complete(frame& f, datum output, std::uint32_t branch);
  frame& open_frame(frame_id id, frame_id parent, task_index node);
  void begin_phase(frame& f);
  void close(frame_id id);
  void leave(const frame& f);
  void close_below(frame_id id);
  void close_flow();
  void drop_timers(frame_id id, timer_purpose purpose);
  void drop_timers(frame_id id);
  void fault_frame(frame_id id, const datum& error);
  static void begin_again(frame& f);
  void wake();
  void retried_by_operator(frame& f, const events::task_retried& x);
  void move(frame_id parent, const task& node, const datum& output,
            const flow& to);
  void settle_lanes(frame& owner);
  void begin_no_more(frame& owner);
  void bound_shared();
  void ask_about_compensation(frame& f, const datum& error);
  void remember_undoable(const frame& f, const datum& output);

  instance_state& s_;
  const definition& of_;
  timestamp at_;
  std::vector<left_child>* left_;
};

/// What `node` runs, if it is a child that it waits for; else null.
[[nodiscard]] const tasks::run_workflow* awaited_child(const task& node);

/// A list of one task that stands in no list of its own: its place there says
/// nothing.
[[nodiscard]] bool holds_one(const frame& scope, const definition& of);

/// How many lanes `owner` has in all, and how many run side by side. Zero lanes
/// if it is no container of lanes.
struct lane_plan {
  std::uint64_t total = 0;
  std::uint64_t at_once = 0;
  bool compete = false;
};
[[nodiscard]] lane_plan lanes_of(const frame& owner, const task& node);

/// How many lanes of `owner` run now.
[[nodiscard]] std::uint64_t running_lanes(const frame& owner);

} // namespace pawl
