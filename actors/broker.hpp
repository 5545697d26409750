#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor that shows stored CloudEvents to the instances that listen:
/// each event in the order of arrival to all whose `listen` waits for its type,
/// and to a new `listen` what has arrived of its type within the buffer's time
/// (events.buffer_for).
///
/// It keeps no position on disk: after a start it shows again what is buffered,
/// and the machine passes over what it has taken already. At most
/// instances.rehydrations_max showings are out at once.
broker_actor spawn_broker(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
