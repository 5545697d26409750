#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pawl::cli {

/// A command that is given text on stdin and writes its result to stdout; what
/// it writes to stderr goes to ours. It has a process group of its own, which
/// ends with it, and is killed when our thread dies.
/// Thread safety: none. SIGPIPE must be ignored.
class job_process {
public:
  /// What it may write to stdout: an answer that the daemon would take.
  static constexpr std::size_t output_max = (std::size_t{1} << 20) - 4096;

  /// Starts it; `environment` is added to ours as NAME=value. A command that
  /// cannot be started ends with the code 127.
  job_process(const std::vector<std::string>& command,
              const std::vector<std::string>& environment, std::string input);
  /// Kills it.
  ~job_process();
  job_process(const job_process&) = delete;
  job_process& operator=(const job_process&) = delete;

  /// Hands on bytes for at most `length`, or until it has ended.
  void pump(duration length);
  [[nodiscard]] bool ended() const { return code_.has_value(); }
  /// Its exit code; 128 + n if signal n ended it.
  [[nodiscard]] int code() const { return *code_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  /// It wrote more than it may, and was killed for it.
  [[nodiscard]] bool wrote_too_much() const { return too_much_; }

  /// Asks it to end (SIGTERM), and kills it some seconds later.
  void stop();

private:
  void move_bytes(duration length);
  void read_output();
  void write_input();
  void look();

  std::string input_;
  std::size_t written_ = 0;
  std::string output_;
  bool too_much_ = false;
  int in_ = -1;  ///< Its stdin.
  int out_ = -1; ///< Its stdout.
  pid_t pid_ = -1;
  std::optional<int> code_;
  std::optional<std::chrono::steady_clock::time_point> kill_at_;
};

} // namespace pawl::cli
