#pragma once

#include "base/time.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace pawl::daemon {

/// Tells the service manager how the daemon is doing: sd_notify's protocol,
/// spoken here because it is one datagram. Without $NOTIFY_SOCKET every call
/// does nothing. A message that cannot be sent is dropped: the manager's
/// timeouts are there for that.
///
/// Thread safety: all functions may be called from any thread.
class notifier {
public:
  /// What the environment of this process names. Call before threads start.
  static notifier from_environment();

  /// `socket` is a path, "@name" for an abstract socket, or "" for none;
  /// `watchdog` is the manager's patience, 0 for endless.
  explicit notifier(const std::string& socket, duration watchdog = {});
  ~notifier();
  notifier(notifier&& other) noexcept;
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;
  notifier& operator=(notifier&&) = delete;

  /// The daemon serves. Also ends what reloading() began.
  void ready(std::string_view status) const;
  /// One line for `systemctl status`.
  void status(std::string_view text) const;
  /// The daemon has begun to drain.
  void stopping() const;
  /// The daemon reads its configuration again; ready() must follow.
  void reloading() const;
  /// The daemon is alive; due once per watchdog_interval().
  void alive() const;

  /// Half of the manager's patience; 0 if it does not watch.
  [[nodiscard]] duration watchdog_interval() const { return interval_; }

private:
  void send(std::string_view message) const;

  int fd_ = -1;
  duration interval_;
};

/// A thread that calls notifier::alive() for as long as `healthy` says so.
/// `healthy` must not block for longer than the interval: a daemon that cannot
/// answer it is one that the manager shall restart. `to` must outlive this.
class watchdog {
public:
  watchdog(const notifier& to, std::function<bool()> healthy);

private:
  std::jthread thread_; ///< None if the manager does not watch.
};

} // namespace pawl::daemon
