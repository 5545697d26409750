#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pawl::test {

/// A plain HTTP/1.1 server on loopback for tests of what calls out: one thread
/// a connection, keep-alive, answers by a function of the test.
class http_server {
public:
  struct request {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers; ///< Names in lower case.
    std::string body;
  };
  /// The whole answer as it goes out; "" closes the connection without one.
  using handler = std::function<std::string(const request&)>;

  explicit http_server(handler h) : handler_{std::move(h)} {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    listen(listener_, 128);
    socklen_t size = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
  }

  ~http_server() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard hold{lock_};
      for (const int c : open_)
        shutdown(c, SHUT_RDWR);
    }
    for (auto& t : threads_)
      t.join();
  }
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }

  static std::string answer(int status, const std::string& body,
                            const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: "
           + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
  }

private:
  void accept_all() {
    while (!stopping_) {
      const int c = accept(listener_, nullptr, nullptr);
      if (c < 0)
        return;
      ++connections_;
      const std::lock_guard hold{lock_};
      open_.push_back(c);
      threads_.emplace_back([this, c] { serve(c); });
    }
  }

  void serve(int c) {
    std::string buffer;
    request r;
    while (!stopping_ && read_request(c, buffer, r)) {
      ++requests_;
      const auto out = handler_(r);
      if (out.empty()
          || send(c, out.data(), out.size(), MSG_NOSIGNAL)
               != static_cast<ssize_t>(out.size()))
        break;
    }
    const std::lock_guard hold{lock_};
    std::erase(open_, c);
    close(c);
  }

  static bool fill(int c, std::string& buffer) {
    char piece[16384];
    const auto n = recv(c, piece, sizeof piece, 0);
    if (n <= 0)
      return false;
    buffer.append(piece, static_cast<std::size_t>(n));
    return true;
  }

  static bool read_request(int c, std::string& buffer, request& r) {
    r = {};
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!fill(c, buffer))
        return false;
    parse_head(buffer.substr(0, end), r);
    buffer.erase(0, end + 4);
    const auto length = r.headers.find("content-length");
    const auto size
      = length == r.headers.end() ? 0 : std::stoul(length->second);
    while (buffer.size() < size)
      if (!fill(c, buffer))
        return false;
    r.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  static void parse_head(const std::string& head, request& r) {
    std::size_t at = head.find("\r\n");
    const auto first = head.substr(0, at);
    const auto space = first.find(' ');
    r.method = first.substr(0, space);
    r.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    while (at != std::string::npos) {
      const auto from = at + 2;
      at = head.find("\r\n", from);
      const auto line = head.substr(from, at - from);
      const auto colon = line.find(':');
      auto name = line.substr(0, colon);
      for (auto& ch : name)
        ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
      auto value = line.substr(colon + 1);
      value.erase(0, value.find_first_not_of(' '));
      r.headers[name] = value;
    }
  }

  handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
  std::mutex lock_;
  std::vector<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

} // namespace pawl::test
