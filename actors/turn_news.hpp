#pragma once

#include "actors/context.hpp"
#include "actors/open_turn.hpp"

namespace pawl::actors {

/// Adds the lifecycle CloudEvents of a turn that is not committed yet to what
/// it emits, if the operator wants workflows to hear of them.
void publish_lifecycle(const context& ctx, open_turn& turn,
                       const machine& flow);

/// Tells whoever follows the lifecycle of a turn that was committed and that
/// ends with the fact `last`.
void tell_of_lifecycle(context& ctx, const open_turn& turn, sequence last,
                       const machine& flow);

/// Logs what a `log` task says.
void say(const log_line& line, const instance_state& of);

} // namespace pawl::actors
