#include "http/listener.hpp"

#include "base/log.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

namespace pawl::http {

namespace {

using tcp = net::ip::tcp;
using unix_stream = net::local::stream_protocol;
constexpr std::string_view unix_prefix = "unix:";
constexpr int backlog = 1024;

error cannot_listen(const std::string& place, const net_error& why) {
  const auto code = why == net::error::address_in_use ? errc::in_use : errc::io;
  return {code, "Cannot listen on " + place + ": " + why.message() + "."};
}

template <class Protocol>
class accepting : public listener {
public:
  explicit accepting(loop& on)
      : acceptor_{on.context.get_executor()}, pause_{
                                                on.context.get_executor()} {}

  ~accepting() override { remove_file(); }

  net_error bind(const typename Protocol::endpoint& where) {
    net_error failure;
    acceptor_.open(where.protocol(), failure);
    if constexpr (std::is_same_v<Protocol, tcp>)
      if (!failure)
        acceptor_.set_option(net::socket_base::reuse_address{true}, failure);
    if (!failure)
      acceptor_.bind(where, failure);
    if (!failure)
      acceptor_.listen(backlog, failure);
    return failure;
  }

  [[nodiscard]] typename Protocol::endpoint bound() const {
    net_error ignored;
    return acceptor_.local_endpoint(ignored);
  }

  void start(choose next, take over) override {
    net::co_spawn(acceptor_.get_executor(),
                  accept_all(std::move(next), std::move(over)), net::detached);
  }

  void close() override {
    net_error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    remove_file();
  }

  std::string file; ///< Of a unix socket, ours to remove.

private:
  async<void> accept_all(choose next, take over) {
    while (acceptor_.is_open()) {
      net_error failure;
      loop& home = next();
      auto client = co_await acceptor_.async_accept(home.context.get_executor(),
                                                    into(failure));
      if (!failure) {
        tune(client);
        over(client_socket{std::move(client)}, home, *this);
      } else if (acceptor_.is_open()
                 && failure != net::error::connection_aborted) {
        // Out of descriptors, most likely: trying at once would spin.
        log::warn("http.accept_failed",
                  {{"place", name}, {"error", failure.message()}});
        pause_.expires_after(std::chrono::milliseconds{100});
        co_await pause_.async_wait(into(failure));
      }
    }
  }

  template <class Socket>
  static void tune(Socket& client) {
    if constexpr (std::is_same_v<Protocol, tcp>) {
      net_error ignored; // A client that is gone already.
      client.set_option(tcp::no_delay{true}, ignored);
    }
  }

  void remove_file() {
    if (!file.empty())
      ::unlink(file.c_str());
    file.clear();
  }

  net::basic_socket_acceptor<Protocol, executor> acceptor_;
  timer pause_;
};

// Whether somebody answers at the unix socket `path`.
bool is_served(loop& on, const std::string& path) {
  unix_stream::socket probe{on.context};
  net_error failure;
  probe.connect(unix_stream::endpoint{path}, failure);
  return !failure;
}

result<std::unique_ptr<listener>> open_unix(loop& on, const std::string& place,
                                            const server_options& options) {
  const auto path = place.substr(unix_prefix.size());
  if (path.empty() || path.size() > 107)
    return error{errc::invalid_request,
                 "A unix socket's path is 1 to 107 bytes: " + place};
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return error{errc::in_use, "There is a file that is no socket: " + path};
    if (is_served(on, path))
      return error{errc::in_use, "Somebody serves " + path + " already."};
    ::unlink(path.c_str());
  }
  auto out = std::make_unique<accepting<unix_stream>>(on);
  if (auto failure = out->bind(unix_stream::endpoint{path}))
    return cannot_listen(place, failure);
  out->file = path;
  if (::chmod(path.c_str(), options.unix_mode) != 0)
    return error{errc::io, "Cannot set the permissions of " + path + "."};
  out->name = place;
  return out;
}

result<tcp::endpoint> parse_endpoint(const std::string& place) {
  const auto colon = place.rfind(':');
  auto address = place.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (address == "localhost")
    address = "127.0.0.1";
  const auto digits
    = colon == std::string::npos ? std::string{} : place.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [stop, bad]
    = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  net_error failure;
  const auto where = net::ip::make_address(address, failure);
  if (failure || bad != std::errc{} || stop != digits.data() + digits.size())
    return error{errc::invalid_request,
                 "`" + place + "` is neither ADDRESS:PORT nor unix:PATH."};
  return tcp::endpoint{where, port};
}

result<std::unique_ptr<listener>> open_tcp(loop& on, const std::string& place,
                                           const server_options& options) {
  const auto where = parse_endpoint(place);
  if (!where)
    return where.error();
  auto out = std::make_unique<accepting<tcp>>(on);
  if (auto failure = out->bind(*where))
    return cannot_listen(place, failure);
  const auto bound = out->bound();
  const auto address = bound.address().to_string();
  out->port = bound.port();
  out->name = (bound.address().is_v6() ? "[" + address + "]" : address) + ":"
              + std::to_string(bound.port());
  out->at = {bound.address().is_loopback(), address, options.hosts, true};
  return out;
}

} // namespace

result<std::unique_ptr<listener>>
listener::open(loop& on, const std::string& place,
               const server_options& options) {
  return place.starts_with(unix_prefix) ? open_unix(on, place, options)
                                        : open_tcp(on, place, options);
}

} // namespace pawl::http
