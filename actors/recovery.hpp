#pragma once

#include "actors/context.hpp"

#include <caf/actor.hpp>

namespace pawl::actors {

/// Starts the actor that, after a start, wakes the instances that go on by
/// themselves: those with effects out or with work left. At most
/// instances.rehydrations_max at once, so that serving comes first. It ends
/// when all have been woken.
caf::actor spawn_recovery(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
