#pragma once

#include <cstdint>

namespace pawl {

/// SplitMix64 (Steele, Lea, Flood 2014): a generator whose seeding costs
/// nothing, for jitter and ids that must follow from a seed. Not for secrets.
class split_mix {
public:
  explicit split_mix(std::uint64_t seed = 0) : state_{seed} {}
  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

private:
  std::uint64_t state_;
};

} // namespace pawl
