#pragma once

#include "actors/answer_slot.hpp"
#include "actors/journal_gauge.hpp"
#include "storage/store.hpp"
#include "workflow/machine.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What actors tell each other. All of it stays within the process. The handle
/// types stand here too, since actors know each other in circles.
namespace pawl::actors {

/// Names a schedule: the namespace and the name of its workflow.
using schedule_key = std::pair<std::string, std::string>;

/// Somebody wishes something of an instance, hot or not.
struct wish {
  instance_key key;
  request what;
  definition_ptr flow = nullptr;     ///< With requests::create.
  std::optional<tags> if_match = {}; ///< Refused if the history ends elsewhere.
  std::optional<idempotency> once = {}; ///< Keep the answer under this key.
  answer_ptr reply = nullptr;           ///< Null if nobody waits for an answer.
  std::optional<storage::audit_entry> note = {}; ///< If something changes.
  std::shared_ptr<void> errand
    = nullptr;          ///< Freed when the wish has been handled.
  bool dry_run = false; ///< Nothing is written: the answer is what would be.
};

/// Something may have become due: load the instance, let it see the time, the
/// work it has left, and its effects.
struct nudge {
  instance_key key;
  std::shared_ptr<void> errand; ///< Freed when the nudge has been handled.
};

/// Instance -> registry: I have handled `handled` messages and only wait. The
/// registry answers with `leave` if it has sent no more than that.
struct may_leave {
  instance_key key;
  std::uint64_t handled = 0;
};
/// Registry to itself: the backoff of this instance is over.
struct restart_due {
  instance_key key;
};
/// Registry -> instance: you are out of the books; end.
struct leave {};

/// Instance -> registry, by an operator's retry: forget its crashes.
struct absolve {
  instance_key key;
};

/// Decides the race between a worker that is about to begin an effect and an
/// instance that has just been paused: one of them comes first, and both know
/// which.
class effect_gate {
public:
  /// The worker: true if it may begin.
  bool try_begin() { return take(begun); }
  /// The instance: true if the effect has not begun and now never will.
  bool try_hold() { return take(held); }

private:
  enum : int { open, begun, held };
  bool take(int as) {
    int was = open;
    return at_.compare_exchange_strong(was, as) || was == as;
  }
  std::atomic<int> at_ = open;
};

/// The effect was given up, as asked, and nothing of it goes on.
struct step_stopped {};
/// It could not be carried out, which is not the target's doing.
struct step_failed {
  error_kind kind = error_kind::runtime;
  std::string detail;
};
/// It was not begun, since these holds (by id) keep it; it is still to be done.
struct step_held {
  std::vector<std::string> by;
};
/// A worker outside has told how it went, and waits until that is recorded.
struct worker_told {
  worker_outcome what;
  idempotency once; ///< Under which `said` is kept: the token and what it said.
  answer said;      ///< If it is recorded; else that the lease is lost.
  answer_ptr reply;
  std::optional<storage::audit_entry> note = {}; ///< With what is recorded.
};
using step_result = std::variant<effect_outcome, step_failed, step_stopped,
                                 worker_told, step_held>;

/// Step worker -> instance: the effect of `frame` has ended thus.
struct effect_ended {
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  step_result how;
};
/// Instance -> step worker: give the effect up.
struct give_up_effect {
  giving_up how = giving_up::for_good;
};
/// A step -> its worker: the effect has ended.
struct step_ended {
  step_result how;
};
/// Instance to itself: start these workers now, their backoff is over.
struct start_again {
  std::vector<frame_id> frames;
};
/// Instance to itself: the turn's steps ran out, or a crash left work.
struct go_on {};
/// Writer -> instance: the quarantine is lifted, now the wish.
struct lifted {
  std::shared_ptr<wish> what;
};

/// A turn on its way to the disk. It counts in the journal's queue for as long
/// as anybody holds it.
class queued_turn {
public:
  queued_turn(storage::prepared_turn what, journal_gauge& in)
      : rows{std::move(what)}, gauge_{in} {
    gauge_.entered(rows.bytes);
  }
  ~queued_turn() { gauge_.left(rows.bytes); }
  queued_turn(const queued_turn&) = delete;
  queued_turn& operator=(const queued_turn&) = delete;

