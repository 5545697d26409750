#pragma once

#include "actors/holds/hold_book.hpp"
#include "workflow/machine.hpp"

namespace pawl::actors {

/// Adds to `shown`, an instance as clients read it, the holds that are on it:
/// `holds`, and `waitingFor` of the tasks that they keep. An instance of which
/// nothing else goes on is `waiting`.
void show_holds(const hold_book& in, const instance_key& who,
                const machine& flow, json::object& shown);

/// Adds to `why`, what explain() says, an entry of `blockedBy` for each hold
/// that keeps the instance, a task or a job, with what ends it.
void explain_holds(const hold_book& in, const instance_key& who,
                   const machine& flow, json::object& why);

} // namespace pawl::actors
