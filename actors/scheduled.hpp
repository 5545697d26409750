#pragma once

#include "actors/limits/limit_keeper.hpp"
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
  bool waits = false; ///< Its only run has no room in the namespace now.
  std::optional<schedule_state> planned; ///< What that leads to, meanwhile.
  std::unique_ptr<schedule_reading> reading;
};

/// Whether what was refused for this reason may be had later.
[[nodiscard]] bool is_lack(errc why);

/// What makes one of its instances.
[[nodiscard]] wish wish_for(const scheduled& e, const planned_run& run,
                            answer_ptr slot);
/// The answer to the wish at its front, to be kept if it asks for that.
[[nodiscard]] std::optional<storage::kept_answer>
answer_to_keep(const schedule_wish& w, const answer& said, timestamp until);

/// Asks the limits of the namespace for the step's only run. Refused, it stands
/// in their line, and `wake` is called when it is worth another try.
[[nodiscard]] limit_keeper::start_permit
admit_run(const context& ctx, const scheduled& e, std::function<void()> wake);
/// A step that waits is given up: it is planned anew.
void drop_step(const context& ctx, scheduled& e);
/// Tells that the schedule waits from now on.
void tell_held(const scheduled& e, const start_refusal& why);
/// Whether its steps may make no more than one instance.
[[nodiscard]] bool steps_singly(const context& ctx, const scheduled& e);

/// Whether the daemon takes no new instances for now.
[[nodiscard]] bool sheds_starts(const context& ctx);

} // namespace pawl::actors
