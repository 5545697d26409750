#pragma once

#include "workflow/state.hpp"

#include <optional>
#include <set>

/// Who gets an event that several tasks of one instance listen for: each of
/// them, and each branch that may come to listen for it (decision 0145).
namespace pawl {

/// What lets `f` take `kept`: the root while nobody has taken it, else itself
/// or a lane around it that the event was left for. Nothing if it may not.
[[nodiscard]] std::optional<frame_id>
share_of(const instance_state& s, const frame& f, const inbox_event& kept);

/// Whether some task may want what the inbox holds, after `fact`.
[[nodiscard]] bool may_want_kept(const event& fact);

/// The tasks of `lane` that listen, whether active or not, and whose constants
/// do not rule `arrived` out.
[[nodiscard]] std::set<task_index>
listens_in(const definition& of, const frame& lane, const json::value& arrived);

} // namespace pawl
