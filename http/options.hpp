#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pawl::http {

/// What the operator chose for the HTTP edge; the keys `http.*` of the
/// configuration. Every bound is enforced for every connection.
struct server_options {
  /// "ADDRESS:PORT" ("[::1]:7295" for IPv6; port 0 takes a free one) or
  /// "unix:PATH".
  std::vector<std::string> listen{"127.0.0.1:7295"};
  /// Host names that a client may use beside the address it reached; "*" for
  /// all. Only looked at on loopback.
  std::vector<std::string> hosts;
  unsigned threads = 1;
  std::uint32_t unix_mode = 0600; ///< Permissions of unix sockets.

  std::size_t connections_max = 1024;
  std::size_t streams_max = 512; ///< Of the connections, how many may be SSE.
  std::size_t header_bytes_max = std::size_t{16} * 1024;
  std::size_t body_bytes_max = std::size_t{1024} * 1024;
  std::size_t body_bytes_per_second_min = 1024;

  duration idle_timeout{60'000};   ///< Between requests.
  duration header_deadline{5'000}; ///< First byte to the end of the header.
  duration body_deadline{30'000};
  /// How long a body may be slower than the minimum rate.
  duration body_grace{5'000};
  duration write_deadline{30'000}; ///< Per 64 KiB of an answer.
  /// What the daemon may take, beyond what a client asked to wait.
  duration answer_deadline{30'000};
  duration wait_max{60'000}; ///< Prefer: wait is cut to this.
  duration stream_keepalive{15'000};

  bool metrics_open = false; ///< GET /metrics needs no token.

  /// PEM files; with them every TCP listener speaks TLS.
  std::string tls_certificate;
  std::string tls_key;
  std::uint32_t page_max = 1000;  ///< Items of a list.
  duration lease_max{86'400'000}; ///< That a worker may ask for.
  std::size_t checkpoint_bytes_max = std::size_t{256} * 1024;

  std::string version = "0.0.0"; ///< What GET /version says.

  // What GET /v1/cluster says of this node.
  std::string node = "localhost"; ///< Its name.
  timestamp since = {};           ///< It runs.
  /// Instances in memory; any thread, does not block. Null: not told.
  std::function<std::size_t()> hot_instances = {};
};

} // namespace pawl::http
