#pragma once

#include "storage/records.hpp"
#include "workflow/machine.hpp"

#include <vector>

namespace pawl::actors {

/// What the instance waits for, as its head keeps it: by task and kind, the
/// order that of their frames. Empty unless it goes on. At most `waits_max`
/// tasks are named; what else waits is counted below "".
inline constexpr std::size_t waits_max = 16;
[[nodiscard]] std::vector<storage::standing_wait> waits_of(const machine& now);

} // namespace pawl::actors
