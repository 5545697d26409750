#pragma once

#include "runner/isolation.hpp"

#include <string>
#include <string_view>

namespace pawl::runner {

/// What the keeper of a program tells the runner in the end.
struct verdict {
  enum class what : char {
    ended = 'e',       ///< The program has ended; `code`.
    missing = 'c',     ///< It cannot be run here; `detail`.
    too_much = 'm',    ///< It took more than it may; `detail`.
    not_started = 'r', ///< Something of ours failed; `detail`.
  };
  what kind = what::not_started;
  int code = 0;
  std::string detail;
};
[[nodiscard]] std::string to_text(const verdict& v);
[[nodiscard]] verdict verdict_of(std::string_view text);

/// What the runner tells the keeper, a byte each; a closed connection means
/// kill_now.
inline constexpr char end_gently = 'T';
inline constexpr char kill_now = 'K';

/// The descriptors of a keeper: a SEQPACKET socket to the runner, and the
/// program's standard streams.
struct keeper_ends {
  int control = -1;
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Runs one program to its end, in a child of fork_apart(): sets its world up,
/// starts it, bounds it, kills what it leaves behind, and says how it went.
/// Does not return.
///
/// It is its own process, so that a program's orphans have a reaper that knows
/// whose they are, and so that nothing of the program outlives the runner.
[[noreturn]] void keep(const order& what, const keeper_ends& ends,
                       const surroundings& around);

} // namespace pawl::runner
