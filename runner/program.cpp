#include "runner/program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace pawl::runner {

namespace {

/// Beyond its grace a keeper may clean up, and has to reap.
constexpr duration keeper_patience{15'000};
/// Streams of a keeper that is gone, held by who knows whom.
constexpr duration stream_patience{1'000};

void close_it(int& fd) {
  if (fd >= 0)
    close(fd);
  fd = -1;
}

} // namespace

program::program(order what, const surroundings& around, int of)
    : what_{std::move(what)}, connection_{of}, deadline_{steady::now()
                                                         + what_.limits.time} {
  start(around);
}

program::~program() {
  for (int* fd : {&control_, &in_, &out_, &err_})
    close_it(*fd);
  if (keeper_ > 0 && !buried_)
    kill(keeper_, SIGKILL);
}

void program::start(const surroundings& around) {
  const auto refuse = [&] {
    failed_
      = {fault_kind::runtime, "The system has no room for a program.", false};
    buried_ = true;
  };
  std::array<int, 2> control{-1, -1};
  std::array<int, 2> in{-1, -1};
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  const bool made
    = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control.data()) == 0
      && pipe2(in.data(), O_CLOEXEC) == 0 && pipe2(out.data(), O_CLOEXEC) == 0
      && pipe2(err.data(), O_CLOEXEC) == 0;
  if (made) {
    keeper_ = fork_apart(around.how == separation::namespaces, what_.network);
    if (keeper_ == 0)
      keep(what_, {control[1], in[0], out[1], err[1]}, around);
  }
  for (int* fd : {&control[1], &in[0], &out[1], &err[1]})
    close_it(*fd);
  control_ = control[0];
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
  if (keeper_ < 0) {
    for (int* fd : {&control_, &in_, &out_, &err_})
      close_it(*fd);
    refuse();
    return;
  }
  for (const int fd : {control_, in_, out_, err_})
    fcntl(fd, F_SETFL, O_NONBLOCK);
  // What the keeper has by now need not lie here a second time.
  what_.files.clear();
  what_.arguments.clear();
  what_.environment.clear();
  if (what_.input.empty())
    close_it(in_);
}

void program::add_descriptors(std::vector<pollfd>& to) const {
  for (const int fd : {control_, out_, err_})
    if (fd >= 0)
      to.push_back({fd, POLLIN, 0});
  if (in_ >= 0)
    to.push_back({in_, POLLOUT, 0});
}

void program::serve(const pollfd& ready) {
  if (ready.revents == 0)
    return;
  if (ready.fd == control_)
    hear_keeper();
  else if (ready.fd == out_)
    read_stream(out_, output_);
  else if (ready.fd == err_)
    read_stream(err_, errors_);
  else if (ready.fd == in_)
    write_input();
}

void program::read_stream(int& fd, std::string& into) {
  std::array<char, 65'536> some{};
  const auto got = read(fd, some.data(), some.size());
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
    close_it(fd);
  if (got <= 0)
    return;
  const auto room = what_.limits.output - into.size();
  into.append(some.data(),
              std::min<std::size_t>(room, static_cast<std::size_t>(got)));
  if (static_cast<std::size_t>(got) > room)
    end({fault_kind::runtime,
         "The program wrote more than " + std::to_string(what_.limits.output)
           + " bytes.",
         false},
        kill_now);
}

void program::write_input() {
  const auto done
    = write(in_, what_.input.data() + written_, what_.input.size() - written_);
  if (done > 0)
    written_ += static_cast<std::size_t>(done);
  // A program need not read all of its input, or any.
  else if (errno != EAGAIN && errno != EINTR)
    written_ = what_.input.size();
  if (written_ == what_.input.size())
    close_it(in_);
}

void program::hear_keeper() {
  std::array<char, 4096> text{};
  const auto got = recv(control_, text.data(), text.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got > 0) {
    said_ = verdict_of({text.data(), static_cast<std::size_t>(got)});
    return;
  }
  close_it(control_);
  close_it(in_);
}

void program::end(const failure& why, char how) {
  if (!failed_)
    failed_ = why;
  if (control_ >= 0)
    static_cast<void>(::send(control_, &how, 1, MSG_NOSIGNAL | MSG_DONTWAIT));
  if (!std::exchange(forced_, true))
    deadline_ = steady::now() + what_.limits.grace + keeper_patience;
}

void program::look(steady::time_point now) {
  if (now < deadline_)
    return;
  if (buried_) {
    close_it(out_);
    close_it(err_);
  } else if (forced_) {
    kill(keeper_, SIGKILL);
    deadline_ = now + stream_patience;
  } else {
    end({fault_kind::timeout,
         "The program ran longer than "
           + std::to_string(what_.limits.time.count()) + " ms.",
         false},
        end_gently);
  }
}

void program::bury() {
  buried_ = true;
  deadline_ = steady::now() + stream_patience;
}

bool program::over() const {
  return buried_ && control_ < 0 && out_ < 0 && err_ < 0;
}

std::string program::outcome() const {
  if (failed_)
    return failed_text(what_.id, *failed_);
  const auto said = said_ ? *said_ : verdict_of({});
  switch (said.kind) {
  case verdict::what::ended:
    return ended_text(what_.id, said.code, output_, errors_);
  case verdict::what::missing:
    return failed_text(what_.id,
                       {fault_kind::configuration, said.detail, false});
  case verdict::what::too_much:
  case verdict::what::not_started:
    break;
  }
  return failed_text(what_.id, {fault_kind::runtime, said.detail, false});
}

} // namespace pawl::runner
