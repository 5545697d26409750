#include "runner/keeper.hpp"

#include "runner/process_tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pawl::runner {

namespace {

using steady = std::chrono::steady_clock;

constexpr duration watch_every{200};
constexpr duration side_run_max{10'000};

// Where the descriptors lie once the keeper has tidied up.
constexpr keeper_ends at{.control = 3, .in = 4, .out = 5, .err = 6};

/// Leaves the descriptors of `at`, and nothing of the runner's.
void tidy_descriptors(const keeper_ends& given) {
  const std::array from{given.control, given.in, given.out, given.err};
  std::array<int, from.size()> high{};
  for (std::size_t i = 0; i < from.size(); ++i)
    high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64);
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(nowhere, fd);
  for (std::size_t i = 0; i < high.size(); ++i)
    dup3(high[i], static_cast<int>(i) + at.control, O_CLOEXEC);
  syscall(SYS_close_range, 7U, ~0U, 0U);
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names)
    all += (all.empty() ? "'" : " or '") + name + "'";
  return all;
}

class keeper {
public:
  keeper(const order& what, const surroundings& around)
      : what_{what}, around_{around}, apart_{around.how
                                             == separation::namespaces} {}

  verdict run() {
    auto said = live();
    if (killed_)
      clean_up();
    if (!apart_ && !home_.empty())
      remove_directory(home_);
    return said;
  }

private:
  static verdict failed(std::string why) {
    return {.kind = verdict::what::not_started, .detail = std::move(why)};
  }

  verdict live() {
    if (auto ready = set_up(); !ready)
      return failed(ready.error().detail);
    if (!find_program())
      return {.kind = verdict::what::missing,
              .detail = joined(what_.find)
                        + " is not installed where programs are looked for ("
                        + what_.path + ")."};
    if (!what_.prepare.empty())
      run_aside(what_.prepare);
    if (auto started = start(); !started)
      return {.kind = verdict::what::missing, .detail = started.error().detail};
    watch();
    return over_.empty() ? verdict{.kind = verdict::what::ended,
                                   .code = code_of(status_),
                                   .detail = {}}
                         : verdict{.kind = verdict::what::too_much,
                                   .code = 0,
                                   .detail = over_};
  }

  result<void> set_up() {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
      return error{errc::internal, "Orphans cannot be adopted."};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    children_ = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    umask(077);
    if (apart_)
      if (auto done = enter(around_, what_.path, what_.limits.memory); !done)
        return done;
    // Alone, the first process and this one are all that is not the program's.
    before_ = apart_ ? 1 : processes_of_this_user();
    auto made = make_private_directory();
    if (!made)
      return made.error();
    home_ = std::move(*made);
    if (chdir(home_.c_str()) != 0)
      return error{errc::io, "The private directory cannot be entered."};
    for (const auto& [name, text] : what_.files)
      if (!(std::ofstream{name, std::ios::binary} << text).flush())
        return error{errc::io, "'" + name + "' cannot be written."};
    make_environment();
    return {};
  }

  void make_environment() {
    environment_ = {"PATH=" + what_.path, "HOME=" + home_, "LANG=C.UTF-8"};
    for (const auto& [name, value] : what_.environment) {
      const auto text = name + "=" + value;
      bool known = false;
      for (auto& each : environment_)
        if (each.starts_with(name + "=")) {
          each = text;
          known = true;
        }
      if (!known)
        environment_.push_back(text);
    }
  }

  bool find_program() {
    for (const auto& name : what_.find) {
      std::string_view left = what_.path;
      while (!left.empty()) {
        const auto end = left.find(':');
        const auto file = std::string{left.substr(0, end)} + "/" + name;
        left.remove_prefix(end == left.npos ? left.size() : end + 1);
        struct stat found {};
        if (file[0] == '/' && stat(file.c_str(), &found) == 0
            && S_ISREG(found.st_mode) && access(file.c_str(), X_OK) == 0) {
          name_ = name;
          program_ = file;
          return true;
        }
      }
    }
    return false;
  }

