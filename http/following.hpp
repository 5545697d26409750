#pragma once

#include "http/connection.hpp"
#include "http/core.hpp"

#include <optional>
#include <string>

namespace pawl::http {

/// How a stream ends.
enum class stream_end : std::uint8_t {
  complete, ///< There will be nothing more.
  draining, ///< The server stops: come again.
  barred,   ///< The client may not see it any more.
  failed    ///< The daemon does not answer.
};

/// What a stream goes out by: server-sent events, or a WebSocket. Each function
/// is called when the one before has ended; false means that the client is gone
/// or too slow. All on the connection's thread.
class outlet {
public:
  outlet() = default;
  outlet(const outlet&) = delete;
  outlet& operator=(const outlet&) = delete;
  virtual ~outlet() = default;

  /// Tells that the stream begins.
  virtual async<bool> open() = 0;
  virtual async<bool> send(const actors::history_page& page) = 0;
  /// Nothing was sent for a while; `at` is a number to come back with, where
  /// that may be told.
  virtual async<bool> keep_alive(std::optional<sequence> at) = 0;
  virtual async<void> close(stream_end why) = 0;
  /// Whether the client has left.
  [[nodiscard]] virtual bool is_gone() const { return false; }
};

/// What is followed, and by which path it was asked for.
struct followed {
  stream want;
  std::string path;
};

/// Sends the items of `what` to `out`, without a gap, until there can be no
/// more, the client is gone or too slow, or the server drains. At most one page
/// is in memory. Returns what to answer instead if nothing was sent yet; else
/// the connection must be closed. `client.wake` is its own meanwhile.
async<std::optional<response>> follow_stream(core& in, connection& client,
                                             followed what, outlet& out);

} // namespace pawl::http
