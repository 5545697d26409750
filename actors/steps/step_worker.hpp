#pragma once

#include "actors/steps/step.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

struct step_worker_args {
  step_order order;
  std::shared_ptr<effect_gate> gate;
  instance_actor owner;
  context* ctx = nullptr;
};

/// Starts the worker of one effect: it waits for the tokens of limits, then for
/// a permit, passes the gate, has the effect carried out unless an injected
/// fault strikes it, tells its owner `effect_ended`, and ends.
///
/// It understands give_up_effect: then it gives the effect up and reports that.
/// If its owner dies it ends too, and abandons the effect. It dies abnormally
/// if it cannot do its work for a reason that is not the target's.
caf::actor spawn_step_worker(caf::actor_system& sys, step_worker_args args);

/// Whether an effect of this kind counts among those that are out: a child
/// workflow does its own counting.
[[nodiscard]] bool needs_permit(const task& node);

} // namespace pawl::actors
