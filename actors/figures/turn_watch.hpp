#pragma once

#include "workflow/machine.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::actors {

/// What has become of a task.
enum class task_end : std::uint8_t {
  completed,
  faulted,
  retried,
  skipped,
  cancelled
};
inline constexpr std::string_view task_end_names[]
  = {"completed", "faulted", "retried", "skipped", "cancelled"};

/// A word for the kind of a task, finer than the DSL's: a call is "http",
/// "openapi", "function", "worker", "approval" or "log".
[[nodiscard]] std::string_view kind_word(const task& node);
/// Whether the time of such a task is that of the tasks within it.
[[nodiscard]] bool is_container(std::string_view kind_word);

/// A word for an error: "timeout" for a standard one, "custom" for another.
[[nodiscard]] std::string_view error_word(const json::value& error);

/// What one committed turn has shown of an instance.
struct turn_figures {
  struct task {
    std::string pointer;
    std::string_view kind;         ///< As kind_word().
    std::optional<task_end> end;   ///< None: it was entered.
    std::optional<duration> dwell; ///< From being entered to its end.
    std::string_view error = {};   ///< As error_word(); of a fault.
  };
  struct state {
    std::string left; ///< "": there was none.
    std::string entered;
    std::optional<duration> dwell; ///< In the one that was left.
  };
  definition_id workflow;
  bool created = false;
  std::optional<instance_status> ended;
  duration life{};             ///< If it ended: since it was created.
  std::optional<duration> ran; ///< If it completed: since it was started.
  std::vector<task> tasks;
  std::vector<state> states;
  std::uint32_t received = 0;  ///< Events.
  std::uint32_t consumed = 0;  ///< Events.
  std::uint32_t escalated = 0; ///< Approvals.
};

/// Follows one instance from turn to turn, so that what ends is known by when
/// it began. A part of the instance actor; pure.
class turn_watch {
public:
  /// The instance was loaded as `flow` has it, before any turn.
  void begin(const machine& flow, std::optional<timestamp> state_since);
  /// What `facts`, which are committed and folded into `flow`, show.
  [[nodiscard]] turn_figures after(std::span<const event> facts, timestamp at,
                                   const machine& flow);

private:
  struct open_task {
    std::string pointer;
    timestamp entered;
  };
  void look(const event& fact, timestamp at, const machine& flow,
            turn_figures& out);
  void end(frame_id frame, std::string_view pointer, task_end how, timestamp at,
           turn_figures& out);
  /// Drops those whose frames have gone without a fact of their own.
  void tidy(const instance_state& s);

  std::map<frame_id, open_task> open_;
  std::optional<timestamp> state_since_;
};

} // namespace pawl::actors
