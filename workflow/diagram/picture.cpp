#include "workflow/diagram/picture.hpp"

#include <algorithm>

namespace pawl::diagram {

namespace {

/// One code point of UTF-8: how many bytes, and columns, it takes. Bytes that
/// are none count one by one.
struct letter {
  std::size_t bytes;
  std::size_t columns;
};

letter next_letter(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t bytes = first < 0xc0   ? 1
                      : first < 0xe0 ? 2
                      : first < 0xf0 ? 3
                                     : 4;
  bytes = std::min(bytes, text.size());
  // Wide letters begin with U+1100, which is E1 84 80.
  const bool wide
    = bytes == 4
      || (bytes == 3
          && (first > 0xe2
              || (first == 0xe1
                  && static_cast<unsigned char>(text[1]) >= 0x84)));
  return {bytes, wide ? std::size_t{2} : std::size_t{1}};
}

} // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  while (!text.empty()) {
    const auto one = next_letter(text);
    out += one.columns;
    text.remove_prefix(one.bytes);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t width) {
  const bool fits = columns_of(text) <= width;
  std::string out;
  for (std::size_t used = fits ? 0 : 1; !text.empty();) {
    const auto one = next_letter(text);
    used += one.columns;
    if (used > width)
      break;
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x20 || first == 0x7f)
      out.push_back(' ');
    else
      out.append(text.substr(0, one.bytes));
    text.remove_prefix(one.bytes);
  }
  if (!fits)
    out += "\u2026";
  return out;
}

std::string_view word_of(mark m) {
  switch (m) {
  case mark::none:
    break;
  case mark::done:
    return "done";
  case mark::skipped:
    return "skipped";
  case mark::undone:
    return "undone";
  case mark::cancelled:
    return "cancelled";
  case mark::suspended:
    return "suspended";
  case mark::waiting:
    return "waiting";
  case mark::running:
    return "running";
  case mark::faulted:
    return "faulted";
  case mark::current:
    return "current";
  }
  return "";
}

std::string_view sign_of(mark m) {
  switch (m) {
  case mark::none:
    break;
  case mark::done:
    return "\u2713";
  case mark::skipped:
    return "\u2013";
  case mark::undone:
    return "\u21b6";
  case mark::cancelled:
    return "\u2298";
  case mark::suspended:
    return "\u2016";
  case mark::waiting:
    return "\u2026";
  case mark::running:
  case mark::current:
    return "\u25b6";
  case mark::faulted:
    return "\u2717";
  }
  return "";
}

} // namespace pawl::diagram
