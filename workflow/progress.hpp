#pragma once

#include "workflow/state.hpp"

#include <functional>
#include <optional>
#include <string>

namespace pawl {

/// How far an instance is, as far as the tasks of its topmost list tell.
struct progress_estimate {
  double percent = 0; ///< 0 to 100.
  /// When it will be through; nothing if it stands, has ended, or if there is
  /// no experience with what lies ahead.
  std::optional<timestamp> ends;
};

/// How long a task (a pointer) usually takes; nothing if that is not known.
using experience
  = std::function<std::optional<duration>(const std::string& task)>;

/// Each task counts as long as it usually takes, one without experience as long
/// as the others on average; a loop is as far as its items. Jumps are not
/// foreseen. Pure.
[[nodiscard]] progress_estimate progress_of(const instance_state& s,
                                            const definition& of, timestamp now,
                                            const experience& usual);

} // namespace pawl
