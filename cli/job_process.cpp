#include "cli/job_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pawl::cli {

namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds grace{5};
constexpr int not_started = 127;
constexpr int signalled = 128;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

void close_one(int& descriptor) {
  if (descriptor >= 0)
    close(std::exchange(descriptor, -1));
}

/// After fork() in a program with threads: nothing here takes memory.
[[noreturn]] void become(char* const* command, char* const* environment, int in,
                         int out) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
    execvpe(command[0], command, environment);
  constexpr std::string_view complaint = "pawl: the command cannot be run\n";
  static_cast<void>(!write(STDERR_FILENO, complaint.data(), complaint.size()));
  _exit(not_started);
}

} // namespace

job_process::job_process(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment,
                         std::string input)
    : input_{std::move(input)} {
  auto words = command;
  std::vector<std::string> variables;
  for (char** one = environ; *one != nullptr; ++one)
    variables.emplace_back(*one);
  variables.insert(variables.end(), environment.begin(), environment.end());
  const auto arguments = pointers(words);
  const auto settings = pointers(variables);
  std::array<int, 2> in{-1, -1};
  std::array<int, 2> out{-1, -1};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0
      || (pid_ = fork()) < 0) {
    for (auto* d : {&in[0], &in[1], &out[0], &out[1]})
      close_one(*d);
    throw std::runtime_error{"no process can be made for the command"};
  }
  if (pid_ == 0)
    become(arguments.data(), settings.data(), in[0], out[1]);
  setpgid(pid_, pid_);
  close_one(in[0]);
  close_one(out[1]);
  in_ = in[1];
  out_ = out[0];
  fcntl(in_, F_SETFL, O_NONBLOCK);
  fcntl(out_, F_SETFL, O_NONBLOCK);
}

job_process::~job_process() {
  close_one(in_);
  close_one(out_);
  if (ended())
    return;
  kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

void job_process::stop() {
  if (ended() || kill_at_)
    return;
  kill(-pid_, SIGTERM);
  kill_at_ = steady::now() + grace;
}

void job_process::pump(duration length) {
  const auto end = steady::now() + length;
  constexpr duration slice{50};
  while (!ended() && steady::now() < end) {
    move_bytes(std::min(slice, length));
    if (kill_at_ && steady::now() >= *kill_at_)
      kill(-pid_, SIGKILL);
    look();
  }
}

void job_process::move_bytes(duration length) {
  std::array<pollfd, 2> ready{pollfd{out_, POLLIN, 0}, pollfd{in_, POLLOUT, 0}};
  poll(ready.data(), ready.size(), static_cast<int>(length.count()));
  if (ready[0].revents != 0)
    read_output();
  if (ready[1].revents != 0)
    write_input();
}

void job_process::read_output() {
  std::array<char, 65536> bytes{};
  while (out_ >= 0) {
    const auto got = read(out_, bytes.data(), bytes.size());
    if (got == 0)
      close_one(out_);
    if (got <= 0)
      return;
    output_.append(bytes.data(), static_cast<std::size_t>(got));
    if (output_.size() > output_max) {
      too_much_ = true;
      output_.clear();
      kill(-pid_, SIGKILL);
      return close_one(out_);
    }
  }
}

void job_process::write_input() {
  while (written_ < input_.size()) {
    const auto put
      = write(in_, input_.data() + written_, input_.size() - written_);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (put < 0)
      break; // It does not want to read it all.
    written_ += static_cast<std::size_t>(put);
  }
  close_one(in_);
}

void job_process::look() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_)
    return;
  read_output();
  code_
    = WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status);
  kill(-pid_, SIGKILL); // What it has left running.
}

} // namespace pawl::cli
