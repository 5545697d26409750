#pragma once

#include "base/time.hpp"
#include "workflow/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pawl::actors {

/// What bounds every call.
struct http_limits {
  std::uint32_t connections_max = 1024;
  std::uint32_t per_host_max = 256;
  duration connect_timeout{10'000};
  duration call_timeout{300'000};
  std::uint64_t response_max = 8ULL << 20; ///< Bytes of headers and body.
  std::uint32_t redirects_max = 10;
  std::string ca_file = {}; ///< PEM; "": the system's certificates.
};

/// What an HTTP digest authentication (RFC 7616) is made of.
struct http_digest {
  std::string username;
  std::string password;
};

/// One request, ready to be sent.
struct http_call {
  std::string method;
  std::string uri; ///< http or https; any other scheme fails.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool redirect = false; ///< Follow redirects.
  /// Answers the server's challenge: the request goes out twice, first without
  /// its body.
  std::optional<http_digest> digest = {};
  std::optional<duration> timeout = {}; ///< Where it is below the client's.
};

/// Sends HTTP requests: all of them on one thread of its own, with libcurl.
/// Connections are kept and used again, TLS is verified, proxies are taken from
/// the environment.
///
/// Thread safety: every function may be called from any thread.
class http_client {
public:
  /// Names a call; never used twice.
  using ticket = std::uint64_t;
  /// How a call went. Called once on the client's thread and must not block.
  using done = std::function<void(http_outcome)>;

  explicit http_client(const http_limits& limits);
  /// Gives up all calls; their `done` is not called.
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Begins a call.
  ticket start(http_call what, done then);
  /// Gives a call up, if it still runs: its connection is closed, and `done` is
  /// not called unless that has begun already.
  void cancel(ticket which);
  /// Calls begun and not ended.
  [[nodiscard]] std::size_t active() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pawl::actors
