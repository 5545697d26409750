#include "bench/closed_loop.hpp"

#include "bench/message.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace pawl::bench {
namespace {

using steady = std::chrono::steady_clock;

int connect_to(std::uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

/// One client. Requests are small, so a blocking send never waits long; only
/// the answers are awaited through epoll.
struct connection {
  int fd = -1;
  std::string in;
  steady::time_point sent;
  bool busy = false;
};

class loop {
public:
  explicit loop(const load_plan& plan) : plan_{plan} {
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    clients_.resize(plan.clients);
    for (auto& c : clients_)
      if (!open(c))
        throw std::runtime_error{
          fmt::format("cannot connect to 127.0.0.1:{}", plan.port)};
  }
  ~loop() {
    for (auto& c : clients_)
      if (c.fd >= 0)
        close(c.fd);
    close(poll_);
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  load_result run() {
    auto start = steady::now();
    deadline_ = start + plan_.limit;
    for (auto& c : clients_)
      send_next(c);
    // An answer that never comes must not hold the benchmark for ever.
    while (busy_ > 0 && steady::now() < deadline_ + std::chrono::seconds{30}) {
      epoll_event events[128];
      int n = epoll_wait(poll_, events, 128, 1000);
      for (int i = 0; i < n; ++i)
        receive(*static_cast<connection*>(events[i].data.ptr));
    }
    result_.lost += busy_;
    result_.seconds
      = std::chrono::duration<double>(steady::now() - start).count();
    return std::move(result_);
  }

private:
  bool open(connection& c) {
    c.fd = connect_to(plan_.port);
    c.in.clear();
    if (c.fd < 0)
      return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    return epoll_ctl(poll_, EPOLL_CTL_ADD, c.fd, &event) == 0;
  }

  void send_next(connection& c) {
    if (sent_ >= plan_.count || steady::now() >= deadline_)
      return;
    auto bytes = plan_.request(sent_++);
    c.sent = steady::now();
    c.busy = true;
    ++busy_;
    if (send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL)
        != static_cast<ssize_t>(bytes.size()))
      lose(c);
  }

  void lose(connection& c) {
    close(c.fd);
    c.fd = -1;
    if (c.busy) {
      c.busy = false;
      --busy_;
      ++result_.lost;
    }
    if (open(c))
      send_next(c);
  }

  void receive(connection& c) {
    char buffer[16384];
    auto n = recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0)
      return lose(c);
    c.in.append(buffer, static_cast<std::size_t>(n));
    auto answer = parse_message(c.in);
    if (!answer)
      return;
    auto latency = steady::now() - c.sent;
    if (plan_.is_good(status_of(*answer), answer->body)) {
      ++result_.good;
      result_.latency.record(latency);
    } else if (++result_.bad == 1) {
      result_.example = c.in.substr(0, 400);
    }
    c.in.erase(0, answer->size());
    c.busy = false;
    --busy_;
    send_next(c);
  }

  const load_plan& plan_;
  int poll_ = -1;
  std::vector<connection> clients_;
  std::uint64_t sent_ = 0;
  std::uint64_t busy_ = 0;
  steady::time_point deadline_;
  load_result result_;
};

} // namespace

load_result run_load(const load_plan& plan) {
  return loop{plan}.run();
}

single_answer ask(std::uint16_t port, const std::string& request) {
  int fd = connect_to(port);
  if (fd < 0)
    return {};
  timeval patience{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  single_answer out;
  std::string in;
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL)
      == static_cast<ssize_t>(request.size())) {
    char buffer[16384];
    ssize_t n = 0;
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
      in.append(buffer, static_cast<std::size_t>(n));
      if (auto answer = parse_message(in)) {
        out = {status_of(*answer), std::string{answer->body}};
        break;
      }
    }
  }
  close(fd);
  return out;
}

std::string make_request(std::string_view method, std::string_view target,
                         std::string_view headers, std::string_view body) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}"
                     "Content-Length: {}\r\n\r\n{}",
                     method, target, headers, body.size(), body);
}

} // namespace pawl::bench
