#include "base/log.hpp"

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/overload.hpp"

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace pawl::log {

namespace {

constexpr auto journal_path = "/run/systemd/journal/socket";

std::atomic<level> threshold{level::info};
std::atomic<std::uint64_t> lost{0};
/// The socket to the journal, -1 for JSON on standard error.
std::atomic<int> journal_socket{-1};
std::once_flag looked;

/// A socket that sends to `path`, or -1.
int connect_to(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address); // NOLINT
  if (::connect(fd, generic, sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

void find_the_journal() {
  // Called once, before threads could change the environment.
  const char* stream = std::getenv("JOURNAL_STREAM"); // NOLINT
  if (journal_socket < 0 && is_journal_stream(stream, STDERR_FILENO))
    journal_socket = connect_to(journal_path);
}

bool write_whole(int fd, std::string_view line) {
  while (!line.empty()) {
    const auto done = ::write(fd, line.data(), line.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return false;
    line.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// Sends what is too large for a datagram as the protocol asks: in a sealed
/// memory file whose descriptor is sent instead.
bool send_as_file(int socket, std::string_view entry) {
  const int fd = ::memfd_create("pawl-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return false;
  bool good
    = write_whole(fd, entry)
      && ::fcntl(fd, F_ADD_SEALS,
                 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
           == 0;
  if (good) {
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    good = ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
  }
  ::close(fd);
  return good;
}

bool send_entry(int socket, std::string_view entry) {
  while (::send(socket, entry.data(), entry.size(), MSG_NOSIGNAL) < 0) {
    if (errno == EMSGSIZE)
      return send_as_file(socket, entry);
    if (errno != EINTR)
      return false;
  }
  return true;
}

std::string text_of(const value& v) {
  return std::visit(
    overload{[](std::string_view text) { return std::string{text}; },
             [](bool flag) { return std::string{flag ? "true" : "false"}; },
             [](double d) { return pawl::to_text(json::value(d)); },
             [](auto number) { return fmt::format("{}", number); }},
    v.held());
}

/// Whether a UTF-8 text holds no broken sequence.
bool valid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xC2 && lead <= 0xDF ? 2
                               : (lead & 0xF0) == 0xE0        ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || i + length > text.size())
      return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<std::uint8_t>(text[i + k]) & 0xC0) != 0x80)
        return false;
    i += length;
  }
  return true;
}

json::value json_of(const value& v) {
  return std::visit(
    overload{[](std::string_view text) -> json::value {
               // A line must stay JSON whatever a client sent us.
               if (!valid_utf8(text))
                 return json::value("base64:" + to_base64(text));
               return json::value(json::string(text));
             },
             [](auto other) -> json::value { return json::value(other); }},
    v.held());
}

/// Appends one field; a value with a newline goes with its length.
void append_field(std::string& out, std::string_view name,
                  std::string_view text) {
  out.append(name);
  if (text.find('\n') == std::string_view::npos) {
    out.append(1, '=').append(text).append(1, '\n');
    return;
  }
  out.push_back('\n');
  std::uint64_t size = text.size();
  for (int i = 0; i < 8; ++i, size >>= 8)
    out.push_back(static_cast<char>(size)); // Little-endian.
  out.append(text).append(1, '\n');
}

/// "attempt" -> "PAWL_ATTEMPT"; the journal takes [A-Z0-9_] only.
std::string journal_name(std::string_view name) {
  std::string out{"PAWL_"};
  for (const char c : name)
    if (c >= 'a' && c <= 'z')
      out.push_back(static_cast<char>(c - 'a' + 'A'));
    else
      out.push_back((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_');
  return out;
}

/// syslog's priorities.
char priority(level l) {
  switch (l) {
  case level::debug:
    return '7';
  case level::info:
    return '6';
  case level::warn:
    return '4';
  case level::error:
    break;
  }
  return '3';
}

} // namespace

std::string_view to_text(level l) {
  switch (l) {
  case level::debug:
    return "debug";
  case level::info:
    return "info";
  case level::warn:
    return "warn";
  case level::error:
    break;
  }
  return "error";
}

result<level> parse_level(std::string_view text) {
  for (const auto l : {level::debug, level::info, level::warn, level::error})
    if (text == to_text(l))
      return l;
  return pawl::error{errc::malformed, "a log level is one of debug, info, "
                                      "warn, error"};
}

void set_level(level l) {
  threshold = l;
}

level current_level() {
  return threshold.load(std::memory_order_relaxed);
}

void write(level l, std::string_view event, fields with) noexcept {
  if (!enabled(l))
    return;
  bool good = false;
  try {
    std::call_once(looked, find_the_journal);
    const int socket = journal_socket;
    good = socket >= 0 ? send_entry(socket, journal_entry(l, event, with))
                       : write_whole(STDERR_FILENO,
                                     json_line(clock::now(), l, event, with));
  } catch (...) {
    good = false; // Out of memory: the daemon matters more than its log.
  }
  if (!good)
    ++lost;
}

std::uint64_t lost_lines() {
  return lost;
}

std::string json_line(timestamp at, level l, std::string_view event,
                      fields with) {
  std::string out{"{\"time\":\""};
  out += pawl::to_text(at);
  out += "\",\"level\":\"";
  out += to_text(l);
  out += "\",\"event\":";
  append_text(out, json_of(value{event}));
  for (const auto& [name, is] : with) {
    out += ',';
    append_text(out, json_of(value{name}));
    out += ':';
    append_text(out, json_of(is));
  }
  out += "}\n";
  return out;
}

std::string journal_entry(level l, std::string_view event, fields with) {
  std::string message{event};
  std::string rest;
  for (const auto& [name, is] : with) {
    const auto text = text_of(is);
    message.append(1, ' ').append(name).append(1, '=').append(text);
    append_field(rest, journal_name(name), text);
  }
  std::string out;
  append_field(out, "MESSAGE", message);
  append_field(out, "PRIORITY", {std::string(1, priority(l))});
  append_field(out, "SYSLOG_IDENTIFIER", "pawld");
  append_field(out, "PAWL_EVENT", event);
  return out + rest;
}

bool is_journal_stream(const char* stream, int fd) {
  struct stat file {};
  if (stream == nullptr || ::fstat(fd, &file) != 0)
    return false;
  return stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

void send_to_journal(const std::string& path) {
  std::call_once(looked, [] {});
  const int fresh = path.empty() ? -1 : connect_to(path);
  if (const int stale = journal_socket.exchange(fresh); stale >= 0)
    ::close(stale);
}

} // namespace pawl::log
