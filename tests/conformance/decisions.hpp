#pragma once

#include "base/result.hpp"

#include <string_view>

namespace pawl::conformance {

/// Where Pawl is stricter than the schema on purpose. Each stands in
/// docs/decisions/ under its name.
struct decision {
  std::string_view name;
  std::string_view says; ///< What a fault of it has in its sentence.
  std::string_view at;   ///< What its pointer ends with, or holds with "*".
};

/// The decision that `why` follows from, or null.
const decision* decision_behind(const fault& why);

} // namespace pawl::conformance
