#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor between the instances and the helper processes that
/// evaluate what this process does not: it lets an instance await the answer
/// without holding a thread. Whatever becomes of it, each request is answered.
evaluator_actor spawn_evaluator(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
