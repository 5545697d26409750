#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace pawl::actors {

/// Which children a supervisor starts anew when one of them has died.
enum class restart_scope : std::uint8_t {
  one_for_one,  ///< Only the dead one.
  one_for_all,  ///< All of them.
  rest_for_one, ///< The dead one and those that were started after it.
};

/// Whether a dead child is started anew at all.
enum class restart_rule : std::uint8_t {
  permanent, ///< Always.
  transient, ///< Only if it died abnormally.
  temporary, ///< Never.
};

/// How a supervisor answers the deaths of its children.
struct restart_policy {
  restart_scope scope = restart_scope::one_for_one;
  restart_rule rule = restart_rule::transient;
  std::uint32_t max_restarts = 3; ///< Within the window; one more gives up.
  duration within{60'000};
  duration backoff{100};            ///< Before the first restart of a window.
  std::uint32_t backoff_factor = 2; ///< From one restart to the next.
  duration backoff_max{10'000};
};

/// One death.
struct death {
  std::size_t who = 0; ///< Index into the children, in the order of start.
  bool abnormal = true;
  timestamp at;
};

namespace restarts {

/// The child stays dead, and nobody else is concerned.
struct forget {};
/// Stop those of `which` that still live, in reverse order; after `delay` start
/// all of them, in order.
struct again {
  std::vector<std::size_t> which;
  duration delay{};
};
/// Too many deaths within the window: this supervisor cannot help.
struct give_up {};

} // namespace restarts

using restart_decision
  = std::variant<restarts::forget, restarts::again, restarts::give_up>;

/// Says what follows from `last`, given the times of the `earlier` restarts
/// (oldest first) and the number of `children`. Pure; any thread.
[[nodiscard]] restart_decision
decide_restart(const restart_policy& policy, std::span<const timestamp> earlier,
               std::size_t children, const death& last);

/// Drops from `earlier` what is older than the window and so cannot matter any
/// more, and appends `now`.
void note_restart(const restart_policy& policy, std::vector<timestamp>& earlier,
                  timestamp now);

} // namespace pawl::actors
