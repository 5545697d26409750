#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pawl::bench {

/// Latencies in buckets that grow with their value: 32 to each power of two, so
/// a percentile is off by 3 % at most, whatever the count.
class histogram {
public:
  void record(std::chrono::nanoseconds latency) {
    auto ns
      = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++buckets_[index_of(ns)];
    ++count_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// The latency that `share` (0 to 1) of all did not exceed, in microseconds;
  /// 0 without any.
  [[nodiscard]] double percentile_us(double share) const {
    auto wanted
      = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && count_ > 0))
        return static_cast<double>(upper_bound_of(i)) / 1000.0;
    }
    return 0;
  }

private:
  static constexpr unsigned sub_bits = 5;

  static std::size_t index_of(std::uint64_t ns) {
    if (ns < (1U << sub_bits))
      return ns;
    auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - sub_bits;
    return ((shift + 1) << sub_bits) + ((ns >> shift) - (1U << sub_bits));
  }
  static std::uint64_t upper_bound_of(std::size_t index) {
    if (index < (1U << sub_bits))
      return index;
    auto shift = (index >> sub_bits) - 1;
    auto sub = (index & ((1U << sub_bits) - 1)) + (1U << sub_bits);
    return ((sub + 1) << shift) - 1;
  }

  std::array<std::uint64_t, std::size_t{61} << sub_bits> buckets_{};
  std::uint64_t count_ = 0;
};

} // namespace pawl::bench
