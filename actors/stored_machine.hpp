#pragma once

#include "actors/context.hpp"
#include "actors/turn_record.hpp"

#include <functional>

namespace pawl::actors {

/// An instance as the store has it.
struct stored_machine {
  machine flow;
  footing stands;
};

/// Where machines come from.
struct machine_source {
  const storage::store& store;
  definition_cache& definitions;
  machine_limits limits;
};

/// Folds the newest snapshot of `key` and the facts behind it. Any thread.
///
/// Fails with errc::not_found, errc::corrupt. Throws what the machine throws if
/// the facts do not fit each other.
[[nodiscard]] result<stored_machine> load_machine(const machine_source& from,
                                                  const instance_key& key);
[[nodiscard]] result<stored_machine> load_machine(context& ctx,
                                                  const instance_key& key);

/// Who looks on while a history is carried out again: at each fact before it is
/// applied (may be null), and after.
struct onlooker {
  using step
    = std::function<void(const machine& flow, const storage::history_item& of)>;
  step before = nullptr;
  step after;
};

/// Carries the whole history of `key` out again, for what no snapshot tells.
/// Any thread; takes as long as the history is. Returns how it stands.
///
/// Fails and throws as load_machine does.
[[nodiscard]] result<machine> replay_from_the_beginning(context& ctx,
                                                        const instance_key& key,
                                                        const onlooker& eyes);

/// The history alone knows what flowed into the task that a retry or a rollback
/// goes back to: puts it into `what` if that is such a wish and lacks it. Fails
/// as load_machine does, and with errc::invalid_request if the task was never
/// entered.
result<> look_back(context& ctx, const instance_key& key, const machine& flow,
                   request& what);

} // namespace pawl::actors