  const storage::prepared_turn rows;
  const std::chrono::steady_clock::time_point since
    = std::chrono::steady_clock::now();

private:
  journal_gauge& gauge_;
};

/// Instance -> writer: make this durable.
struct commit {
  std::shared_ptr<const queued_turn> what;
  bool urgent = false; ///< Pause and cancel go before what else is queued.
};
/// How a commit went; errc::conflict, errc::already_exists.
struct committed {
  result<> how;
};
/// Told how a write went, once; that it is not known if it is dropped untold.
class write_end {
public:
  explicit write_end(std::function<void(bool durable)> to)
      : to_{std::move(to)} {}
  write_end(const write_end&) = delete;
  write_end& operator=(const write_end&) = delete;
  ~write_end() { tell(false); }
  void tell(bool durable) {
    if (auto to = std::exchange(to_, {}))
      to(durable);
  }

private:
  std::function<void(bool)> to_;
};
/// Make these rows, which are no turn's, durable with a group.
struct write_rows {
  std::shared_ptr<const queued_turn> what;
  std::shared_ptr<write_end> then;
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
  bool asleep = false; ///< A hold keeps it: it is not to be woken before it
                       ///< says so again.
  /// Whether it tells the same; of whom is known.
  bool operator==(const arm& other) const {
    return due == other.due && asleep == other.asleep;
  }
};
/// An errand of the timers or of recovery: this instance has been woken.
struct woken {
  instance_key key;
};
/// An actor to itself, and tests to an actor: look again.
struct tick {};

/// Somebody -> broker: events have been stored.
struct events_arrived {};
/// A wish of the broker: the instance has seen the event of this number.
struct shown {
  std::uint64_t number = 0;
};
/// Instance -> broker: these are stored and wait from now on; all that the
/// instance has.
struct listens {
  std::vector<storage::subscription> what;
  arrivals seen; ///< The events that its instance has received already.
};

/// Somebody -> scheduler, and it to itself: see to the schedule of this
/// workflow.
struct see_to_schedule {
  schedule_key which;
  bool versions_changed = false; ///< A version came or went.
};
/// An operator -> scheduler.
struct schedule_wish {
  enum class verb : std::uint8_t { pause, resume };
  schedule_key which;
  verb what = verb::pause;
  std::string reason;
  std::optional<idempotency> once;
  answer_ptr reply;
  std::optional<storage::audit_entry> note = {};
};
/// An instance's answer -> scheduler: a run exists, or why not.
struct run_made {
  schedule_key which;
  std::string instance;
  std::optional<error> refused;
};
/// Writer -> scheduler: the state of the schedule is stored, or is not.
struct schedule_stored {
  schedule_key which;
  bool done = false;
};

/// Step worker -> step pool: may I? Answered when it may.
struct want_permit {};
/// The right to have one effect out; given back when its last copy is gone.
struct permit {
  std::shared_ptr<void> held;
};
/// A permit -> step pool: nobody holds me any more.
struct permit_back {};

/// Instance -> helpers: what does this yield?
struct evaluate {
  std::shared_ptr<const evaluation> what;
  instance_key whose; ///< An instance has one helper at most at a time.
};
struct evaluated {
  result<std::vector<json::value>> values;
};

/// The helpers -> evaluator: this is the answer to the request of that number.
struct helped {
  std::uint64_t number = 0;
  result<std::vector<json::value>> values;
};

/// Somebody -> supervisor: the writer that I know is dead, which one lives?
/// Answered as soon as there is one.
struct want_writer {
  caf::actor_id dead = 0;
};
/// Wakes whoever waits for the writer; it is in its door.
struct writer_lives {};

/// Tests and the chaos actor -> registry: let one of yours die.
struct kill_any {
  bool worker = false; ///< A step worker of some instance, not the instance.
};

using instance_actor
  = caf::typed_actor<caf::reacts_to<wish>, caf::reacts_to<nudge>,
                     caf::reacts_to<leave>, caf::reacts_to<effect_ended>,
                     caf::reacts_to<start_again>, caf::reacts_to<go_on>,
                     caf::reacts_to<lifted>, caf::reacts_to<kill_any>>;

using registry_actor
  = caf::typed_actor<caf::reacts_to<wish>, caf::reacts_to<nudge>,
                     caf::reacts_to<may_leave>, caf::reacts_to<absolve>,
                     caf::reacts_to<restart_due>, caf::reacts_to<kill_any>>;

using writer_actor
  = caf::typed_actor<caf::replies_to<commit>::with<committed>,
                     caf::reacts_to<write_rows>, caf::reacts_to<write_job>,
                     caf::reacts_to<tick>>;

using timers_actor
  = caf::typed_actor<caf::reacts_to<arm>, caf::reacts_to<woken>,
                     caf::reacts_to<tick>>;

using broker_actor
  = caf::typed_actor<caf::reacts_to<events_arrived>, caf::reacts_to<listens>,
                     caf::reacts_to<shown>, caf::reacts_to<tick>>;

using scheduler_actor
  = caf::typed_actor<caf::reacts_to<see_to_schedule>,
                     caf::reacts_to<schedule_wish>, caf::reacts_to<run_made>,
                     caf::reacts_to<schedule_stored>,
                     caf::reacts_to<events_arrived>, caf::reacts_to<tick>>;

using step_pool_actor
  = caf::typed_actor<caf::replies_to<want_permit>::with<permit>,
                     caf::reacts_to<permit_back>, caf::reacts_to<tick>>;

using evaluator_actor
  = caf::typed_actor<caf::replies_to<evaluate>::with<evaluated>,
                     caf::reacts_to<helped>>;

using supervisor_actor
  = caf::typed_actor<caf::replies_to<want_writer>::with<writer_lives>,
                     caf::reacts_to<tick>, caf::reacts_to<kill_any>>;

} // namespace pawl::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::wish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::nudge)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::restart_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::may_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::absolve)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::effect_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::give_up_effect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::step_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::start_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::go_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::lifted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::write_rows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::write_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::arm)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::woken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::events_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::listens)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::shown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::see_to_schedule)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::schedule_wish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::run_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::schedule_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::want_permit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::permit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::permit_back)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::evaluate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::evaluated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::helped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::want_writer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::writer_lives)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::kill_any)
