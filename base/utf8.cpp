#include "base/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace pawl {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// Bytes of the well-formed character at the front of `in`; 0 if there is none.
std::size_t character_size(std::string_view in) {
  const auto byte
    = [&](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  const auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first < 0xc2 || first > 0xf4)
    return 0;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (in.size() < size)
    return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  const auto second = byte(1);
  const bool wrong
    = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)
      || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : size;
}

} // namespace

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto size = character_size(text);
    out += size == 0 ? replacement : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

} // namespace pawl
