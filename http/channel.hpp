#pragma once

#include "http/net.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace pawl::http {

/// What TLS listeners show and how they speak. Shared by the connections that
/// began with it, so that a new certificate does not disturb them.
using tls_context = std::shared_ptr<net::ssl::context>;

/// The bytes of a connection, in the clear or under TLS: one type, so that the
/// session is compiled once. On its loop's thread.
class channel {
  byte_stream socket_;

public:
  using executor_type = executor;

  explicit channel(byte_stream socket) : socket_{std::move(socket)} {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  byte_stream& socket() { return socket_; }
  [[nodiscard]] bool is_secure() const { return tls_.has_value(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token)
    -> decltype(socket_.async_read_some(into, std::forward<Token>(token))) {
    if (tls_)
      return tls_->async_read_some(into, std::forward<Token>(token));
    return socket_.async_read_some(into, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token)
    -> decltype(socket_.async_write_some(from, std::forward<Token>(token))) {
    if (tls_)
      return tls_->async_write_some(from, std::forward<Token>(token));
    return socket_.async_write_some(from, std::forward<Token>(token));
  }

  /// Speaks TLS as a server from now on. Ends with an error if the client does
  /// not.
  async<net_error> begin_tls(tls_context with) {
    context_ = std::move(with);
    tls_.emplace(socket_, *context_);
    net_error failure;
    co_await tls_->async_handshake(net::ssl::stream_base::server,
                                   into(failure));
    co_return failure;
  }
  /// Says that nothing more will come, so that the client can tell an end from
  /// a connection that was cut. It must be secure.
  async<void> end_tls() {
    net_error ignored;
    co_await tls_->async_shutdown(into(ignored));
  }

  using secured = net::ssl::stream<byte_stream&>;
  /// Null in the clear.
  secured* tls() { return tls_ ? &*tls_ : nullptr; }

private:
  tls_context context_;
  std::optional<secured> tls_;
};

} // namespace pawl::http
