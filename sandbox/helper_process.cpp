#include "sandbox/helper_process.hpp"

#include "base/bytes.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pawl::sandbox {

namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t answer_max = 64U * 1024 * 1024;
constexpr int exit_out_of_memory = 77; // As sandbox/jq_programs.hpp has it.

error too_slow() {
  return {errc::timed_out, "The expression took too long and was stopped."};
}

} // namespace

result<void> helper_process::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return error{errc::internal, "No socket for the expression helper."};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto memory = std::to_string(memory_max_);
  char* const arguments[]{path_.data(), memory.data(), nullptr};
  char* const environment[]{nullptr};
  const int failed = ::posix_spawn(&pid_, path_.c_str(), &actions, &attributes,
                                   arguments, environment);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    pid_ = -1;
    ::close(ends[0]);
    return error{errc::internal,
                 "The expression helper '" + path_ + "' does not start: "
                   + std::generic_category().message(failed) + "."};
  }
  socket_ = ends[0];
  return {};
}

void helper_process::end() {
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
  if (pid_ <= 0)
    return;
  if (running_)
    running_(-1);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

// The process closed its end; why, its status tells.
error helper_process::died() {
  // It may be about to exit by itself, and then its code says more than our
  // signal would.
  if (running_)
    running_(-1);
  int status = 0;
  bool gone = false;
  for (int i = 0; i < 50 && !gone; ++i) {
    gone = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (!gone)
      ::poll(nullptr, 0, 2);
  }
  if (gone)
    pid_ = -1;
  end();
  const bool memory
    = gone
      && ((WIFEXITED(status) && WEXITSTATUS(status) == exit_out_of_memory)
          || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
  if (memory)
    return {errc::too_large, "The expression took too much memory."};
  return {errc::internal, "The helper that evaluated the expression died."};
}

result<void> helper_process::wait_until(short events,
                                        steady_clock::time_point by) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      by - steady_clock::now());
    if (left.count() <= 0)
      return too_slow();
    pollfd one{socket_, events, 0};
    const int got = ::poll(&one, 1, static_cast<int>(left.count()) + 1);
    if (got > 0)
      return {};
    if (got < 0 && errno != EINTR)
      return error{errc::internal, "Waiting for the helper failed."};
  }
}

result<void> helper_process::send_all(const std::string& frame,
                                      steady_clock::time_point by) {
  for (std::size_t at = 0; at < frame.size();) {
    const auto done
      = ::send(socket_, frame.data() + at, frame.size() - at, MSG_NOSIGNAL);
    if (done > 0) {
      at += static_cast<std::size_t>(done);
      continue;
    }
    if (errno == EAGAIN) {
      if (auto waited = wait_until(POLLOUT, by); !waited)
        return waited;
    } else if (errno != EINTR) {
      return died();
    }
  }
  return {};
}

result<std::string> helper_process::receive(std::size_t size,
                                            steady_clock::time_point by) {
  std::string made(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const auto got = ::recv(socket_, made.data() + at, size - at, 0);
    if (got > 0) {
      at += static_cast<std::size_t>(got);
    } else if (got < 0 && errno == EAGAIN) {
      if (auto waited = wait_until(POLLIN, by); !waited)
        return waited.error();
    } else if (got == 0 || errno != EINTR) {
      return died();
    }
  }
  return made;
}

result<std::string>
helper_process::ask(const std::string& text, duration deadline,
                    const std::function<void(pid_t)>& running) {
  if (pid_ <= 0) {
    running_ = running;
    if (auto started = start(); !started)
      return started.error();
    running_(pid_);
  }
  const auto by = steady_clock::now() + deadline;
  std::string frame;
  frame.reserve(text.size() + 4);
  put_u32(frame, static_cast<std::uint32_t>(text.size()));
  frame += text;
  const auto talk = [&]() -> result<std::string> {
    if (auto sent = send_all(frame, by); !sent)
      return sent.error();
    const auto size = receive(4, by);
    if (!size)
      return size.error();
    if (get_u32(*size) > answer_max)
      return error{errc::too_large, "The expression gives too much data."};
    return receive(get_u32(*size), by);
  };
  auto got = talk();
  if (!got)
    end();
  return got;
}

} // namespace pawl::sandbox
