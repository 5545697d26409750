#pragma once

#include "actors/gateway.hpp"
#include "base/result.hpp"
#include "http/exchange.hpp"
#include "http/options.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pawl::http {

/// The HTTP edge: listens, serves, and asks the daemon through the gateway's
/// functions. Runs its own threads.
///
/// Thread safety: start() and stop() belong to one owner; the functions of the
/// gateway may call back from anywhere, at any time, even after the server is
/// gone.
class server {
public:
  /// Binds all of `options.listen` and starts to serve. What `daemon`'s
  /// functions use must live until stop() has returned.
  ///
  /// Fails with errc::invalid_request, errc::in_use or errc::io, with a
  /// sentence that names the address; then nothing listens.
  static result<std::unique_ptr<server>>
  start(server_options options, actors::gateway daemon, observer watching = {});

  /// As stop(0).
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Stops listening, hangs up on idle clients and streams, lets requests in
  /// hand end for at most `grace`, then cuts what is left. Returns when no
  /// thread runs any more. A second call does nothing.
  void stop(duration grace);

  /// Reads the certificate and its key again, for connections to come.
  /// Fails with errc::invalid_request; then the former ones stay in force.
  [[nodiscard]] result<> reload_tls();

  /// What it listens on, as bound: "127.0.0.1:41234", "unix:/run/pawl.sock".
  [[nodiscard]] const std::vector<std::string>& places() const;
  /// The port of the first TCP listener; 0 if there is none.
  [[nodiscard]] std::uint16_t port() const;

private:
  struct state;
  explicit server(std::unique_ptr<state> made);
  std::unique_ptr<state> state_;
};

} // namespace pawl::http
