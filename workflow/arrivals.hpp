#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace pawl {

/// The numbers of the published events that an instance has received, so that
/// it receives none twice, however often it is shown. Kept as spans: those who
/// take what comes in a row need one.
struct arrivals {
  std::map<std::uint64_t, std::uint64_t> spans; ///< First to last.
  std::uint64_t floor = 0; ///< Up to this, nothing is received any more.

  /// More spans than this, and the lowest are given up: their place is then
  /// below the floor. What is received twice does more harm than what is older
  /// than so many others and was never wanted.
  static constexpr std::size_t spans_max = 4096;

  [[nodiscard]] bool contains(std::uint64_t n) const {
    if (n <= floor)
      return true;
    const auto above = spans.upper_bound(n);
    return above != spans.begin() && std::prev(above)->second >= n;
  }

  void add(std::uint64_t n) {
    if (contains(n))
      return;
    auto at = spans.emplace(n, n).first;
    if (const auto above = std::next(at);
        above != spans.end() && above->first == n + 1) {
      at->second = above->second;
      spans.erase(above);
    }
    if (at != spans.begin())
      if (const auto below = std::prev(at); below->second + 1 == n) {
        below->second = at->second;
        spans.erase(at);
      }
    while (spans.size() > spans_max) {
      floor = spans.begin()->second;
      spans.erase(spans.begin());
    }
  }

  bool operator==(const arrivals&) const = default;
};

} // namespace pawl
