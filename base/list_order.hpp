#pragma once

#include <cstdint>

namespace pawl {

/// In which order a list of instances comes. By creation it walks the indexes,
/// however many there are; by another time all that match are sorted, which is
/// bounded. Those that have no such time come last.
struct list_order {
  enum class time : std::uint8_t { created = 1, updated, started, ended };
  time by = time::created;
  bool newest_first = true;
  bool operator==(const list_order&) const = default;
};

} // namespace pawl
