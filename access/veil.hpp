#pragma once

#include <cstdint>

namespace pawl::access {

/// Hides how far apart numbers are. The numbers of the lifecycle stream count
/// the events of all namespaces; who sees some of them only must not read from
/// the gaps how busy the others are. One to one, so nothing has to be kept;
/// the key is made anew with each start.
class veil {
public:
  veil();
  explicit veil(std::uint64_t key) : key_{key} {}
  [[nodiscard]] std::uint64_t cover(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t uncover(std::uint64_t covered) const;

private:
  [[nodiscard]] std::uint32_t mix(std::uint32_t half, unsigned round) const;
  std::uint64_t key_;
};

} // namespace pawl::access
