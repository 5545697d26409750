#pragma once

#include "actors/gateway.hpp"
#include "actors/messages.hpp"
#include "storage/store.hpp"
#include "workflow/machine.hpp"
#include "workflow/sensitive_memory.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace pawl::actors {

/// One turn under way, and who waits for it.
struct open_turn {
  timestamp at = clock::now();
  answer_ptr reply;
  std::optional<idempotency> once;
  std::shared_ptr<void> errand;
  std::optional<storage::audit_entry> note;
  bool creates = false;
  bool delivers = false;
  bool urgent = false;
  bool unfinished = false;
  std::vector<event> events;
  redactor_ptr known; ///< Hides what the history has shown up to here.
  std::vector<datum> emitted;
  std::vector<left_child> left;
  storage::turn record;
  std::shared_ptr<const queued_turn> rows;
  std::optional<answer> kept;      ///< Rendered early, to be kept by the store.
  std::optional<worker_told> told; ///< What it is about, ...
  frame_id told_of = 0;            ///< ... and of which effect.

  /// Takes over what one call of decide() has made.
  void add(pawl::turn& made);
};

/// What turns draw their chance from.
[[nodiscard]] std::uint64_t random_seed();

/// What a client hears who wants to create what there is.
[[nodiscard]] refusal taken_id(const std::string& id);
/// What one hears who names what there is not.
[[nodiscard]] refusal no_such_instance();
/// What one hears who wants something of an instance that is set aside.
[[nodiscard]] refusal quarantined_one(const storage::quarantine& why);

/// Whether a `listen` took an event in this turn.
[[nodiscard]] bool consumed(const std::vector<event>& facts);

/// The record of the audit log for `turn`, whose `record` is there, with the
/// status of its answer.
[[nodiscard]] std::optional<storage::audit_entry>
take_note(open_turn& turn, const machine& flow);

/// What the client of `turn` is told of an instance that stands as `flow` does:
/// 201 for a new one, 202 while what was asked is still under way.
[[nodiscard]] answer
answer_of(const open_turn& turn, const std::vector<event>& facts,
          const machine& flow,
          const std::optional<storage::quarantine>& set_aside);

/// What would come of `what`: the facts of the turn, and the instance after it.
/// What helper processes would have to evaluate is left open (`complete` is
/// false then). `seen` is what must not be shown so far, if that is remembered.
[[nodiscard]] reply rehearsal_of(const machine& of,
                                 const machine_limits& limits, request what,
                                 timestamp now,
                                 std::optional<sensitive_memory> seen);

/// `told` as the store keeps it for repeats, for `kept_for`. The turn has an
/// Idempotency-Key.
[[nodiscard]] storage::kept_answer
to_keep(const open_turn& turn, const answer& told, duration kept_for);

} // namespace pawl::actors
