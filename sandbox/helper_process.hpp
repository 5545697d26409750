#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

namespace pawl::sandbox {

/// Its program's name; see base/program_beside.hpp.
inline constexpr auto helper_name = "pawl-jq";

/// One running `pawl-jq`. Speaks its frames and ends it when it misbehaves.
/// Thread safety: one thread.
class helper_process {
public:
  helper_process(std::string path, std::uint64_t memory_max)
      : path_{std::move(path)}, memory_max_{memory_max} {}
  ~helper_process() { end(); }
  helper_process(const helper_process&) = delete;
  helper_process& operator=(const helper_process&) = delete;

  /// Sends `text` (encode of sandbox/question.hpp) and returns the answer;
  /// starts the process if none runs. `running` learns each process that
  /// starts, and -1 before one is reaped, so that nobody signals a process that
  /// is another by then; it is kept for as long as that process runs.
  ///
  /// Fails with errc::timed_out after `deadline`, errc::too_large if it ran
  /// out of memory or its answer is too long, errc::internal if it died or
  /// cannot be started. After each of these no process runs.
  [[nodiscard]] result<std::string>
  ask(const std::string& text, duration deadline,
      const std::function<void(pid_t)>& running);

private:
  [[nodiscard]] result<void> start();
  [[nodiscard]] result<void> send_all(const std::string& frame,
                                      std::chrono::steady_clock::time_point by);
  [[nodiscard]] result<std::string>
  receive(std::size_t size, std::chrono::steady_clock::time_point by);
  [[nodiscard]] result<void>
  wait_until(short events, std::chrono::steady_clock::time_point by);
  [[nodiscard]] error died();
  void end();

  std::string path_;
  std::uint64_t memory_max_;
  pid_t pid_ = -1;
  int socket_ = -1;
  std::function<void(pid_t)> running_;
};

} // namespace pawl::sandbox
