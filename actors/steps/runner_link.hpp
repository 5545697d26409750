#pragma once

#include "base/frame_channel.hpp"
#include "base/json.hpp"

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pawl::actors {

/// Where pawl-runner is.
struct runner_place {
  /// The unix socket it listens on. Empty: it is started as a child.
  std::string socket;
  /// The child's program. Empty: `pawl-runner` beside this program, else
  /// /usr/lib/pawl/pawl-runner.
  std::string program;
  std::string user = "nobody";     ///< Of the child, if this process is root.
  std::vector<std::string> hidden; ///< What programs of the child cannot see.
};

/// A connection to a pawl-runner, and the child if it is one.
/// Thread safety: one thread.
class runner_link {
public:
  /// Connects or starts. The runner's first frame says how it keeps programs
  /// apart; until it has come nothing should be sent.
  /// Fails with errc::io; the detail names what is missing.
  [[nodiscard]] static result<std::unique_ptr<runner_link>>
  open(const runner_place& place);
  /// Hangs up, on which the runner kills its programs; waits a few seconds for
  /// a child to do so, then kills it.
  ~runner_link();
  runner_link(const runner_link&) = delete;
  runner_link& operator=(const runner_link&) = delete;

  [[nodiscard]] frame_channel& frames() { return *frames_; }
  /// The child, -1 if there is none.
  [[nodiscard]] pid_t child() const { return child_; }

private:
  runner_link(int fd, pid_t child)
      : frames_{std::make_unique<frame_channel>(fd)}, child_{child} {}

  std::unique_ptr<frame_channel> frames_;
  pid_t child_;
};

} // namespace pawl::actors
