#define BOOST_TEST_MODULE daemon.notify
#include "daemon/notify.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

using namespace pawl;
using namespace pawl::daemon;

namespace {

/// The manager's end of the socket.
class fake_manager {
public:
  explicit fake_manager(const std::string& name) : name_{name} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@')
      address.sun_path[0] = '\0';
    else
      std::filesystem::remove(name);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    const auto length = offsetof(sockaddr_un, sun_path) + name.size();
    BOOST_REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address),
                         static_cast<socklen_t>(length))
                  == 0);
    const timeval patience{10, 0}; // Only a failing test waits this long.
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~fake_manager() {
    ::close(fd_);
    if (name_[0] != '@')
      std::filesystem::remove(name_);
  }
  fake_manager(const fake_manager&) = delete;
  fake_manager& operator=(const fake_manager&) = delete;

  std::string receive(int flags = 0) const {
    std::array<char, 4096> data{};
    const auto n = ::recv(fd_, data.data(), data.size(), flags);
    return n < 0 ? "nothing"
                 : std::string{data.data(), static_cast<std::size_t>(n)};
  }

private:
  std::string name_;
  int fd_ = -1;
};

std::string path_name() {
  return (std::filesystem::temp_directory_path()
          / ("pawl-notify-" + std::to_string(::getpid())))
    .string();
}
std::string abstract_name() {
  return "@pawl-notify-" + std::to_string(::getpid());
}

} // namespace

BOOST_AUTO_TEST_CASE(every_message_arrives_on_both_kinds_of_socket) {
  for (const auto& name : {path_name(), abstract_name()}) {
    const fake_manager manager{name};
    const notifier to{name};
    to.ready("Serving");
    BOOST_TEST(manager.receive()
               == "READY=1\nSTATUS=Serving\nMAINPID="
                    + std::to_string(::getpid()) + "\n");
    to.status("7 instances");
    BOOST_TEST(manager.receive() == "STATUS=7 instances\n");
    to.reloading();
    BOOST_TEST(manager.receive().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    to.alive();
    BOOST_TEST(manager.receive() == "WATCHDOG=1\n");
    to.stopping();
    BOOST_TEST(manager.receive().starts_with("STOPPING=1\n"));
  }
}

BOOST_AUTO_TEST_CASE(without_a_manager_every_call_is_harmless) {
  for (const auto* name : {"", "relative", "/nonexistent/socket"}) {
    const notifier to{name, duration{1000}};
    to.ready("x");
    to.alive();
    to.stopping();
  }
  BOOST_CHECK(notifier{""}.watchdog_interval() == duration{0});
}

BOOST_AUTO_TEST_CASE(the_environment_names_socket_and_patience) {
  const fake_manager manager{abstract_name()};
  ::setenv("NOTIFY_SOCKET", abstract_name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  const auto unnamed = notifier::from_environment();
  BOOST_CHECK(unnamed.watchdog_interval() == duration{15000});
  unnamed.alive();
  BOOST_TEST(manager.receive() == "WATCHDOG=1\n");
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  BOOST_CHECK(notifier::from_environment().watchdog_interval()
              == duration{15000});
  ::setenv("WATCHDOG_PID", "1", 1); // It is somebody else who is watched.
  BOOST_CHECK(notifier::from_environment().watchdog_interval() == duration{0});
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}

BOOST_AUTO_TEST_CASE(the_watchdog_reports_only_while_healthy) {
  const fake_manager manager{abstract_name()};
  const notifier to{abstract_name(), duration{2}};
  std::atomic<int> asked{0};
  {
    const watchdog dog{to, [&] { return asked++ < 3; }};
    for (int i = 0; i < 3; ++i)
      BOOST_TEST(manager.receive() == "WATCHDOG=1\n");
    while (asked < 5) // It is asked again and again, but says nothing more.
      std::this_thread::yield();
  }
  BOOST_TEST(manager.receive(MSG_DONTWAIT) == "nothing");
}

BOOST_AUTO_TEST_CASE(no_watchdog_runs_when_nobody_watches) {
  const fake_manager manager{abstract_name()};
  const notifier to{abstract_name()};
  int asked = 0;
  {
    const watchdog dog{to, [&] { return ++asked > 0; }};
  }
  BOOST_TEST(asked == 0);
}
