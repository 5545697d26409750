#pragma once

#include "workflow/state.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pawl {

/// One time that a task ran.
struct task_run {
  std::string task;           ///< Pointer.
  std::uint32_t item = 0;     ///< The branch or item it ran in; 0: none.
  std::uint32_t attempt = 0;  ///< Of its runs in that item, counted from 1.
  sequence begun = 0;         ///< The fact that it began with.
  bool redo = false;          ///< Beside the flow.
  std::string status;         ///< running, completed, faulted, cancelled.
  datum given = null_datum(); ///< Its input, transformed.
  datum made = null_datum();  ///< Its output, transformed.
  datum error = null_datum();
  timestamp started;
  std::optional<timestamp> ended;
};

/// Reads from a history, while it is folded, how tasks ran.
class run_reader {
public:
  /// `task` is a pointer, "" for all; `item` 0 for any.
  run_reader(std::string task, std::uint32_t item)
      : task_{std::move(task)}, item_{item} {}

  /// Looks at fact `number`, which is about to be folded into `s`.
  void before(const instance_state& s, const event& fact, timestamp at);
  /// Looks at the fact once it is folded.
  void after(const instance_state& s, const event& fact, sequence number,
             timestamp at);

  /// All runs, in the order in which they began.
  [[nodiscard]] const std::vector<task_run>& all() const { return all_; }

private:
  void end(frame_id frame, std::string_view how, timestamp at);

  std::string task_;
  std::uint32_t item_;
  std::vector<task_run> all_;
  std::map<frame_id, std::size_t> open_; ///< Into all_.
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> counts_;
};

/// The run as the API shows it.
[[nodiscard]] json::object to_json(const task_run& run);

} // namespace pawl
