#define BOOST_TEST_MODULE base.log
#include "base/log.hpp"

#include "base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace pawl;

namespace {

/// Sends standard error into a pipe for as long as it lives.
class captured_stderr {
public:
  captured_stderr() {
    BOOST_REQUIRE(::pipe(ends_.data()) == 0);
    saved_ = ::dup(STDERR_FILENO);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  /// All that was written; ends the capture.
  std::string take() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(ends_[1]);
    std::string all;
    std::array<char, 65536> chunk{};
    for (ssize_t n = 0; (n = ::read(ends_[0], chunk.data(), chunk.size())) > 0;)
      all.append(chunk.data(), static_cast<std::size_t>(n));
    ::close(ends_[0]);
    return all;
  }

private:
  std::array<int, 2> ends_{};
  int saved_ = -1;
};

/// A stand-in for the journal's socket.
class fake_journal {
public:
  fake_journal()
      : path_{std::filesystem::temp_directory_path()
              / ("pawl-journal-" + std::to_string(::getpid()))} {
    std::filesystem::remove(path_);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    BOOST_REQUIRE(
      ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    log::send_to_journal(path_.string());
  }
  ~fake_journal() {
    log::send_to_journal("");
    ::close(fd_);
    std::filesystem::remove(path_);
  }
  fake_journal(const fake_journal&) = delete;
  fake_journal& operator=(const fake_journal&) = delete;

  /// The next entry, whether it came in the datagram or as a file.
  std::string receive() {
    std::string data(1 << 20, '\0');
    iovec part{data.data(), data.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto n = ::recvmsg(fd_, &message, MSG_DONTWAIT);
    if (n < 0)
      return "nothing";
    data.resize(static_cast<std::size_t>(n));
    if (const auto* header = CMSG_FIRSTHDR(&message); header != nullptr) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header), sizeof file);
      struct stat about {};
      ::fstat(file, &about);
      data.resize(static_cast<std::size_t>(about.st_size));
      BOOST_TEST(::pread(file, data.data(), data.size(), 0) == about.st_size);
      ::close(file);
    }
    return data;
  }

private:
  std::filesystem::path path_;
  int fd_ = -1;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_line_is_one_json_object) {
  const auto line
    = log::json_line(from_unix_ms(0), log::level::warn, "instance.restarted",
                     {{"id", "a\"b\n"},
                      {"attempt", 3},
                      {"big", ~0ULL},
                      {"ok", true},
                      {"ratio", 0.5},
                      {"after", duration{250}}});
  BOOST_TEST(line
             == "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warn\","
                "\"event\":\"instance.restarted\",\"id\":\"a\\\"b\\n\","
                "\"attempt\":3,\"big\":18446744073709551615,\"ok\":true,"
                "\"ratio\":0.5,\"after\":250}\n");
}

BOOST_AUTO_TEST_CASE(a_line_stays_json_whatever_bytes_a_field_holds) {
  for (const std::string bytes :
       {"\xFF", "\xC3", "a\xE2\x82", "\x80", "\xF5\x80\x80\x80"}) {
    auto line
      = log::json_line(from_unix_ms(0), log::level::info, "x", {{"v", bytes}});
    BOOST_TEST(bool(parse_json(line)), line);
    BOOST_TEST(line.find("base64:") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_journal_entry_follows_the_native_protocol) {
  const auto entry = log::journal_entry(log::level::error, "step.failed",
                                        {{"task", "/do/1"}, {"text", "a\nb"}});
  using namespace std::string_literals;
  // What holds a newline goes as name, newline, length in 64 bits, bytes.
  BOOST_TEST(entry
             == "MESSAGE\n"s + "\x1F\0\0\0\0\0\0\0"s
                  + "step.failed task=/do/1 text=a\nb\n"s + "PRIORITY=3\n"s
                  + "SYSLOG_IDENTIFIER=pawld\n"s + "PAWL_EVENT=step.failed\n"s
                  + "PAWL_TASK=/do/1\n"s + "PAWL_TEXT\n"s
                  + "\x03\0\0\0\0\0\0\0"s + "a\nb\n"s);
}

BOOST_AUTO_TEST_CASE(levels_below_the_threshold_are_dropped) {
  captured_stderr capture;
  log::info("one");
  log::debug("two");
  log::set_level(log::level::debug);
  log::debug("three");
  log::set_level(log::level::error);
  log::warn("four");
  log::error("five");
  log::set_level(log::level::info);
  const auto text = capture.take();
  BOOST_TEST(text.find("\"one\"") != std::string::npos);
  BOOST_TEST(text.find("\"two\"") == std::string::npos);
  BOOST_TEST(text.find("\"three\"") != std::string::npos);
  BOOST_TEST(text.find("\"four\"") == std::string::npos);
  BOOST_TEST(text.find("\"five\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(lines_of_several_threads_are_never_mixed) {
  captured_stderr capture;
  constexpr int each = 100; // 4 threads, 100 lines: less than a pipe holds.
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([t] {
        for (int i = 0; i < each; ++i)
          log::info("thread.line", {{"thread", t}, {"line", i}});
      });
  }
  const auto text = capture.take();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const auto end = text.find('\n', at);
    BOOST_REQUIRE(end != std::string::npos);
    BOOST_TEST(bool(parse_json(text.substr(at, end - at))));
    at = end + 1;
  }
  BOOST_TEST(lines == 4U * each);
}

BOOST_AUTO_TEST_CASE(sends_to_the_journal_small_and_large) {
  fake_journal journal;
  log::info("small", {{"n", 1}});
  BOOST_TEST(journal.receive()
             == "MESSAGE=small n=1\nPRIORITY=6\nSYSLOG_IDENTIFIER=pawld\n"
                "PAWL_EVENT=small\nPAWL_N=1\n");
  log::warn("large", {{"text", std::string(1 << 20, 'x')}});
  const auto large = journal.receive();
  BOOST_TEST(large.size() > 2U << 20);
  BOOST_TEST(large.starts_with("MESSAGE=large text=xxx"));
}

BOOST_AUTO_TEST_CASE(a_line_that_cannot_be_written_is_counted) {
  const auto before = log::lost_lines();
  {
    const fake_journal journal;
    std::filesystem::remove(std::filesystem::temp_directory_path()
                            / ("pawl-journal-" + std::to_string(::getpid())));
  }
  const int saved = ::dup(STDERR_FILENO);
  ::close(STDERR_FILENO);
  log::info("into the void");
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  BOOST_TEST(log::lost_lines() == before + 1);
}

BOOST_AUTO_TEST_CASE(the_journal_is_known_by_device_and_inode) {
  struct stat file {};
  BOOST_REQUIRE(::fstat(STDERR_FILENO, &file) == 0);
  const auto right
    = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  BOOST_TEST(log::is_journal_stream(right.c_str(), STDERR_FILENO));
  BOOST_TEST(!log::is_journal_stream("1:1", STDERR_FILENO));
  BOOST_TEST(!log::is_journal_stream("", STDERR_FILENO));
  BOOST_TEST(!log::is_journal_stream(nullptr, STDERR_FILENO));
}

BOOST_AUTO_TEST_CASE(levels_have_names) {
  for (const auto l : {log::level::debug, log::level::info, log::level::warn,
                       log::level::error})
    BOOST_CHECK(log::parse_level(log::to_text(l)).value() == l);
  BOOST_TEST(!log::parse_level("loud"));
}
