#include "base/ids.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace pawl {

namespace {

bool id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
         || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-';
}

} // namespace

instance_key key_of(std::string_view ns, std::string_view id) {
  std::string name;
  name.reserve(ns.size() + 1 + id.size());
  name.append(ns).append(1, '/').append(id);
  const auto digest = sha256(name);
  instance_key key;
  std::copy_n(digest.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

bool valid_instance_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text != "." && text != ".."
         && std::all_of(text.begin(), text.end(), id_character);
}

std::string make_ulid(std::int64_t unix_ms,
                      const std::array<std::uint8_t, 10>& entropy) {
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string out(26, '0');
  auto time = static_cast<std::uint64_t>(unix_ms);
  for (std::size_t i = 10; i-- > 0; time >>= 5)
    out[i] = digits[time & 31];
  // 80 bits are two halves of 40 bits, and 40 bits are 8 digits.
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i)
      bits = bits << 8 | entropy[half * 5 + i];
    for (std::size_t i = 8; i-- > 0; bits >>= 5)
      out[10 + half * 8 + i] = digits[bits & 31];
  }
  return out;
}

std::array<std::uint8_t, 10> random_entropy() {
  std::array<std::uint8_t, 10> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto got = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      throw std::system_error{errno, std::system_category(), "getrandom"};
  }
  return bytes;
}

} // namespace pawl
