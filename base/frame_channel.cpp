#include "base/frame_channel.hpp"

#include "base/bytes.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pawl {

frame_channel::frame_channel(int fd) : fd_{fd} {
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

frame_channel::~frame_channel() {
  close(fd_);
}

bool frame_channel::fill() {
  std::array<char, 65'536> some{};
  for (;;) {
    const auto got = recv(fd_, some.data(), some.size(), 0);
    if (got > 0) {
      in_.append(some.data(), static_cast<std::size_t>(got));
      if (in_.size() >= 4 && get_u32(in_) > frame_max)
        return false;
      // One frame at a time; the rest waits in the socket.
      if (in_.size() >= 4 && in_.size() - 4 >= get_u32(in_))
        return true;
    } else if (got < 0 && errno == EAGAIN) {
      return true;
    } else if (got == 0 || errno != EINTR) {
      return false;
    }
  }
}

std::optional<std::string> frame_channel::next() {
  if (in_.size() < 4 || in_.size() - 4 < get_u32(in_))
    return std::nullopt;
  const std::size_t size = get_u32(in_);
  auto frame = in_.substr(4, size);
  in_.erase(0, 4 + size);
  return frame;
}

void frame_channel::send(const std::string& text) {
  put_u32(out_, static_cast<std::uint32_t>(text.size()));
  out_ += text;
  static_cast<void>(flush()); // A broken connection shows when it is read.
}

bool frame_channel::flush() {
  while (wants_to_send()) {
    const auto done
      = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (done > 0)
      sent_ += static_cast<std::size_t>(done);
    else if (errno == EAGAIN)
      return true;
    else if (errno != EINTR)
      return false;
  }
  out_.clear();
  sent_ = 0;
  return true;
}

} // namespace pawl
