#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor that wakes instances when their earliest timer is due. The
/// store is the truth about timers; the next minute of it is held in memory.
///
/// Never early by the wall clock (base/time.hpp), which is looked at once a
/// second at least, so that a clock that was set is noticed. At most
/// instances.rehydrations_max instances are being woken at once. An instance
/// that is told twice finds nothing due.
timers_actor spawn_timers(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
