#include "actors/steps/runner_link.hpp"

#include "base/program_beside.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pawl::actors {

namespace {

error failed(const std::string& what, int why) {
  return {errc::io, what + ": " + std::generic_category().message(why) + "."};
}

result<int> connect_to(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path)
    return error{errc::io, "programs.socket is too long a path."};
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return failed("No socket for pawl-runner", errno);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
    return fd;
  const int why = errno;
  ::close(fd);
  return failed("pawl-runner cannot be reached at '" + path + "'", why);
}

/// Starts `arguments`, the first of which is a path, with `socket` as its
/// descriptor 0, this process's standard error and an empty environment.
int spawn(std::vector<std::string> arguments, int socket, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  // A group of its own: Ctrl-C in a terminal is for the daemon to answer.
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK
                                            | POSIX_SPAWN_SETSIGDEF
                                            | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& each : arguments)
    argv.push_back(each.data());
  argv.push_back(nullptr);
  std::array<char*, 1> environment{nullptr};
  const int why = ::posix_spawn(&pid, argv[0], &actions, &attributes,
                                argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return why;
}

} // namespace

result<std::unique_ptr<runner_link>>
runner_link::open(const runner_place& place) {
  if (!place.socket.empty()) {
    const auto fd = connect_to(place.socket);
    if (!fd)
      return fd.error();
    return std::unique_ptr<runner_link>{new runner_link{*fd, -1}};
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed("No socket for pawl-runner", errno);
  std::vector<std::string> arguments{
    place.program.empty() ? program_beside("pawl-runner") : place.program,
    "--user", place.user};
  for (const auto& each : place.hidden) {
    arguments.emplace_back("--hide");
    arguments.push_back(each);
  }
  const auto program = arguments[0];
  pid_t pid = -1;
  const int why = spawn(std::move(arguments), ends[1], pid);
  ::close(ends[1]);
  if (why != 0) {
    ::close(ends[0]);
    return failed("'" + program + "' cannot be started", why);
  }
  return std::unique_ptr<runner_link>{new runner_link{ends[0], pid}};
}

runner_link::~runner_link() {
  frames_.reset();
  constexpr int looks_max = 400;
  for (int look = 0; child_ > 0 && look < looks_max; ++look) {
    const auto gone = ::waitpid(child_, nullptr, WNOHANG);
    if (gone == child_ || (gone < 0 && errno != EINTR))
      return;
    ::poll(nullptr, 0, 10);
  }
  if (child_ <= 0)
    return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

} // namespace pawl::actors
