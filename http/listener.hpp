#pragma once

#include "base/result.hpp"
#include "http/core.hpp"
#include "http/loop.hpp"

#include <functional>
#include <memory>
#include <string>

namespace pawl::http {

/// A socket that is bound and listens. On its loop's thread, but for open().
class listener {
public:
  using client_socket = byte_stream;
  /// Chooses the loop for the next client.
  using choose = std::function<loop&()>;
  /// Takes a client over that was accepted on the loop that `choose` named.
  using take = std::function<void(client_socket, loop&, const listener&)>;

  /// Binds `place`, "ADDRESS:PORT" or "unix:PATH", and listens. The file of a
  /// unix socket that nobody serves any more is replaced.
  /// Fails with errc::invalid_request if `place` is no address, errc::in_use
  /// if somebody serves it, errc::io if the system refuses.
  static result<std::unique_ptr<listener>>
  open(loop& on, const std::string& place, const server_options& options);

  virtual ~listener() = default;
  /// Accepts until closed.
  virtual void start(choose next, take over) = 0;
  /// Stops accepting, and removes the file of a unix socket.
  virtual void close() = 0;

  listening_place at;
  std::string name;       ///< As bound: "127.0.0.1:41234", "unix:/run/p".
  std::uint16_t port = 0; ///< 0 for a unix socket.
};

} // namespace pawl::http
