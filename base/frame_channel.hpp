#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pawl {

/// A connected stream socket that carries frames: four bytes of length,
/// big-endian, and that many bytes of JSON. It never blocks.
/// Thread safety: one thread.
class frame_channel {
public:
  /// Longest frame that is taken, in bytes.
  static constexpr std::size_t frame_max = 128UL << 20;

  /// Takes the connected stream socket `fd` over.
  explicit frame_channel(int fd);
  ~frame_channel();
  frame_channel(const frame_channel&) = delete;
  frame_channel& operator=(const frame_channel&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// Reads what is there. Returns false once the other end is gone or sends
  /// what is no frame.
  [[nodiscard]] bool fill();
  /// The next whole frame, if there is one.
  [[nodiscard]] std::optional<std::string> next();
  /// Queues a frame and sends what the socket takes now.
  void send(const std::string& text);
  /// Sends more. Returns false if the other end is gone.
  [[nodiscard]] bool flush();
  [[nodiscard]] bool wants_to_send() const { return sent_ < out_.size(); }

private:
  int fd_;
  std::string in_;
  std::string out_;
  std::size_t sent_ = 0;
};

} // namespace pawl
