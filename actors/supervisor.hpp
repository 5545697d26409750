#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the daemon's own actors in order (writer, step pool, evaluator,
/// registry, timers, broker, recovery), puts their handles into the doors of
/// `ctx`, and starts anew what dies; the doors always show the living. A killed
/// writer loses nothing: what was queued is handed to the next one by the
/// instances. It also has the store swept every retention.sweep_every.
///
/// When one dies too often within its window the process ends with code 70.
supervisor_actor spawn_supervisor(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
