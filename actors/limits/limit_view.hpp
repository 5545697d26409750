#pragma once

#include "actors/context.hpp"
#include "workflow/machine.hpp"

namespace pawl::actors {

/// Adds to `shown`, an instance as clients read it, which of its tasks wait for
/// a token of a limit. An instance of which nothing else goes on is `waiting`.
void show_limits(context& ctx, const instance_key& who, const machine& flow,
                 json::object& shown);

/// Adds to `why`, what explain() says, an entry of `blockedBy` for each task
/// that waits for a token, and `injectedFaults`: those that may strike its
/// tasks.
void explain_limits(context& ctx, const instance_key& who, const machine& flow,
                    json::object& why);

} // namespace pawl::actors
