#include "bench/stub_server.hpp"

#include "bench/message.hpp"

#include <netinet/in.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace pawl::bench {

stub_server::stub_server() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 1024);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

stub_server::~stub_server() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

namespace {

void watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

/// Answers every whole request in `in`. Returns how many, -1 at the end of the
/// connection.
int serve(int fd, std::string& in) {
  static constexpr std::string_view answer
    = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Content-Length: 11\r\n\r\n{\"ok\":true}";
  char buffer[16384];
  auto n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n <= 0)
    return -1;
  in.append(buffer, static_cast<std::size_t>(n));
  int count = 0;
  while (auto asked = parse_message(in)) {
    in.erase(0, asked->size());
    if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
      return -1;
    ++count;
  }
  return count;
}

} // namespace

void stub_server::run() {
  int poll = epoll_create1(EPOLL_CLOEXEC);
  watch(poll, listener_);
  std::unordered_map<int, std::string> connections;
  auto accept_one = [&] {
    int fresh = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fresh < 0)
      return;
    connections[fresh];
    watch(poll, fresh);
  };
  auto serve_one = [&](int fd) {
    int count = serve(fd, connections[fd]);
    if (count >= 0) {
      answered_ += static_cast<std::uint64_t>(count);
      return;
    }
    connections.erase(fd);
    close(fd);
  };
  while (!stop_) {
    epoll_event events[128];
    int n = epoll_wait(poll, events, 128, 100);
    for (int i = 0; i < n; ++i)
      if (events[i].data.fd == listener_)
        accept_one();
      else
        serve_one(events[i].data.fd);
  }
  for (auto& [fd, in] : connections)
    close(fd);
  close(poll);
}

} // namespace pawl::bench
