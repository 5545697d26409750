#pragma once

#include "actors/context.hpp"

#include <caf/actor.hpp>

namespace pawl::actors {

/// Starts the actor that kills others at random, every `every` on average: a
/// step worker, an instance or, more rarely, the journal writer. Only tests
/// start it, to show that nothing is lost or done twice in the books.
caf::actor spawn_chaos(caf::actor_system& sys, context& ctx, duration every);

} // namespace pawl::actors
