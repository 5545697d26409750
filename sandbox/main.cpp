// pawl-jq: evaluates jq expressions for the daemon, apart from it. Reads
// frames from descriptor 0 and answers each on descriptor 1; a frame is its
// length in four bytes, big-endian, and JSON text (docs/format/sandbox.md).

#include "base/bytes.hpp"
#include "sandbox/jq_programs.hpp"
#include "sandbox/lockdown.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <unistd.h>

namespace {

constexpr std::size_t programs_max = 64;

bool read_all(char* to, std::size_t n) {
  while (n > 0) {
    const auto got = read(STDIN_FILENO, to, n);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    to += got;
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(const std::string& text) {
  const char* from = text.data();
  std::size_t n = text.size();
  while (n > 0) {
    const auto done = write(STDOUT_FILENO, from, n);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    from += done;
    n -= static_cast<std::size_t>(done);
  }
  return true;
}

bool serve_one(pawl::sandbox::jq_programs& programs) {
  std::string size(4, '\0');
  if (!read_all(size.data(), size.size()))
    return false;
  std::string request(pawl::get_u32(size), '\0');
  if (!read_all(request.data(), request.size()))
    return false;
  const auto answer = programs.answer(request);
  std::string frame;
  frame.reserve(answer.size() + 4);
  pawl::put_u32(frame, static_cast<std::uint32_t>(answer.size()));
  return write_all(frame += answer);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return EXIT_FAILURE;
  try {
    if (!pawl::sandbox::lock_down(std::strtoull(argv[1], nullptr, 10)))
      return EXIT_FAILURE;
    pawl::sandbox::jq_programs programs{programs_max};
    while (serve_one(programs)) {
    }
  } catch (const std::bad_alloc&) {
    _exit(pawl::sandbox::exit_out_of_memory);
  } catch (const std::exception&) {
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
