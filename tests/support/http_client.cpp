#include "tests/support/http_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace pawl::test {

namespace {

int connected(int family, const sockaddr* to, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, to, size) != 0) {
    if (fd >= 0)
      ::close(fd);
    throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
  }
  return fd;
}

} // namespace

std::string http_answer::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key.size() == name.size()
        && ::strncasecmp(key.data(), name.data(), name.size()) == 0)
      return value;
  return {};
}

http_client::http_client(std::uint16_t port, std::chrono::milliseconds patience)
    : patience_{patience} {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

http_client::http_client(const std::string& path)
    : patience_{std::chrono::seconds{10}} {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  fd_ = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

http_client::~http_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

http_client::http_client(http_client&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, patience_{other.patience_},
      buffer_{std::move(other.buffer_)} {}

bool http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void http_client::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void http_client::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ::close(std::exchange(fd_, -1));
}

http_answer http_client::ask(std::string_view method, std::string_view target,
                             std::string_view body, std::string_view fields) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  text.append("Host: localhost\r\n").append(fields);
  if (!body.empty())
    text.append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n");
  text.append("\r\n").append(body);
  send(text);
  return read_answer(method == "HEAD");
}

bool http_client::fill(std::chrono::milliseconds patience) {
  pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0)
    return false;
  char bytes[16384];
  const auto got = ::recv(fd_, bytes, sizeof(bytes), 0);
  if (got <= 0)
    return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> http_client::take_line() {
  auto end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!fill())
      return std::nullopt;
    end = buffer_.find("\r\n");
  }
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool http_client::take(std::string& into, std::size_t count) {
  while (buffer_.size() < count)
    if (!fill()) {
      into.append(std::exchange(buffer_, {}));
      return false;
    }
  into.append(buffer_, 0, count);
  buffer_.erase(0, count);
  return true;
}

http_answer http_client::read_head() {
  http_answer out;
  const auto status = take_line();
  if (!status || status->size() < 12)
    return out;
  out.status = std::atoi(status->c_str() + 9);
  for (auto line = take_line(); line && !line->empty(); line = take_line()) {
    const auto colon = line->find(':');
    const auto value = line->find_first_not_of(' ', colon + 1);
    out.fields.emplace_back(line->substr(0, colon), value == std::string::npos
                                                      ? ""
                                                      : line->substr(value));
  }
  return out;
}

http_answer http_client::read_answer(bool head_only) {
  auto out = read_head();
  while (out.status == 100)
    out = read_head();
  if (head_only || out.status == 204 || out.status == 304 || out.status == 0) {
    out.complete = out.status != 0;
    return out;
  }
  if (out.field("Transfer-Encoding") == "chunked") {
    for (auto line = take_line(); line; line = take_line()) {
      const auto size = std::stoul(*line, nullptr, 16);
      std::string ignored;
      if (!take(out.body, size) || !take(ignored, 2))
        break;
      if (size == 0) {
        out.complete = true;
        break;
      }
    }
    return out;
  }
  out.complete = take(out.body, std::stoul("0" + out.field("Content-Length")));
  return out;
}

std::string http_client::read_until(std::string_view mark) {
  for (;;) {
    if (const auto at = buffer_.find(mark); at != std::string::npos) {
      auto out = buffer_.substr(0, at + mark.size());
      buffer_.erase(0, at + mark.size());
      return out;
    }
    if (!fill())
      return std::exchange(buffer_, {});
  }
}

bool http_client::hangs_up(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end)
    if (!fill(patience)) {
      char byte = 0;
      return ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 0
             || (errno != EAGAIN && errno != EWOULDBLOCK);
    }
  return false;
}

} // namespace pawl::test
