#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <strings.h>

namespace pawl::bench {

/// A whole HTTP/1.1 message at the front of a buffer.
struct message {
  std::string_view head; ///< With the empty line.
  std::string_view body;
  [[nodiscard]] std::size_t size() const { return head.size() + body.size(); }
};

/// The message at the front of `bytes`, when all of it is there. Knows
/// Content-Length, which is what both sides of the benchmark send.
[[nodiscard]] inline std::optional<message>
parse_message(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos)
    return std::nullopt;
  auto head = bytes.substr(0, end + 4);
  std::size_t length = 0;
  constexpr std::string_view name = "\r\ncontent-length:";
  for (std::size_t at = head.find("\r\n"); at + name.size() < head.size();
       at = head.find("\r\n", at + 2)) {
    if (strncasecmp(head.data() + at, name.data(), name.size()) != 0)
      continue;
    auto value = head.substr(at + name.size());
    value.remove_prefix(value.find_first_not_of(' '));
    std::from_chars(value.data(), value.data() + value.size(), length);
    break;
  }
  if (bytes.size() < head.size() + length)
    return std::nullopt;
  return message{head, bytes.substr(head.size(), length)};
}

/// The status of an answer, 0 if it has none.
[[nodiscard]] inline int status_of(const message& answer) {
  int status = 0;
  auto blank = answer.head.find(' ');
  if (blank != answer.head.npos)
    std::from_chars(answer.head.data() + blank + 1,
                    answer.head.data() + answer.head.size(), status);
  return status;
}

} // namespace pawl::bench
