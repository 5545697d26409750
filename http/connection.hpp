#pragma once

#include "base/time.hpp"
#include "http/channel.hpp"
#include "http/loop.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace pawl::http {

/// One client's socket with its deadlines. All functions on its loop's thread.
class connection {
public:
  connection(std::shared_ptr<loop> home, byte_stream socket);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  std::shared_ptr<loop> on;
  channel stream;
  timer wake; ///< What the coroutine sleeps on while the daemon works.

  /// Lets reads and writes fail from `length` from now on; expired() then says
  /// why. The socket stays open, so that the client can still be told.
  void expires_after(duration length) {
    expires_at(std::chrono::steady_clock::now() + length);
  }
  void expires_at(std::chrono::steady_clock::time_point when);
  /// Whether the last deadline has passed and ended what went on.
  [[nodiscard]] bool expired() const { return expired_; }

  /// Sends `first` and `second`; false if the client is gone or took longer
  /// than `deadline` for 64 KiB of it.
  async<bool> send(std::string_view first, std::string_view second,
                   duration deadline);
  /// Speaks TLS from now on, within `patience`; false if the client does not.
  async<bool> secure(tls_context with, duration patience);
  /// Ends our side, then reads and drops what the client still sends, for at
  /// most `patience`, so that it gets to read the last answer.
  async<void> linger(duration patience);

  /// Whether the client has closed its side.
  [[nodiscard]] bool has_left();

  /// Ends the connection as soon as no request is in hand.
  void drain();
  /// Ends the connection now.
  void cut();
  /// Whether no further request may be read.
  [[nodiscard]] bool is_draining() const { return draining_; }
  [[nodiscard]] bool is_cut() const { return cut_; }
  /// Tells whether the connection waits for a request, so may be drained.
  void set_idle(bool idle) { idle_ = idle; }

private:
  void watch_deadline();

  // One timer that sleeps through most deadlines: a later one only moves
  // `deadline_`, and the timer looks at it when it wakes.
  timer watchdog_;
  std::chrono::steady_clock::time_point deadline_
    = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point wakes_at_
    = std::chrono::steady_clock::time_point::max();
  std::shared_ptr<connection*> self_; ///< Null inside once we are gone.
  bool expired_ = false;
  bool draining_ = false;
  bool cut_ = false;
  bool idle_ = false;
};

} // namespace pawl::http
