#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

/// The names of Asio as we use them, once. A connection lives on one
/// thread, so the executor is the thread's io_context, without any_executor's
/// indirection and without strands.
namespace pawl::http {

namespace net = boost::asio;

using executor = net::io_context::executor_type;
using timer
  = net::basic_waitable_timer<std::chrono::steady_clock,
                              net::wait_traits<std::chrono::steady_clock>,
                              executor>;
/// TCP and unix sockets alike, so that the session is compiled once.
using byte_stream
  = net::basic_stream_socket<net::generic::stream_protocol, executor>;
using net_error = boost::system::error_code;

template <class T>
using async = net::awaitable<T, executor>;

/// The completion token that waits and puts a failure into `failure`.
inline auto into(net_error& failure) {
  return net::redirect_error(net::use_awaitable_t<executor>{}, failure);
}

} // namespace pawl::http
