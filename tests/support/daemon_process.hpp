#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pawl::test {

/// A directory of its own below the system's temporary one; removed at the end.
class temporary_directory {
public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A real pawld on a data directory and a loopback port of its own, to be
/// started, killed and started again.
class daemon_process {
public:
  /// `options` are more flags of the command line.
  explicit daemon_process(std::filesystem::path data,
                          std::vector<std::string> options = {});
  ~daemon_process();
  daemon_process(const daemon_process&) = delete;
  daemon_process& operator=(const daemon_process&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Where its log goes, over all its lives.
  [[nodiscard]] std::filesystem::path log() const { return log_; }

  void start();
  /// Waits until /readyz answers 200; false if it ends or `patience` does.
  bool wait_ready(std::chrono::milliseconds patience
                  = std::chrono::seconds{20});
  /// kill -9, and waits for the end.
  void kill();
  /// SIGTERM, and waits for the end; returns the exit code (128 + n for a
  /// signal n).
  int stop(std::chrono::milliseconds patience = std::chrono::seconds{30});
  /// The exit code if it has ended by itself; -1 while it runs.
  int exit_code();

private:
  int reap(int options);

  std::filesystem::path data_;
  std::filesystem::path log_;
  std::vector<std::string> options_;
  std::uint16_t port_;
  pid_t pid_ = -1;
  int code_ = -1;
};

/// A loopback port that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

} // namespace pawl::test
