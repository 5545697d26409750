#pragma once

#include "actors/limits/limit.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pawl::actors {

/// Which limits bound the bytes of which namespace, and which of them it is
/// known to be near. Pure, and not safe to share.
class byte_book {
public:
  /// The limit says this now.
  void set(const limit& what);
  void remove(const limit_ref& which);
  [[nodiscard]] bool watches(const std::string& ns) const {
    return spaces_.contains(ns);
  }

  struct near {
    limit_ref of;
    std::uint64_t max = 0;
  };
  /// `ns` takes so much now. Returns the limits that it has come near just now:
  /// once, until it was below again.
  std::vector<near> saw(const std::string& ns, std::uint64_t used);

private:
  struct bound {
    std::uint64_t max = 0;
    double warn_at = 1;
    bool near = false;
  };
  std::map<std::string, std::map<limit_ref, bound>, std::less<>> spaces_;
};

} // namespace pawl::actors
