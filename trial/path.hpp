#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/definition.hpp"
#include "workflow/event.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pawl::trial {

/// One line of the way that an instance went: a task that was entered, or what
/// else has happened (`task` may be "" then, `title` is).
struct path_step {
  timestamp at;
  std::string task;         ///< Pointer.
  std::string name;         ///< Of the task.
  std::string title = {};   ///< What the task is: "call http", "switch".
  std::string outcome = {}; ///< "completed", "faulted", ...; "" under way.
  std::string detail = {};  ///< What is worth telling: an error, a case.
  std::uint32_t attempt = 1;
  std::uint32_t visit = 1;
  std::uint32_t depth = 0; ///< How many tasks are around it.
  bool holds_others = false;
  bool again = false;       ///< A further attempt of the same visit.
  bool is_task = true;      ///< False: a remark, such as a vote.
  bool assumed = false;     ///< Its output was made up for want of a mock.
  bool uncertain = false;   ///< A decision behind an output that was assumed.
  json::object action = {}; ///< What it would do: description_of.
};

/// The way of an instance, as its facts tell it.
class path {
public:
  explicit path(definition_ptr of) : of_{std::move(of)} {}

  /// Takes the next fact of the history.
  void see(const event& fact, timestamp at);
  /// Adds a line about `task` that no fact tells; "" for the instance.
  void remark(timestamp at, const std::string& task, std::string outcome,
              std::string detail);
  /// Says of a task that is under way what it does, and whether its output is
  /// assumed.
  void act(frame_id frame, json::object action, bool assumed);

  [[nodiscard]] const std::vector<path_step>& steps() const { return steps_; }

private:
  path_step& add(timestamp at, const std::string& task);
  path_step* find(frame_id frame);
  void begin(const events::task_started& fact, timestamp at);
  void skip(const events::task_skipped& fact, timestamp at);
  void end(frame_id frame, std::string outcome, std::string detail = {});
  /// A frame opens below another, whose place among its tasks is `mark`.
  void open(frame_id frame, frame_id parent, const std::string& mark);
  [[nodiscard]] std::uint32_t depth_below(frame_id parent) const;

  definition_ptr of_;
  std::vector<path_step> steps_;
  std::map<frame_id, std::size_t> by_frame_; ///< The last line of each.
  std::map<frame_id, std::uint32_t> depth_;
  /// The marks of a frame and of those around it: with its pointer they name a
  /// visit, as effect_key does.
  std::map<frame_id, std::string> marks_;
  std::set<std::string> visits_;
  bool assumes_ = false; ///< Some output was assumed so far.
};

/// An error in one line: "communication 503: the call was answered with ...".
[[nodiscard]] std::string line_of_error(const json::value& problem);

} // namespace pawl::trial
