#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace pawl::actors {

/// How long something took, many times: counted by size, in classes of which
/// each is a fifth wider than the one before. A few hundred bytes at most,
/// however much is counted.
class spread {
public:
  /// A negative one, as a step of the clock may give, counts as 0.
  void add(duration span);
  void add(const spread& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] duration total() const { return total_; }
  [[nodiscard]] duration longest() const { return longest_; }
  /// What the `share` (0 to 1) of all does not exceed, at most a fifth beside
  /// the truth; nothing if none was counted.
  [[nodiscard]] std::optional<duration> quantile(double share) const;

private:
  std::map<std::uint16_t, std::uint64_t> classes_;
  std::uint64_t count_ = 0;
  duration total_{};
  duration shortest_{duration::max()};
  duration longest_{};
};

} // namespace pawl::actors
