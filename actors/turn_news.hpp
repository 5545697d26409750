#pragma once

#include "actors/context.hpp"
#include "actors/figures/turn_watch.hpp"
#include "actors/open_turn.hpp"
#include "actors/tracing/span_watch.hpp"
#include "actors/turn_record.hpp"

namespace pawl::actors {

/// Who follows one instance from turn to turn, for figures and for spans.
struct witness {
  turn_watch figures;
  span_watch spans;

  /// The instance was loaded as `flow` has it.
  void begin(const context& ctx, const machine& flow,
             std::optional<timestamp> state_since);
};

/// Adds the lifecycle CloudEvents of a turn that is not committed yet to what
/// it emits, if the operator wants workflows to hear of them.
void publish_lifecycle(const context& ctx, open_turn& turn,
                       const machine& flow);

/// Adds to the record of a turn that `flow` has folded what is written beside
/// it: the audit log's, and what subscribers outside are to be told.
void complete_record(const context& ctx, open_turn& turn, const machine& flow);

/// Tells whoever follows the lifecycle of a turn that was committed and that
/// ends with the fact `last`, and the post of what was written for it.
void tell_of_lifecycle(context& ctx, const open_turn& turn, sequence last,
                       const machine& flow);

/// Counts what `written`, which is durable, and which `flow` has folded, shows.
void count_turn(context& ctx, const storage::turn& written, witness& seen,
                const machine& flow);

/// Logs what a `log` task says; `known` hides what the history has shown.
void say(const log_line& line, const machine& flow, const redactor_ptr& known);

/// Programs that nobody awaits end with an instance that ends badly. To be
/// called after the workers were told: what one of them begins later it ends
/// itself.
void stop_detached(context& ctx, const instance_key& key, instance_status is);

/// Tells the broker of new listens, all of the instance at once, so that it
/// shows what they have missed in its order; and of what was emitted. Asks
/// again for what was turned away for want of room, once there is some; returns
/// whether that is still to be done.
[[nodiscard]] bool tell_broker(context& ctx, const open_turn& turn,
                               const footing& stands, const machine& flow,
                               bool turned_away);

} // namespace pawl::actors
