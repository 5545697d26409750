#pragma once

#include "base/time.hpp"
#include "http/loop.hpp"

#include <memory>
#include <string_view>

namespace pawl::http {

/// One client's socket with its deadlines. All functions on its loop's thread.
class connection {
public:
  connection(
    std::shared_ptr<loop> home,
    net::basic_stream_socket<net::generic::stream_protocol, executor> socket);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  std::shared_ptr<loop> on;
  byte_stream stream;
  timer wake; ///< What the coroutine sleeps on while the daemon works.

  /// Sends `first` and `second`; false if the client is gone or took longer
  /// than `deadline` for 64 KiB of it.
  async<bool> send(std::string_view first, std::string_view second,
                   duration deadline);
  /// Ends our side, then reads and drops what the client still sends, for at
  /// most `patience`, so that it gets to read the last answer.
  async<void> linger(duration patience);

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
  bool draining_ = false;
  bool cut_ = false;
  bool idle_ = false;
};

} // namespace pawl::http
