#pragma once

#include "workflow/definition.hpp"
#include "workflow/state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the instance as it is shown and its explanation have in common.
namespace pawl {

/// Whether `f` is an active task without an active one below it.
[[nodiscard]] bool is_leaf(const instance_state& s, const frame& f);

/// How an active task is, as `current` shows it: "running", "waiting",
/// "suspended" or "faulted".
[[nodiscard]] std::string_view task_status(const instance_state& s,
                                           const frame& f);

/// What `f` waits for, as `waitingFor` shows it; null if it does not wait.
[[nodiscard]] json::value waiting_for(const instance_state& s, const frame& f,
                                      const task& node);

/// The number of the branch or item that `f` runs in, counted from 1; 0 if in
/// none.
[[nodiscard]] std::uint32_t lane_of(const instance_state& s, const frame& f);

/// When the timer for `purpose` is due, of those that belong to no task.
[[nodiscard]] std::optional<timestamp> due_of(const instance_state& s,
                                              timer_purpose purpose);

/// One entry of `allowedActions` of the instance `id`.
[[nodiscard]] json::object action_of(std::string_view id,
                                     std::string_view verb);

/// An event that users may send now: a type and where it goes.
struct sendable {
  std::string type;
  std::string route; ///< The last segment of its path: "events" or its own.
  std::string task;  ///< Pointer of the task that takes it.
  bool operator==(const sendable&) const = default;
};
[[nodiscard]] std::vector<sendable> sendable_now(const instance_state& s,
                                                 const definition& of);
[[nodiscard]] json::object action_of(std::string_view id, const sendable& what);

/// allowed_actions, and the events that are awaited now, each with its type and
/// where it goes.
[[nodiscard]] json::array actions_now(const instance_state& s,
                                      const definition& of);

} // namespace pawl
