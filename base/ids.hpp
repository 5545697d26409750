#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

/// Names one run of a workflow within its namespace, for ever: a ULID of ours,
/// or the caller's own [A-Za-z0-9._-]{1,128}.
struct instance_id {
  std::string text;
  auto operator<=>(const instance_id&) const = default;
};

/// The key of an instance on disk: the first 16 bytes of
/// SHA-256(namespace '/' id). Its first byte is the partition.
struct instance_key {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const instance_key&) const = default; // NOLINT
  [[nodiscard]] std::uint8_t partition() const { return bytes[0]; }
};

/// Names a version of a workflow document.
struct definition_id {
  std::string ns;
  std::string name;
  std::string version;
  auto operator<=>(const definition_id&) const = default;
};

/// Place of an event in the history of one instance; the first event is 1.
using sequence = std::uint64_t;

/// The key under which instance `id` of namespace `ns` is stored.
[[nodiscard]] instance_key key_of(std::string_view ns, std::string_view id);

/// Whether `text` may name an instance: [A-Za-z0-9._-]{1,128}, but neither "."
/// nor "..".
[[nodiscard]] bool valid_instance_id(std::string_view text);

/// A ULID for `unix_ms` with `entropy` as its random part (80 bits are used):
/// 26 characters of Crockford's base 32 that sort by time.
[[nodiscard]] std::string
make_ulid(std::int64_t unix_ms, const std::array<std::uint8_t, 10>& entropy);

/// 10 bytes from the operating system's random source.
[[nodiscard]] std::array<std::uint8_t, 10> random_entropy();

} // namespace pawl

template <>
struct std::hash<pawl::instance_key> {
  std::size_t operator()(const pawl::instance_key& k) const noexcept {
    std::size_t h = 0; // A digest already: any eight bytes are a good hash.
    for (int i = 1; i <= 8; ++i)
      h = h << 8 | k.bytes[static_cast<std::size_t>(i)];
    return h;
  }
};
