#pragma once

#include "trial/world.hpp"

namespace pawl::cli {

/// Evaluates what is not evaluated in place as the daemon does: in a process of
/// its own that is locked down, bounded in time and memory. It is started when
/// it is first needed. One thread.
[[nodiscard]] trial::helper local_expressions();

} // namespace pawl::cli
