#pragma once

#include "runner/order.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

/// What stands between a program and the rest of the machine.
namespace pawl::runner {

/// What holds for all programs of a runner.
struct surroundings {
  std::vector<std::string> hidden; ///< Directories and files nobody may see.
  separation how = separation::none;
  uid_t user = 0;  ///< Whom this process and all programs are. In a new user
  gid_t group = 0; ///< namespace nobody could tell.
};

/// As fork(), but with namespaces the child is the first process of its own
/// tree, with its own users, mounts and messages, and without `network` no
/// network. When it ends the kernel kills that tree, whatever it has become.
///
/// Returns -1 and sets errno if the kernel refuses.
[[nodiscard]] pid_t fork_apart(bool namespaces, bool network);

/// In a child of fork_apart() with namespaces: makes every file read-only,
/// hides homes, temporary directories and what `around` names, and gives it a
/// /tmp of its own of at most `bytes`. The directories of `path` stay visible.
///
/// Fails with errc::internal if the kernel refuses a part of it.
[[nodiscard]] result<void> enter(const surroundings& around,
                                 const std::string& path, std::uint64_t bytes);

/// Makes an empty directory that only this user can enter, in this process's
/// /tmp. Fails with errc::io.
[[nodiscard]] result<std::string> make_private_directory();

/// Removes a directory with all in it, also what its owner cannot enter.
void remove_directory(const std::string& which);

/// In the child that is about to become a program: bounds memory, processes,
/// files and cores, forbids new privileges, lowers the priority. Returns false
/// if the kernel refuses.
///
/// `processes_before` is what the user has running that are not the program's.
[[nodiscard]] bool limit_this_process(const bounds& limits,
                                      std::uint32_t processes_before);

/// Processes of this user, as far as /proc shows them.
[[nodiscard]] std::uint32_t processes_of_this_user();

} // namespace pawl::runner
