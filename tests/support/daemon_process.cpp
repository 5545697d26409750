#include "tests/support/daemon_process.hpp"

#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace pawl::test {

namespace {

// Between two looks at another process; nothing is decided by it.
constexpr std::chrono::milliseconds poll_interval{5};

} // namespace

temporary_directory::temporary_directory() {
  auto pattern
    = (std::filesystem::temp_directory_path() / "pawl-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"cannot make a temporary directory"};
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::uint16_t free_port() {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(s, reinterpret_cast<sockaddr*>(&at), size) != 0
      || getsockname(s, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error{"no free port"};
  close(s);
  return ntohs(at.sin_port);
}

daemon_process::daemon_process(std::filesystem::path data,
                               std::vector<std::string> options)
    : data_{std::move(data)}, log_{data_.string() + ".log"},
      options_{std::move(options)}, port_{free_port()} {}

daemon_process::~daemon_process() {
  kill();
}

void daemon_process::start() {
  code_ = -1;
  std::vector<std::string> words{PAWL_BINARY_DIR "/bin/pawld", "--data-dir",
                                 data_.string(), "--listen",
                                 "127.0.0.1:" + std::to_string(port_)};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (auto& w : words)
    arguments.push_back(w.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0)
    return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

bool daemon_process::wait_ready(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (exit_code() != -1)
      return false;
    try {
      http_client client{port_, std::chrono::seconds{2}};
      if (client.ask("GET", "/readyz").status == 200)
        return true;
    } catch (const std::exception&) {
      // It does not listen yet.
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return false;
}

int daemon_process::reap(int options) {
  if (pid_ <= 0)
    return code_;
  int status = 0;
  if (waitpid(pid_, &status, options) != pid_)
    return -1;
  pid_ = -1;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

int daemon_process::exit_code() {
  return reap(WNOHANG);
}

void daemon_process::kill() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  reap(0);
}

int daemon_process::stop(std::chrono::milliseconds patience) {
  if (pid_ > 0)
    ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (exit_code() == -1 && pid_ > 0) {
    if (std::chrono::steady_clock::now() > deadline)
      kill();
    std::this_thread::sleep_for(poll_interval);
  }
  return code_;
}

} // namespace pawl::test
