// pawl-runner as systemd starts it: with a listening socket, for a group.
#define BOOST_TEST_MODULE runner.socket
#include "base/bytes.hpp"
#include "base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pawl;

namespace {

namespace fs = std::filesystem;

/// The runner on a socket of its own, which anybody may try.
class runner_service {
public:
  explicit runner_service(const std::string& group) {
    std::string form = (fs::temp_directory_path() / "runner-XXXXXX").string();
    folder_ = ::mkdtemp(form.data());
    ::chmod(folder_.c_str(), 0755);
    at_.sun_family = AF_UNIX;
    std::strcpy(at_.sun_path, (folder_ / "s").c_str()); // NOLINT
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(
      ::bind(listener, reinterpret_cast<sockaddr*>(&at_), sizeof at_) == 0);
    ::chmod(at_.sun_path, 0777);
    BOOST_REQUIRE(::listen(listener, 16) == 0);
    const auto program
      = (fs::read_symlink("/proc/self/exe").parent_path() / "pawl-runner")
          .string();
    pid_ = ::fork();
    if (pid_ == 0) {
      if (::dup2(listener, 3) == listener)
        ::fcntl(listener, F_SETFD, 0); // It lies there already.
      const auto listen_pid = "LISTEN_PID=" + std::to_string(::getpid());
      std::array<const char*, 3> env{listen_pid.c_str(), "LISTEN_FDS=1",
                                     nullptr};
      std::array<const char*, 4> argv{"pawl-runner", "--group", group.c_str(),
                                      nullptr};
      ::execve(program.c_str(), const_cast<char**>(argv.data()),
               const_cast<char**>(env.data()));
      ::_exit(1);
    }
    ::close(listener);
  }
  ~runner_service() {
    if (pid_ > 0)
      ::kill(pid_, SIGKILL);
    static_cast<void>(exit_code());
    fs::remove_all(folder_);
  }
  runner_service(const runner_service&) = delete;
  runner_service& operator=(const runner_service&) = delete;

  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(
      ::connect(fd, reinterpret_cast<const sockaddr*>(&at_), sizeof at_) == 0);
    return fd;
  }
  void signal(int which) const { ::kill(pid_, which); }
  int exit_code() {
    int status = 0;
    if (pid_ > 0)
      ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  fs::path folder_;
  sockaddr_un at_{};
  pid_t pid_ = -1;
};

std::string own_group() {
  return ::getgrgid(::getegid())->gr_name; // NOLINT(concurrency-mt-unsafe)
}

/// One frame, or "" when the runner hangs up.
std::string frame(int fd) {
  const auto take = [&](std::size_t n) {
    std::string text(n, '\0');
    for (std::size_t have = 0; have < n;) {
      pollfd one{fd, POLLIN, 0};
      BOOST_REQUIRE(::poll(&one, 1, 20'000) == 1);
      const auto got = ::read(fd, text.data() + have, n - have);
      if (got <= 0)
        return std::string{};
      have += static_cast<std::size_t>(got);
    }
    return text;
  };
  const auto size = take(4);
  return size.empty() ? size : take(get_u32(size));
}

void send(int fd, const std::string& text) {
  std::string out;
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
  BOOST_REQUIRE(::send(fd, out.data(), out.size(), MSG_NOSIGNAL)
                == static_cast<ssize_t>(out.size()));
}

std::string order(std::uint64_t id, const std::string& command) {
  return to_text(json::object{{"start", id},
                              {"find", {"sh"}},
                              {"arguments", {"-c", command}},
                              {"path", "/usr/bin:/bin"},
                              {"environment", json::object{}},
                              {"input", ""},
                              {"files", json::object{}},
                              {"prepare", json::array{}},
                              {"cleanup", json::array{}},
                              {"cleanup_file", ""},
                              {"network", true},
                              {"time", 60'000},
                              {"grace", 100},
                              {"memory", 256 << 20},
                              {"output", 10'000},
                              {"processes", 20}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(socket_suite)

BOOST_AUTO_TEST_CASE(a_connection_has_its_own_programs) {
  runner_service service{own_group()};
  const int one = service.connect();
  const int two = service.connect();
  BOOST_TEST(frame(one).find("hello") != std::string::npos);
  BOOST_TEST(frame(two).find("hello") != std::string::npos);
  send(one, order(7, "sleep 1000"));
  send(two, order(7, "echo two"));
  BOOST_TEST(frame(two) == R"({"ended":7,"code":0,"out":"two\n","err":""})");
  send(two, R"({"stop":7})"); // Not its own: that of the other goes on.
  send(two, order(8, "echo three"));
  BOOST_TEST(frame(two).find("three") != std::string::npos);
  ::close(two);
  send(one, R"({"stop":7})");
  BOOST_TEST(frame(one).find("\"stopped\":true") != std::string::npos);
  ::close(one);
}

BOOST_AUTO_TEST_CASE(who_is_not_in_the_group_is_refused) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root can become a stranger");
    return;
  }
  runner_service service{own_group()};
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    constexpr uid_t nobody = 65534;
    const bool changed = ::setgroups(0, nullptr) == 0
                         && ::setresgid(nobody, nobody, nobody) == 0
                         && ::setresuid(nobody, nobody, nobody) == 0;
    ::_exit(changed && frame(service.connect()).empty() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(stranger, &status, 0);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(an_order_that_cannot_be_read_fails) {
  runner_service service{own_group()};
  const int one = service.connect();
  static_cast<void>(frame(one));
  send(one, order(7, "sleep 1000"));
  auto bad_name = order(3, "true");
  bad_name.replace(bad_name.find("\"sh\""), 4, "\"../sh\"");
  for (const auto& [id, text] :
       {std::pair<int, std::string>{1, R"({"start":1})"}, {3, bad_name}}) {
    send(one, text);
    const auto said = parse_json(frame(one));
    BOOST_REQUIRE(said);
    BOOST_TEST(said->at("failed").to_number<int>() == id);
    BOOST_TEST(said->at("kind").as_string() == "runtime");
    BOOST_TEST(!said->at("stopped").as_bool());
  }
  send(one, order(2, "echo still here"));
  BOOST_TEST(frame(one).find("still here") != std::string::npos);
  send(one, R"({"stop":7})");
  BOOST_TEST(frame(one).find("\"stopped\":true") != std::string::npos);
  ::close(one);
}

BOOST_AUTO_TEST_CASE(what_nobody_can_be_told_about_ends_the_connection) {
  runner_service service{own_group()};
  const int other = service.connect();
  static_cast<void>(frame(other));
  for (const auto* nonsense : {"", "[]", "{", "{}", R"({"stop":"x"})",
                               R"({"start":-1})", R"({"start":"1"})"}) {
    const int one = service.connect();
    static_cast<void>(frame(one));
    send(one, nonsense);
    BOOST_TEST(frame(one).empty());
    ::close(one);
  }
  send(other, order(2, "echo still here"));
  BOOST_TEST(frame(other).find("still here") != std::string::npos);
  ::close(other);
}

BOOST_AUTO_TEST_CASE(a_frame_beyond_all_bounds_ends_the_connection) {
  runner_service service{own_group()};
  const int one = service.connect();
  static_cast<void>(frame(one));
  BOOST_REQUIRE(::write(one, "\xff\xff\xff\xff", 4) == 4);
  BOOST_TEST(frame(one).empty());
  ::close(one);
}

BOOST_AUTO_TEST_CASE(a_stop_of_the_service_ends_its_programs) {
  runner_service service{own_group()};
  const int one = service.connect();
  static_cast<void>(frame(one));
  send(one, order(1, "trap '' TERM; echo x >&2; sleep 1000"));
  service.signal(SIGTERM);
  // It was not the daemon's wish, so the task has failed.
  BOOST_TEST(frame(one).find("\"stopped\":false") != std::string::npos);
  BOOST_TEST(service.exit_code() == 0);
  ::close(one);
}

BOOST_AUTO_TEST_CASE(without_a_socket_it_does_not_serve) {
  const auto program
    = (fs::read_symlink("/proc/self/exe").parent_path() / "pawl-runner")
        .string();
  for (const auto* with : {" </dev/null", " <&-", " --what x", " --user"})
    BOOST_TEST(std::system((program + with + " 2>/dev/null").c_str()) // NOLINT
               != 0);
}

BOOST_AUTO_TEST_CASE(without_a_known_group_it_does_not_serve) {
  runner_service service{"no-such-group"};
  BOOST_TEST(service.exit_code() == 78);
}

BOOST_AUTO_TEST_SUITE_END()
