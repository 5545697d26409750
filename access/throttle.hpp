#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::access {

/// Counts what goes wrong by where it comes from, within bounds: when there
/// are too many places, the one that was quiet for longest is forgotten.
///
/// Thread safety: every function may be called from any thread.
class throttle {
public:
  struct bounds {
    std::size_t misses_max = 10; ///< Within `window`.
    duration window{60'000};
    std::size_t places_max = 1024;
  };
  explicit throttle(bounds b) : bounds_{b} {}

  /// Notes a miss of `place`. Returns how long it must wait once it has had
  /// more than its share.
  std::optional<duration> miss(std::string_view place, timestamp now);
  [[nodiscard]] std::size_t places() const;

private:
  struct entry {
    timestamp since;
    timestamp last;
    std::size_t misses = 0;
  };
  bounds bounds_;
  mutable std::mutex lock_;
  std::map<std::string, entry, std::less<>> entries_;
};

/// The part of an address that one client has to itself: of IPv6 the first 64
/// bits, since it may choose the rest.
[[nodiscard]] std::string place_of(std::string_view address);

} // namespace pawl::access
