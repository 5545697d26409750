#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor that bounds how many effects are out at once
/// (steps.concurrency_max). Permits are granted in the order in which they were
/// asked for; a worker that dies gives its permit back by that. While the
/// daemon drains, or the disk is critically low, none is granted.
step_pool_actor spawn_step_pool(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
