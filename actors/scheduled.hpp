#pragma once

#include "actors/messages.hpp"
#include "actors/schedule_reading.hpp"
#include "actors/schedule_view.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace pawl::actors {

/// A schedule as the scheduler holds it: what is stored of it, what waits for
/// it, and the one step that may be under way.
struct scheduled : loaded_schedule {
  std::deque<schedule_wish> wishes;
  bool stale = true;             ///< The versions are to be looked at again.
  bool busy = false;             ///< A step is under way.
  std::optional<answer> answers; ///< To the first wish, once it is stored.
  schedule_state next;           ///< What the step leads to.
  std::size_t out = 0;           ///< Its instances that are not answered yet.
  bool refused = false;
  timestamp rests_until = timestamp::min();
  std::optional<timestamp> due;
  std::unique_ptr<watch> ending; ///< Of the last instance.
  std::vector<planned_run> runs; ///< Of the step.
  std::unique_ptr<schedule_reading> reading;
};

/// Whether what was refused for this reason may be had later.
[[nodiscard]] bool is_lack(errc why);

/// Whether the daemon takes no new instances for now.
[[nodiscard]] bool sheds_starts(const context& ctx);

} // namespace pawl::actors
