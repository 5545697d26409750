#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace pawl::bench {

/// A service that answers every request at once with {"ok":true}, so that what
/// is measured is the daemon. One thread, epoll, on a port of its own.
class stub_server {
public:
  stub_server();
  ~stub_server();
  stub_server(const stub_server&) = delete;
  stub_server& operator=(const stub_server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Requests answered so far.
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

private:
  void run();

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> answered_ = 0;
  std::thread thread_;
};

} // namespace pawl::bench
