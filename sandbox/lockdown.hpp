#pragma once

#include <cstdint>

namespace pawl::sandbox {

/// Gives up everything this process does not need, for good: descriptors but
/// 0 and 1, files, network, new processes, new privileges, core dumps, and
/// memory beyond `memory_max` bytes. It dies with its parent.
///
/// From here on only reading, writing, memory and clocks work: opening a file
/// fails with EACCES, any other call kills the process. Returns false if the
/// kernel refuses a part of it; the process must not go on then.
[[nodiscard]] bool lock_down(std::uint64_t memory_max);

} // namespace pawl::sandbox
