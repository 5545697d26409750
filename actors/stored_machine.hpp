#pragma once

#include "actors/context.hpp"
#include "actors/turn_record.hpp"

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

/// When an instance entered a task last, and what flowed into it then.
struct last_entry {
  sequence begun = 0; ///< The fact.
  datum input = null_datum();
};

/// The last entry of `task` (a pointer) by `key`, found by folding the whole
/// history. Any thread; takes as long as the history is.
///
/// Fails as load_machine does, and with errc::invalid_request if the task was
/// never entered.
[[nodiscard]] result<last_entry>
last_entry_of(context& ctx, const instance_key& key, const std::string& task);

/// The history alone knows what flowed into the task that a retry or a rollback
/// goes back to: puts it into `what` if that is such a wish and lacks it. Fails
/// as last_entry_of does.
result<> look_back(context& ctx, const instance_key& key, const machine& flow,
                   request& what);

} // namespace pawl::actors
