#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::test {

/// An answer as it came over the wire.
struct http_answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool complete = false; ///< As long as it said, or properly ended.

  /// The value of a field, whatever its case; "" if there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
};

/// A blocking client that sends exactly the bytes it is told, so that tests
/// can be as rude as the world. Everything waits at most `patience`.
class http_client {
public:
  explicit http_client(std::uint16_t port, std::chrono::milliseconds patience
                                           = std::chrono::seconds{10});
  /// Connects to a unix socket.
  explicit http_client(const std::string& path);
  ~http_client();
  http_client(http_client&& other) noexcept;
  http_client& operator=(http_client&&) = delete;

  /// Sends `bytes`; false if the server has hung up.
  bool send(std::string_view bytes);
  /// Ends our side; the other stays open.
  void half_close();
  /// Closes with a reset, as a crashed client does.
  void reset();

  /// Sends a request with Host and, for a body, Content-Length, then reads the
  /// answer. `fields` are whole lines, each with its "\r\n".
  http_answer ask(std::string_view method, std::string_view target,
                  std::string_view body = {}, std::string_view fields = {});
  /// Reads one answer; status 0 if the server hung up or said nothing.
  /// `head_only`: the answer has no body, as to a HEAD.
  http_answer read_answer(bool head_only = false);
  /// Reads the status line and the fields alone.
  http_answer read_head();
  /// Reads until `mark` was seen and returns all through it; what came until
  /// then if it never does.
  std::string read_until(std::string_view mark);
  /// Whether the server hangs up within `patience`; drops what it still sends.
  bool hangs_up(std::chrono::milliseconds patience);

private:
  bool fill(std::chrono::milliseconds patience);
  bool fill() { return fill(patience_); }
  std::optional<std::string> take_line();
  bool take(std::string& into, std::size_t count);

  int fd_ = -1;
  std::chrono::milliseconds patience_;
  std::string buffer_;
};

} // namespace pawl::test
