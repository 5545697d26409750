#pragma once

#include "storage/store.hpp"
#include "workflow/machine.hpp"
#include "workflow/redactor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pawl::actors {

/// What the store holds of an instance, as its actor must know it to write the
/// next turn.
struct footing {
  storage::head head;
  std::vector<awaited_event> listens;
  std::vector<frame_id> jobs;     ///< Of workers, ordered ones.
  std::uint64_t tail_events = 0;  ///< Since the newest snapshot.
  std::uint64_t tail_bytes = 0;   ///< Since the newest snapshot.
  std::size_t snapshot_bytes = 0; ///< Size of the newest snapshot.
};

/// The frames whose effects are with workers, or wait for one, or will again.
[[nodiscard]] std::vector<frame_id> jobs_of(const machine& now);

/// When to write a snapshot: when the tail behind the last one is long enough,
/// and at least as large as the last one was, so that a large state does not
/// cost more than its changes.
struct snapshot_policy {
  std::uint32_t events = 64;
  std::uint64_t bytes = 64ULL << 10;
};
[[nodiscard]] bool snapshot_due(const footing& before, std::size_t new_events,
                                const snapshot_policy& policy);

/// What one turn has made of the machine.
struct turn_outcome {
  std::vector<event> events; ///< At least one.
  std::vector<datum> emitted;
  std::vector<instance_key> left = {}; ///< Children to cancel.
  duration emitted_for{};              ///< They are buffered so long.
  timestamp at;
  bool busy = false; ///< Effects are out, or work is left.
  std::optional<storage::kept_answer> answer;
  redactor_ptr known = nullptr; ///< Hides what the history has shown.
};

/// The turn as the store wants it, told from what stood before and from the
/// machine as it is now. Pure.
[[nodiscard]] storage::turn record_turn(const instance_key& key,
                                        const std::optional<footing>& before,
                                        const machine& now, turn_outcome what,
                                        const snapshot_policy& policy);

/// Moves `before` on by the turn, once it is durable.
[[nodiscard]] footing moved_on(const std::optional<footing>& before,
                               const storage::turn& written,
                               const storage::prepared_turn& rows,
                               const machine& now);

} // namespace pawl::actors
