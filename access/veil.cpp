#include "access/veil.hpp"

#include "access/token.hpp"
#include "base/bytes.hpp"

namespace pawl::access {

namespace {
constexpr unsigned rounds = 6;
} // namespace

veil::veil() : key_{get_u64(sha256(new_secret()))} {}

std::uint32_t veil::mix(std::uint32_t half, unsigned round) const {
  std::string in;
  put_u32(in, half);
  put_u32(in, round);
  return static_cast<std::uint32_t>(xxh3(in, key_));
}

// A Feistel network: each round changes one half by the other.
std::uint64_t veil::cover(std::uint64_t number) const {
  auto left = static_cast<std::uint32_t>(number >> 32);
  auto right = static_cast<std::uint32_t>(number);
  for (unsigned r = 0; r < rounds; ++r) {
    const auto next = left ^ mix(right, r);
    left = right;
    right = next;
  }
  return std::uint64_t{left} << 32 | right;
}

std::uint64_t veil::uncover(std::uint64_t covered) const {
  auto left = static_cast<std::uint32_t>(covered >> 32);
  auto right = static_cast<std::uint32_t>(covered);
  for (unsigned r = rounds; r-- > 0;) {
    const auto before = right ^ mix(left, r);
    right = left;
    left = before;
  }
  return std::uint64_t{left} << 32 | right;
}

} // namespace pawl::access
