#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

/// A daemon for tests: one thread, one request a connection, and answers that
/// the test decides.
namespace fake {

struct request {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers; ///< As they were sent.
  std::string body;
};

struct reply {
  int status = 200;
  std::string body;
  std::string headers = {}; ///< "Name: value\r\n"...
  bool drop = false;        ///< Close without a word.
  bool cut = false; ///< Send no length and close behind the body: a stream.
};

class server {
public:
  explicit server(std::function<reply(const request&)> answer)
      : answer_{std::move(answer)} {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }
  ~server() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  /// All requests so far.
  [[nodiscard]] std::vector<request> seen() const {
    std::lock_guard lock{mutex_};
    return seen_;
  }

private:
  void run() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0)
        continue;
      int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      serve(fd);
      close(fd);
    }
  }

  void serve(int fd) {
    request asked;
    if (!read_request(fd, asked))
      return;
    {
      std::lock_guard lock{mutex_};
      seen_.push_back(asked);
    }
    auto said = answer_(asked);
    if (said.drop)
      return;
    auto text = "HTTP/1.1 " + std::to_string(said.status) + " X\r\n"
                + said.headers + "Connection: close\r\n";
    if (!said.cut)
      text += "Content-Length: " + std::to_string(said.body.size()) + "\r\n";
    text += "\r\n" + said.body;
    for (std::size_t sent = 0; sent < text.size();) {
      auto n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0)
        return;
      sent += static_cast<std::size_t>(n);
    }
  }

  static bool read_request(int fd, request& into) {
    std::string text;
    std::size_t head = std::string::npos;
    std::size_t length = 0;
    while (head == std::string::npos || text.size() < head + 4 + length) {
      char buffer[4096];
      auto n = recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0)
        return false;
      text.append(buffer, static_cast<std::size_t>(n));
      if (head != std::string::npos)
        continue;
      head = text.find("\r\n\r\n");
      if (head == std::string::npos)
        continue;
      parse_head(text.substr(0, head + 2), into);
      auto found = into.headers.find("Content-Length");
      length = found == into.headers.end() ? 0 : std::stoul(found->second);
    }
    into.body = text.substr(head + 4);
    return true;
  }

  static void parse_head(const std::string& head, request& into) {
    auto blank = head.find(' ');
    into.method = head.substr(0, blank);
    into.target = head.substr(blank + 1, head.find(' ', blank + 1) - blank - 1);
    for (auto at = head.find("\r\n") + 2; at < head.size();) {
      auto end = head.find("\r\n", at);
      auto line = head.substr(at, end - at);
      auto colon = line.find(": ");
      into.headers[line.substr(0, colon)] = line.substr(colon + 2);
      at = end + 2;
    }
  }

  std::function<reply(const request&)> answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<request> seen_;
  std::thread thread_;
};

} // namespace fake
