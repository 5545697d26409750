#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/status.hpp"

#include <optional>

namespace pawl {

/// How long instances are kept once they have ended: what somebody said, which
/// may be nothing. `for_ever` is a word, too.
struct retention_rule {
  static constexpr duration for_ever = duration::max();

  std::optional<duration> completed = {};
  std::optional<duration> faulted = {};
  std::optional<duration> cancelled = {};

  /// What is said of instances that ended with `status`.
  [[nodiscard]] std::optional<duration> of(instance_status status) const;
  bool operator==(const retention_rule&) const = default;
};

/// Reads `metadata.retention` of a document: a time for all, or an object with
/// one for each of completed, faulted, cancelled. A time is an ISO 8601
/// duration of at least a second without months and years, or "forever".
///
/// Fails with errc::invalid_definition; each fault's pointer leads from the
/// document's metadata. A registered definition does not fail.
[[nodiscard]] result<retention_rule>
read_retention(const json::object& metadata);

} // namespace pawl
