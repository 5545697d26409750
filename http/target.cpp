#include "http/target.hpp"

#include "http/message.hpp"

#include <algorithm>

namespace pawl::http {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

error bad_target(std::string detail) {
  return {errc::malformed, std::move(detail)};
}

// Cuts the front of `rest` off, up to `mark`, which is dropped.
std::string_view cut(std::string_view& rest, char mark) {
  const auto end = rest.find(mark);
  const auto front = rest.substr(0, end);
  rest
    = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return front;
}

// A proxy's absolute form names scheme and authority before the path.
std::string_view origin_form(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"})
    if (starts_with_word(text, scheme)) {
      const auto path = text.find_first_of("/?", scheme.size());
      return path == std::string_view::npos ? std::string_view{"/"}
                                            : text.substr(path);
    }
  return text;
}

} // namespace

result<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0)
        return bad_target("A '%' is not followed by two hexadecimal digits.");
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  if (!clean_utf8(out))
    return bad_target("A percent-encoded name is not UTF-8.");
  return out;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                       || (c >= '0' && c <= '9') || c == '-' || c == '.'
                       || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

result<target> parse_target(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20
           && static_cast<unsigned char>(c) < 0x7f;
  });
  if (!printable)
    return bad_target("The request target holds a byte that must be encoded.");
  auto rest = origin_form(text);
  rest = rest.substr(0, rest.find('#'));
  if (rest.empty() || (rest[0] != '/' && rest[0] != '?'))
    return bad_target("The request target is not a path.");
  target out;
  out.path = cut(rest, '?');
  out.query = rest;
  auto path = out.path;
  while (!path.empty()) {
    path.remove_prefix(1); // The '/' before each segment.
    auto segment = percent_decoded(path.substr(0, path.find('/')));
    if (!segment)
      return segment.error();
    path.remove_prefix(std::min(path.find('/'), path.size()));
    out.segments.push_back(std::move(*segment));
  }
  while (!rest.empty()) {
    auto pair = cut(rest, '&');
    if (pair.empty())
      continue;
    auto name = percent_decoded(cut(pair, '='), true);
    auto value = percent_decoded(pair, true);
    if (!name)
      return name.error();
    if (!value)
      return value.error();
    out.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

} // namespace pawl::http
