#include "daemon/notify.hpp"

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <mutex>
#include <stop_token>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace pawl::daemon {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

std::int64_t number_in(const std::string& text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

} // namespace

notifier notifier::from_environment() {
  auto patience = number_in(variable("WATCHDOG_USEC"));
  // The variable may be a parent's; then it is not us who are watched.
  if (const auto pid = variable("WATCHDOG_PID");
      !pid.empty() && number_in(pid) != ::getpid())
    patience = 0;
  return notifier{
    variable("NOTIFY_SOCKET"),
    std::chrono::ceil<duration>(std::chrono::microseconds{patience})};
}

notifier::notifier(const std::string& socket, duration watchdog)
    : interval_{socket.empty() ? duration{} : watchdog / 2} {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool abstract = socket.starts_with('@');
  if ((!abstract && !socket.starts_with('/'))
      || socket.size() >= sizeof address.sun_path)
    return;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (abstract)
    address.sun_path[0] = '\0';
  const auto length = offsetof(sockaddr_un, sun_path) + socket.size();
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address); // NOLINT
  if (fd_ >= 0
      && ::connect(fd_, generic, static_cast<socklen_t>(length)) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

notifier::~notifier() {
  if (fd_ >= 0)
    ::close(fd_);
}

notifier::notifier(notifier&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, interval_{other.interval_} {}

void notifier::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}\nMAINPID={}\n", status, ::getpid()));
}

void notifier::status(std::string_view text) const {
  send(fmt::format("STATUS={}\n", text));
}

void notifier::stopping() const {
  send("STOPPING=1\nSTATUS=Draining\n");
}

void notifier::reloading() const {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::steady_clock::now().time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now.count()));
}

void notifier::alive() const {
  send("WATCHDOG=1\n");
}

void notifier::send(std::string_view message) const {
  if (fd_ >= 0)
    (void)::send(fd_, message.data(), message.size(),
                 MSG_NOSIGNAL | MSG_DONTWAIT);
}

watchdog::watchdog(const notifier& to, std::function<bool()> healthy) {
  if (to.watchdog_interval() <= duration{})
    return;
  thread_ = std::jthread{
    [&to, healthy = std::move(healthy)](const std::stop_token& stop) {
      std::mutex mutex;
      std::condition_variable_any wake;
      std::unique_lock lock{mutex};
      while (!stop.stop_requested()) {
        if (healthy())
          to.alive();
        wake.wait_for(lock, stop, to.watchdog_interval(), [] { return false; });
      }
    }};
}

} // namespace pawl::daemon
