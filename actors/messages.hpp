#pragma once

#include "actors/answer_slot.hpp"
#include "storage/store.hpp"
#include "workflow/machine.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

/// What actors tell each other. All of it stays within the process. The handle
/// types stand here too, since actors know each other in circles.
namespace pawl::actors {

/// Somebody wishes something of an instance, hot or not.
struct wish {
  instance_key key;
  request what;
  definition_ptr flow;              ///< With requests::create.
  std::optional<sequence> if_match; ///< Refused if the history ends elsewhere.
  std::optional<idempotency> once;  ///< Keep the answer under this key.
  answer_ptr reply;                 ///< Null if nobody waits for an answer.
  std::shared_ptr<void> errand;     ///< Freed when the wish has been handled.
};

/// Something may have become due: load the instance, let it see the time, the
/// work it has left, and its effects.
struct nudge {
  instance_key key;
  std::shared_ptr<void> errand; ///< Freed when the nudge has been handled.
};

/// Registry -> instance: as wish and nudge, without the key.
struct wake {
  std::shared_ptr<void> errand;
};

/// Instance -> registry: I have handled `handled` messages and only wait. The
/// registry answers with `leave` if it has sent no more than that.
struct may_leave {
  instance_key key;
  std::uint64_t handled = 0;
};
/// Registry -> instance: you are out of the books; end.
struct leave {};

/// Instance -> registry, by an operator's retry: forget its crashes.
struct absolve {
  instance_key key;
};

/// Step worker -> instance: the effect of `frame` has ended thus.
struct effect_ended {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  /// None: it was given up, as ordered.
  std::optional<http_outcome> outcome;
};
/// Instance -> step worker: give the effect up.
struct give_up_effect {};
/// Instance to itself: start these workers now, their backoff is over.
struct start_again {
  std::vector<frame_id> frames;
};
/// Instance to itself: the turn's steps ran out, or a crash left work.
struct go_on {};

/// Instance -> writer: make this durable.
struct commit {
  std::shared_ptr<const storage::prepared_turn> what;
  bool urgent = false; ///< Pause and cancel go before what else is queued.
};
/// How a commit went; errc::conflict, errc::already_exists.
struct committed {
  result<> how;
};
/// Run this between two commits, on the writer's thread. errc::io ends the
/// process.
struct write_job {
  std::function<result<>(storage::store&)> run;
};

/// Instance -> timers: its earliest timer is now this one; none if it has none.
struct arm {
  instance_key key;
  std::optional<timestamp> due;
};
/// Timers to itself, and tests to timers: look at the clock.
struct tick {};

/// Somebody -> broker: events have been stored.
struct events_arrived {};
/// Instance -> broker: this `listen` is stored and waits from now on.
struct listens {
  storage::subscription what;
};

/// Step worker -> step pool: may I? Answered when it may.
struct want_permit {};
/// The right to have one effect out; given back when its last copy is gone.
struct permit {
  std::shared_ptr<void> held;
};

/// Somebody's handle of the writer is dead: give me the one that lives.
struct want_writer {};

/// Tests and the chaos actor -> registry: let one of yours die.
struct kill_any {
  bool worker = false; ///< A step worker of some instance, not the instance.
};

using instance_actor
  = caf::typed_actor<caf::reacts_to<wish>, caf::reacts_to<wake>,
                     caf::reacts_to<leave>, caf::reacts_to<effect_ended>,
                     caf::reacts_to<start_again>, caf::reacts_to<go_on>,
                     caf::reacts_to<kill_any>>;

using registry_actor
  = caf::typed_actor<caf::reacts_to<wish>, caf::reacts_to<nudge>,
                     caf::reacts_to<may_leave>, caf::reacts_to<absolve>,
                     caf::reacts_to<wake>, caf::reacts_to<kill_any>>;

using writer_actor
  = caf::typed_actor<caf::replies_to<commit>::with<committed>,
                     caf::reacts_to<write_job>, caf::reacts_to<tick>>;

using timers_actor
  = caf::typed_actor<caf::reacts_to<arm>, caf::reacts_to<tick>>;

using broker_actor
  = caf::typed_actor<caf::reacts_to<events_arrived>, caf::reacts_to<listens>>;

using step_pool_actor
  = caf::typed_actor<caf::replies_to<want_permit>::with<permit>,
                     caf::reacts_to<tick>>;

} // namespace pawl::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::wish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::nudge)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::may_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::absolve)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::effect_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::give_up_effect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::start_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::go_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::write_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::arm)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::events_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::listens)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::want_permit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::permit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::want_writer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::kill_any)
