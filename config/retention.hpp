#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pawl::config {

/// One entry of retention.namespaces.
struct namespace_retention {
  std::string ns;
  std::string status; ///< "completed", "faulted", "cancelled"; "" for all.
  std::optional<duration> keep; ///< Absent: for ever.
  bool operator==(const namespace_retention&) const = default;
};

/// Reads NAMESPACE=TIME or NAMESPACE/STATUS=TIME, where TIME may be "forever".
/// Fails with errc::malformed; the detail is the sentence for the operator.
[[nodiscard]] result<namespace_retention>
parse_namespace_retention(std::string_view entry);

} // namespace pawl::config
