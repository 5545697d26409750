#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

/// Big-endian, so that bytewise order on disk is the order of the numbers.
inline void put_u16(std::string& out, std::uint16_t n) {
  out.push_back(static_cast<char>(n >> 8));
  out.push_back(static_cast<char>(n));
}
inline void put_u32(std::string& out, std::uint32_t n) {
  put_u16(out, static_cast<std::uint16_t>(n >> 16));
  put_u16(out, static_cast<std::uint16_t>(n));
}
inline void put_u64(std::string& out, std::uint64_t n) {
  put_u32(out, static_cast<std::uint32_t>(n >> 32));
  put_u32(out, static_cast<std::uint32_t>(n));
}

/// Reads the number at the front of `in`, which must hold it.
[[nodiscard]] inline std::uint64_t get_be(std::string_view in, int bytes) {
  std::uint64_t n = 0;
  for (int i = 0; i < bytes; ++i)
    n = n << 8 | static_cast<std::uint8_t>(in[static_cast<std::size_t>(i)]);
  return n;
}
[[nodiscard]] inline std::uint16_t get_u16(std::string_view in) {
  return static_cast<std::uint16_t>(get_be(in, 2));
}
[[nodiscard]] inline std::uint32_t get_u32(std::string_view in) {
  return static_cast<std::uint32_t>(get_be(in, 4));
}
[[nodiscard]] inline std::uint64_t get_u64(std::string_view in) {
  return get_be(in, 8);
}

/// CRC-32C (Castagnoli) of `data`, continuing from `crc`.
[[nodiscard]] std::uint32_t crc32c(std::string_view data,
                                   std::uint32_t crc = 0);

/// As crc32c, by table: what a processor without SSE 4.2 runs.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view data,
                                            std::uint32_t crc = 0);

/// XXH3-64 of `data` with `seed`; chains the records of a history.
[[nodiscard]] std::uint64_t xxh3(std::string_view data, std::uint64_t seed);

/// SHA-256 of `data`, 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view data);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view data);

/// Base64 with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(std::string_view data);

} // namespace pawl
