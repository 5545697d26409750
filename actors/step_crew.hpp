#pragma once

#include "actors/context.hpp"
#include "actors/restart.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace pawl::actors {

/// The step workers of one instance: brings what is out in the world in line
/// with what the machine says is outstanding, and answers the workers' deaths.
///
/// It is a part of the instance actor and runs within it.
class step_crew {
public:
  /// Starts a worker, which asks the gate before it begins, and monitors it.
  using start_worker = std::function<caf::actor(
    const commands::perform&, const std::shared_ptr<effect_gate>&)>;
  /// Tells a worker to give its effect up; without a way it is killed,
  /// whereupon the effect is abandoned as it stands.
  using end_worker
    = std::function<void(const caf::actor&, std::optional<giving_up> how)>;

  step_crew(start_worker start, end_worker end)
      : start_{std::move(start)}, end_{std::move(end)} {}

  /// Starts workers that are missing and ends those that are superfluous.
  /// Returns the effects that are to be stopped, or not to be begun any more,
  /// and that nobody is at work on: there is nothing to wait for. A child is
  /// told all the same, since it goes on by itself. On return no
  /// effect can begin that is not to. `after` is what the machine stands at: a
  /// task that is still there may be ordered again.
  std::vector<reports::effect_stopped>
  reconcile(std::vector<command> outstanding, const instance_state& after);

  /// A worker has reported. Returns false for one that is not, or no longer,
  /// in the crew.
  bool ended(frame_id frame, std::uint32_t dispatch);

  /// What follows from a worker's death.
  struct loss {
    frame_id frame = 0;
    std::uint32_t dispatch = 0;
    /// Whom to start again, and when; nobody if the effect has failed.
    std::vector<frame_id> again;
    duration delay{};
  };
  /// A worker has died. Returns nothing if it was not, or no longer, in the
  /// crew, or had done its work.
  std::optional<loss> died(caf::actor_id who, bool abnormal, timestamp now,
                           const definition& of);

  /// The backoff of these workers is over.
  void start_again(std::span<const frame_id> frames);

  [[nodiscard]] bool empty() const { return members_.empty(); }
  /// Some worker that runs, for tests that kill; none if none does.
  [[nodiscard]] std::optional<caf::actor> any() const;
  /// Kills all.
  void disband();

private:
  struct member {
    commands::perform order;
    std::shared_ptr<effect_gate> gate;
    std::optional<caf::actor> worker; ///< None while it is backing off.
    std::vector<timestamp> restarts;
    std::optional<giving_up> told; ///< To give up, and how.
  };
  struct orders;
  void begin(member& m);
  bool stays(frame_id frame, member& m, orders& wanted) const;
  void give_up(member& m, giving_up how) const;

  start_worker start_;
  end_worker end_;
  std::map<frame_id, member> members_; ///< By frame: the order of start.
};

/// How the workers of `task` are restarted: its own metadata.supervision, else
/// the document's, else the defaults.
[[nodiscard]] restart_policy policy_for(const definition& of,
                                        std::string_view task);

} // namespace pawl::actors
