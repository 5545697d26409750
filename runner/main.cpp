// pawl-runner: runs the programs that workflows ask for, apart from the daemon.
// Takes orders on descriptor 0, or on the socket that systemd hands it
// (docs/format/runner.md, docs/decisions/0100-programs-run-beside.md).

#include "base/log.hpp"
#include "runner/server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace pawl::runner {

namespace {

constexpr int exit_usage = 64;
constexpr int exit_config = 78;

struct flags {
  std::string user = "nobody"; ///< Whom root becomes.
  std::string group;           ///< Who may connect.
  std::vector<std::string> hidden;
};

bool parse(const std::vector<std::string_view>& words, flags& into) {
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string value{words[i + 1]};
    if (words[i] == "--user")
      into.user = value;
    else if (words[i] == "--group")
      into.group = value;
    else if (words[i] == "--hide")
      into.hidden.push_back(value);
    else
      return false;
  }
  return words.size() % 2 == 0;
}

/// Root runs no programs: becomes `user`, with its groups.
bool become(const std::string& user) {
  const passwd* const who = getpwnam(user.c_str()); // NOLINT(concurrency-*)
  return who != nullptr && who->pw_uid != 0
         && initgroups(user.c_str(), who->pw_gid) == 0
         && setresgid(who->pw_gid, who->pw_gid, who->pw_gid) == 0
         && setresuid(who->pw_uid, who->pw_uid, who->pw_uid) == 0;
}

/// The socket that systemd listens on for us, -1 if it does not.
int given_listener() {
  const char* const pid = std::getenv("LISTEN_PID"); // NOLINT(concurrency-*)
  constexpr int first = 3;
  return pid != nullptr && std::atoi(pid) == getpid() ? first : -1;
}

bool is_socket(int fd, bool listening) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0
         && (listens != 0) == listening;
}

int block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGCHLD})
    sigaddset(&set, s);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int complain(const char* what) {
  log::error("runner.not_started", {{"detail", what}});
  return exit_config;
}

int run(const std::vector<std::string_view>& words) {
  flags given;
  if (!parse(words, given)) {
    std::fputs("Usage: pawl-runner [--user NAME] [--group NAME] "
               "[--hide PATH]...\n"
               "Orders come on descriptor 0 or from systemd's socket.\n",
               stderr);
    return exit_usage;
  }
  server_options options;
  options.listener = given_listener();
  const bool by_socket = options.listener >= 0;
  syscall(SYS_close_range, by_socket ? 4U : 3U, ~0U, 0U);
  if (!is_socket(by_socket ? options.listener : STDIN_FILENO, by_socket))
    return complain("There is no socket for orders.");
  if (by_socket) {
    fcntl(options.listener, F_SETFD, FD_CLOEXEC);
    const group* const peers
      = getgrnam(given.group.c_str()); // NOLINT(concurrency-*)
    if (peers == nullptr)
      return complain("With a socket, --group must name who may connect.");
    options.peers = peers->gr_gid;
  } else {
    // Out of the way of what programs get as their standard input.
    options.connection = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
  }
  const bool was_root = geteuid() == 0;
  if (was_root && !become(given.user))
    return complain("Root runs no programs, and there is no such other user.");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0
      || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || prctl(PR_SET_DUMPABLE, 0) != 0)
    return complain("The kernel lacks what the runner needs.");
  const int signals = block_signals();
  auto& around = options.around;
  around.hidden = std::move(given.hidden);
  around.user = geteuid();
  around.group = getegid();
  around.how = namespaces_work(around) ? separation::namespaces
               : was_root || by_socket ? separation::user
                                       : separation::none;
  server{std::move(options)}.run(signals);
  return 0;
}

} // namespace

} // namespace pawl::runner

int main(int count, char** words) {
  try {
    return pawl::runner::run({words + 1, words + count});
  } catch (const std::exception& e) {
    pawl::log::error("runner.crashed", {{"detail", e.what()}});
    return 70;
  }
}
