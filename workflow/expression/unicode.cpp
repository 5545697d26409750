#include "workflow/expression/unicode.hpp"

namespace pawl::expression {

namespace {

constexpr std::uint32_t replacement = 0xFFFD;

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits at `at`, or -1.
int hex4(std::string_view s, std::size_t at) {
  if (at + 4 > s.size())
    return -1;
  int n = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int d = hex_digit(s[i]);
    if (d < 0)
      return -1;
    n = n * 16 + d;
  }
  return n;
}

std::uint8_t byte_at(std::string_view s, std::size_t at) {
  return static_cast<std::uint8_t>(s[at]);
}

} // namespace

void append_utf8(std::string& out, std::uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
    c = replacement;
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

std::uint32_t next_code_point(std::string_view s, std::size_t& at) {
  const std::uint8_t first = byte_at(s, at);
  if (first < 0x80) {
    ++at;
    return first;
  }
  const std::size_t more = first > 0xF4    ? 0U
                           : first >= 0xF0 ? 3U
                           : first >= 0xE0 ? 2U
                           : first >= 0xC2 ? 1U
                                           : 0U;
  if (at + more >= s.size()) { // As jq: what is cut off is one character.
    at = s.size();
    return replacement;
  }
  std::uint32_t c = first & (more == 3 ? 0x07U : more == 2 ? 0x0FU : 0x1FU);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte_at(s, at + i) & 0xC0U) != 0x80) {
      at += i;
      return replacement;
    }
    c = c << 6 | (byte_at(s, at + i) & 0x3FU);
  }
  constexpr std::uint32_t least[]{0x80, 0x80, 0x800, 0x10000};
  at += more + 1;
  if (more == 0 || c < least[more] || c > 0x10FFFF
      || (c >= 0xD800 && c <= 0xDFFF))
    return replacement;
  return c;
}

std::size_t count_code_points(std::string_view s) {
  std::size_t n = 0;
  for (const char c : s)
    n += (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80 ? 1U : 0U;
  return n;
}

std::size_t code_point_offset(std::string_view s, std::size_t index) {
  std::size_t at = 0;
  for (; at < s.size(); ++at)
    if ((byte_at(s, at) & 0xC0U) != 0x80 && index-- == 0)
      return at;
  return s.size();
}

std::string repair_utf8(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t at = 0; at < s.size();)
    append_utf8(out, next_code_point(s, at));
  return out;
}

bool append_escape(std::string& out, std::string_view s, std::size_t& at) {
  constexpr std::string_view letters = "bfnrt\"\\/";
  constexpr std::string_view meant = "\b\f\n\r\t\"\\/";
  if (at + 1 >= s.size())
    return false;
  if (s[at + 1] != 'u') {
    const auto i = letters.find(s[at + 1]);
    if (i == std::string_view::npos)
      return false;
    out.push_back(meant[i]);
    at += 2;
    return true;
  }
  const int high = hex4(s, at + 2);
  if (high < 0)
    return false;
  at += 6;
  auto c = static_cast<std::uint32_t>(high);
  if (c >= 0xD800 && c < 0xDC00) {
    const bool pair = at + 1 < s.size() && s[at] == '\\' && s[at + 1] == 'u';
    const int low = pair ? hex4(s, at + 2) : -1;
    if (low >= 0xDC00 && low < 0xE000) {
      c = 0x10000 + ((c & 0x3FFU) << 10)
          + (static_cast<std::uint32_t>(low) & 0x3FFU);
      at += 6;
    }
  }
  append_utf8(out, c);
  return true;
}

} // namespace pawl::expression
