#include "http/connection.hpp"

#include "base/time.hpp"
#include "http/message.hpp"

#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <poll.h>

namespace pawl::http {

namespace {

constexpr std::size_t slice_max = std::size_t{64} * 1024;
constexpr std::size_t linger_bytes_max = std::size_t{4} * 1024 * 1024;

} // namespace

const std::string& loop::date() {
  const auto second = unix_ms(clock::now()) / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

connection::connection(std::shared_ptr<loop> home, byte_stream socket)
    : on{std::move(home)}, stream{std::move(socket)},
      wake{on->context.get_executor()}, watchdog_{on->context.get_executor()},
      self_{std::make_shared<connection*>(this)} {
  on->open.insert(this);
}

connection::~connection() {
  *self_ = nullptr;
  on->open.erase(this);
}

bool connection::has_left() {
  constexpr short ended = POLLRDHUP | POLLHUP | POLLERR;
  pollfd socket{stream.socket().native_handle(), POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) == 1 && (socket.revents & ended) != 0;
}

void connection::expires_at(std::chrono::steady_clock::time_point when) {
  expired_ = false;
  deadline_ = when;
  if (deadline_ < wakes_at_)
    watch_deadline();
}

void connection::watch_deadline() {
  wakes_at_ = deadline_;
  watchdog_.expires_at(wakes_at_);
  watchdog_.async_wait([self = self_](net_error aborted) {
    auto* client = *self;
    if (aborted || client == nullptr)
      return;
    client->wakes_at_ = std::chrono::steady_clock::time_point::max();
    if (std::chrono::steady_clock::now() < client->deadline_) {
      client->watch_deadline();
      return;
    }
    client->deadline_ = std::chrono::steady_clock::time_point::max();
    client->expired_ = true;
    net_error ignored;
    client->stream.socket().cancel(ignored);
  });
}

async<bool> connection::send(std::string_view first, std::string_view second,
                             duration deadline) {
  while (!first.empty() || !second.empty()) {
    if (cut_)
      co_return false;
    const auto a = first.substr(0, slice_max);
    const auto b = second.substr(0, slice_max - a.size());
    const std::array<net::const_buffer, 2> slice{
      net::const_buffer{a.data(), a.size()},
      net::const_buffer{b.data(), b.size()}};
    net_error failure;
    expires_after(deadline);
    co_await net::async_write(stream, slice, into(failure));
    if (failure)
      co_return false;
    first.remove_prefix(a.size());
    second.remove_prefix(b.size());
  }
  co_return true;
}

async<bool> connection::secure(tls_context with, duration patience) {
  expires_after(patience);
  const auto failure = co_await stream.begin_tls(std::move(with));
  co_return !failure;
}

async<void> connection::linger(duration patience) {
  net_error failure;
  expires_after(patience);
  if (stream.is_secure())
    co_await stream.end_tls();
  stream.socket().shutdown(net::socket_base::shutdown_send, failure);
  std::array<char, 4096> dropped{};
  std::size_t total = 0;
  while (!failure && !cut_ && total < linger_bytes_max)
    total += co_await stream.socket().async_read_some(net::buffer(dropped),
                                                      into(failure));
}

void connection::drain() {
  draining_ = true;
  net_error ignored;
  if (idle_)
    stream.socket().cancel(ignored);
  wake.cancel();
}

void connection::cut() {
  cut_ = true;
  draining_ = true;
  wake.cancel();
  net_error ignored;
  stream.socket().close(ignored);
}

} // namespace pawl::http
