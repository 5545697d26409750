#pragma once

#include <cstdint>
#include <span>
#include <sys/types.h>
#include <vector>

namespace pawl::runner {

/// The children of this process.
[[nodiscard]] std::vector<pid_t> children();

/// All descendants of this process, children before grandchildren, with the
/// numbers that /proc gives them. Those that left their group or session are
/// among them, as long as this process is the reaper of orphans.
[[nodiscard]] std::vector<pid_t> descendants();

/// Bytes of memory that the processes hold and share with no file. Those that
/// have ended count nothing.
[[nodiscard]] std::uint64_t memory_of(std::span<const pid_t> processes);

/// Kills all descendants of this process and reaps its children, without
/// waiting beyond a second for one that hangs in the kernel. Each is stopped
/// before any is killed, so that none escapes by forking.
///
/// Returns what waitpid said of `child`, or -1 if it did not end.
int kill_descendants(pid_t child);

} // namespace pawl::runner
