#pragma once

#include "actors/context.hpp"
#include "actors/faults/fault_injector.hpp"
#include "actors/limits/limit_keeper.hpp"

namespace pawl::actors {

/// The limits' world: the disk by the writer, time by the alarms, jobs by the
/// queues.
[[nodiscard]] limit_world limiting_of(context& ctx);
/// The injected faults' world, likewise.
[[nodiscard]] fault_world faults_of(context& ctx);

} // namespace pawl::actors