  /// Becomes the program, in the child. Returns only if that fails.
  void become(const std::vector<std::string>& arguments,
              const keeper_ends& io) {
    setsid();
    sigset_t none;
    sigemptyset(&none);
    for (int n = 1; n < NSIG; ++n)
      std::signal(n, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(io.in, STDIN_FILENO);
    dup2(io.out, STDOUT_FILENO);
    dup2(io.err, STDERR_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!limit_this_process(what_.limits, before_))
      return;
    std::vector<char*> argv{name_.data()};
    for (const auto& each : arguments)
      argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    std::vector<char*> env;
    env.reserve(environment_.size() + 1);
    for (auto& each : environment_)
      env.push_back(each.data());
    env.push_back(nullptr);
    execve(program_.c_str(), argv.data(), env.data());
  }

  /// Starts the program and waits until it is one, or could not become one.
  result<void> start() {
    std::array<int, 2> fate{};
    if (pipe2(fate.data(), O_CLOEXEC) != 0)
      return error{errc::internal, "No pipe."};
    child_ = fork();
    if (child_ == 0) {
      become(what_.arguments, at);
      const int why = errno;
      static_cast<void>(!write(fate[1], &why, sizeof why));
      _exit(127);
    }
    for (const int fd : {at.in, at.out, at.err, fate[1]})
      close(fd);
    int why = child_ < 0 ? errno : 0;
    if (child_ > 0)
      static_cast<void>(!read(fate[0], &why, sizeof why));
    close(fate[0]);
    if (why == 0)
      return {};
    return error{errc::internal,
                 "'" + name_ + "' cannot be started: "
                   + (why == E2BIG ? "the command, its arguments and its "
                                     "environment are too long"
                                   : std::generic_category().message(why))
                   + "."};
  }

  /// Until the program and all it started are gone.
  void watch() {
    auto look_at = steady::now() + watch_every;
    std::optional<steady::time_point> kill_at;
    while (!ended_) {
      const auto now = steady::now();
      if (kill_at && now >= *kill_at)
        break;
      if (now >= look_at) {
        look_at = now + watch_every;
        if (!within_bounds())
          break;
      }
      auto next = kill_at ? std::min(*kill_at, look_at) : look_at;
      std::array<pollfd, 2> both{
        {{at.control, POLLIN, 0}, {children_, POLLIN, 0}}};
      poll(both.data(), both.size(), milliseconds_until(next));
      if (both[1].revents != 0)
        reap();
      if (both[0].revents == 0)
        continue;
      if (ordered() != end_gently)
        break;
      if (!kill_at) {
        kill_at = steady::now() + what_.limits.grace;
        killed_ = true;
        signal_all(SIGTERM);
      }
    }
    killed_ = killed_ || !ended_;
    end_all();
  }

  static int milliseconds_until(steady::time_point when) {
    const auto left = std::chrono::ceil<duration>(when - steady::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  static char ordered() {
    char what = kill_now;
    return recv(at.control, &what, 1, 0) == 1 ? what : kill_now;
  }

  void reap() {
    signalfd_siginfo many{};
    while (read(children_, &many, sizeof many) > 0) {
    }
    int status = 0;
    for (pid_t gone = 0; (gone = waitpid(-1, &status, WNOHANG)) > 0;)
      if (gone == child_) {
        ended_ = true;
        status_ = status;
      }
  }

  bool within_bounds() {
    const auto all = descendants();
    if (all.size() > what_.limits.processes)
      over_ = "The program started more than "
              + std::to_string(what_.limits.processes) + " processes.";
    else if (memory_of(all) > what_.limits.memory)
      over_ = "The program took more than "
              + std::to_string(what_.limits.memory) + " bytes of memory.";
    return over_.empty();
  }

  void signal_all(int which) const {
    if (apart_) {
      kill(-1, which); // Everybody in this namespace but this process.
      return;
    }
    for (const auto pid : descendants())
      kill(pid, which);
  }

  void end_all() {
    if (!apart_) {
      const int status = kill_descendants(child_);
      if (!ended_)
        status_ = status;
      return;
    }
    kill(-1, SIGKILL);
    int status = 0;
    for (pid_t gone = 0;
         (gone = waitpid(-1, &status, 0)) > 0 || errno == EINTR;)
      if (gone == child_ && !ended_)
        status_ = status;
  }

  /// Runs the program once more beside its real run, bounded and unheard.
  void run_aside(const std::vector<std::string>& arguments) {
    const auto pid = fork();
    if (pid == 0) {
      become(arguments, {.control = -1,
                         .in = STDIN_FILENO,
                         .out = STDOUT_FILENO,
                         .err = STDERR_FILENO});
      _exit(127);
    }
    const auto end = steady::now() + side_run_max;
    while (pid > 0 && steady::now() < end) {
      int status = 0;
      if (waitpid(pid, &status, WNOHANG) != 0)
        break;
      pollfd one{children_, POLLIN, 0};
      poll(&one, 1, milliseconds_until(end));
      signalfd_siginfo many{};
      while (read(children_, &many, sizeof many) > 0) {
      }
    }
    child_ = -1;
    end_all();
  }

  void clean_up() {
    if (what_.cleanup.empty())
      return;
    auto arguments = what_.cleanup;
    if (!what_.cleanup_file.empty()) {
      std::ifstream in{what_.cleanup_file};
      std::string text;
      if (!(in >> text))
        return;
      arguments.push_back(text);
    }
    run_aside(arguments);
  }

  const order& what_;
  const surroundings& around_;
  const bool apart_;
  std::string home_;
  std::string name_;
  std::string program_;
  std::vector<std::string> environment_;
  std::uint32_t before_ = 0;
  int children_ = -1;
  pid_t child_ = -1;
  bool ended_ = false;
  bool killed_ = false;
  int status_ = 0;
  std::string over_;
};

} // namespace

std::string to_text(const verdict& v) {
  return static_cast<char>(v.kind) + std::to_string(v.code) + " " + v.detail;
}

verdict verdict_of(std::string_view text) {
  verdict v;
  const auto space = text.find(' ');
  if (text.empty() || space == std::string_view::npos) {
    v.detail = "The process that kept the program died.";
    return v;
  }
  v.kind = static_cast<verdict::what>(text[0]);
  v.code = std::atoi(std::string{text.substr(1, space)}.c_str());
  v.detail = text.substr(space + 1);
  return v;
}

void keep(const order& what, const keeper_ends& ends,
          const surroundings& around) {
  verdict said;
  try {
    tidy_descriptors(ends);
    said = keeper{what, around}.run();
  } catch (const std::exception& e) {
    said = {.kind = verdict::what::not_started, .code = 0, .detail = e.what()};
  }
  const auto text = to_text(said);
  send(at.control, text.data(), text.size(), MSG_NOSIGNAL);
  _exit(0);
}

} // namespace pawl::runner
