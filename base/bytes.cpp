#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <openssl/sha.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace pawl {

namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t castagnoli_reversed = 0x82F63B78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) != 0 ? (crc >> 1) ^ castagnoli_reversed : crc >> 1;
    table[i] = crc;
  }
  return table;
}

constexpr auto crc_table = make_crc_table();

std::uint32_t crc32c_by_table(std::string_view data, std::uint32_t crc) {
  for (const char c : data)
    crc = crc_table[(crc ^ static_cast<std::uint8_t>(c)) & 0xFF] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t
crc32c_by_sse42(std::string_view data, std::uint32_t crc) {
  std::uint64_t wide = crc;
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    wide = _mm_crc32_u64(wide, word);
    data.remove_prefix(8);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char c : data)
    crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(c));
  return crc;
}
#endif

using crc_function = std::uint32_t (*)(std::string_view, std::uint32_t);

crc_function fastest_crc32c() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2"))
    return crc32c_by_sse42;
#endif
  return crc32c_by_table;
}

} // namespace

std::uint32_t crc32c(std::string_view data, std::uint32_t crc) {
  static const crc_function run = fastest_crc32c();
  return ~run(data, ~crc);
}

std::uint32_t crc32c_portable(std::string_view data, std::uint32_t crc) {
  return ~crc32c_by_table(data, ~crc);
}

std::uint64_t xxh3(std::string_view data, std::uint64_t seed) {
  return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

std::string sha256(std::string_view data) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(std::bit_cast<const unsigned char*>(data.data()), data.size(),
         digest.data());
  return {digest.begin(), digest.end()};
}

std::string to_hex(std::string_view data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (const char c : data) {
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::string to_base64(std::string_view data) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  while (!data.empty()) {
    const auto taken = std::min<std::size_t>(3, data.size());
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < taken ? static_cast<std::uint8_t>(data[i]) : 0);
    for (std::size_t i = 0; i < 4; ++i)
      out.push_back(i <= taken ? digits[group >> (18 - 6 * i) & 63] : '=');
    data.remove_prefix(taken);
  }
  return out;
}

} // namespace pawl
