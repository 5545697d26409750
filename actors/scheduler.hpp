#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the actor that makes instances by schedule: it carries out what
/// workflow/schedule.hpp decides, for each schedule one step after the other.
///
/// A step creates its instances first and stores the schedule's state second;
/// the ids follow from the state and from what set the step off, so a step that
/// a crash has cut short is done again without making an instance twice. Until
/// its state is stored a schedule does nothing else.
///
/// While the daemon drains or sheds starts, no instance is made; what is due
/// stays due.
scheduler_actor spawn_scheduler(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
