#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/failure.hpp"
#include "cli/server.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::cli {

/// One request to the daemon.
struct request {
  std::string method = "GET";
  std::string target; ///< Path and query: "/v1/instances?limit=10".
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  /// How long the daemon was asked to hold its answer (Prefer: wait).
  duration held = {};
};

/// What came back.
struct response {
  long status = 0;
  std::map<std::string, std::string> headers; ///< Names in lower case.
  std::string body;
};

/// What a stream does with what arrives. `data` and `tick` may end it by
/// returning false.
struct stream_sink {
  std::function<void()> opened; ///< Answered with 200; before any data.
  std::function<bool(std::string_view bytes)> data;
  std::function<bool()> tick; ///< At least four times a second.
};

/// How a stream ended.
struct stream_end {
  bool stopped = false;   ///< The sink ended it.
  bool connected = false; ///< It had begun with 200.
  response refused;       ///< The answer, when it was not 200.
  std::string reason;     ///< Of a loss, for a person.
};

/// Speaks HTTP with one daemon. Every POST carries an Idempotency-Key of its
/// own, so repeating it is safe.
/// Thread safety: none; one client, one thread.
class client {
public:
  /// `servers` are tried in turn until one takes the connection. `timeout`
  /// bounds a command's repetitions, not the work of the daemon.
  client(std::vector<server_address> servers, duration timeout);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Sends and returns the answer, whatever its status. Repeats after a lost
  /// connection and after 429 and 503 (no sooner than Retry-After says) until
  /// the timeout; a daemon that was never there is not waited for.
  /// Fails with unreachable or timed_out.
  [[nodiscard]] outcome<response> send(request what);

  /// Reads a body as it comes, once, without repetition.
  /// Fails with unreachable only if no connection can be made.
  [[nodiscard]] outcome<stream_end> stream(const request& what,
                                           const stream_sink& sink);

  /// A client of the same daemon, for another thread.
  [[nodiscard]] std::unique_ptr<client> another(duration timeout) const;

  /// Whether the daemon has been there before.
  [[nodiscard]] bool reached() const { return reached_; }

  /// "http://127.0.0.1:7295" or "unix:/run/pawl/pawl.sock", for messages.
  [[nodiscard]] std::string server_name() const;

private:
  struct attempt;
  attempt try_once(const request& what, duration limit);
  bool next_server();

  std::vector<server_address> servers_;
  std::size_t chosen_ = 0;
  bool reached_ = false; ///< A connection was made before.
  duration timeout_;
  void* easy_ = nullptr; ///< CURL*, kept for its connections.
};

/// Percent-encodes all but unreserved characters (RFC 3986).
[[nodiscard]] std::string url_encode(std::string_view text);

} // namespace pawl::cli
