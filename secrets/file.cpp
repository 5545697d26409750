#include "secrets/file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pawl::secrets {

namespace {

/// A descriptor that is closed with its scope.
struct opened {
  int fd = -1;
  explicit opened(const std::string& path)
      // Not to be held up by a pipe that nobody writes to.
      : fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
  ~opened() {
    if (fd >= 0)
      ::close(fd);
  }
  opened(const opened&) = delete;
  opened& operator=(const opened&) = delete;
};

error failed(int number) {
  return {number == ENOENT || number == ENOTDIR ? errc::not_found : errc::io,
          std::strerror(number)}; // NOLINT(concurrency-mt-unsafe): glibc's is.
}

} // namespace

result<std::string> read_file(const std::string& path, std::size_t max) {
  const opened file{path};
  if (file.fd < 0)
    return failed(errno);
  struct stat about {};
  if (fstat(file.fd, &about) != 0)
    return failed(errno);
  if (!S_ISREG(about.st_mode))
    return error{errc::io, "not a regular file"};
  std::string out(max + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const auto got = ::read(file.fd, out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failed(errno);
    if (got == 0)
      break;
    size += static_cast<std::size_t>(got);
  }
  if (size > max)
    return error{errc::too_large, fmt::format("larger than {} bytes", max)};
  out.resize(size);
  return out;
}

} // namespace pawl::secrets
