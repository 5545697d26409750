#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor that knows which instances are in memory: every message to
/// an instance from elsewhere goes through it, and it starts the instance's
/// actor if there is none.
///
/// An instance that only waits asks to leave; it is let go only if nothing was
/// sent to it meanwhile, so no message is lost. One that dies abnormally is
/// started anew after 0.1, 1 and 10 seconds; then it is set aside: a quarantine
/// is written, and messages are answered with errc::quarantined.
registry_actor spawn_registry(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
