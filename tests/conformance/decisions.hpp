#pragma once

#include "base/result.hpp"

#include <span>
#include <string_view>

namespace pawl::conformance {

/// Where Pawl is stricter than the schema on purpose. Each stands under its
/// name in docs/decisions/0123-held-against-the-schemas.md.
struct decision {
  std::string_view name;
  std::string_view says; ///< What a fault of it has in its sentence.
  std::string_view at;   ///< What its pointer ends with, or holds with "*".
};

std::span<const decision> all_decisions();

/// The decision that `why` follows from, or null.
const decision* decision_behind(const fault& why);

} // namespace pawl::conformance
