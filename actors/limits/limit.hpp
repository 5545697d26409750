#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Limits as operators write them. Pure.
namespace pawl::actors {

/// Names a limit; `ns` is "" for one of the whole daemon.
struct limit_ref {
  std::string ns = {};
  std::string name = {};
  auto operator<=>(const limit_ref&) const = default; // NOLINT
};

/// Whom a limit is for.
enum class limit_scope : std::uint8_t {
  named,     ///< Tasks that name it in `metadata.limit`.
  queue,     ///< All jobs of a queue.
  host,      ///< All HTTP calls to a host.
  name_space ///< All that is started in a namespace.
};

/// So many in any stretch of `per`, and at most `burst` at once.
struct rate_rule {
  double max = 1;
  duration per{1000};
  double burst = 1;
  bool operator==(const rate_rule&) const = default;
};
/// So many in each window; windows are counted from midnight UTC.
struct quota_rule {
  std::uint64_t max = 1;
  duration per{86'400'000}; ///< Divides a day.
  bool operator==(const quota_rule&) const = default;
};

struct limit {
  limit_ref id = {};
  limit_scope on = limit_scope::named;
  std::string of = {}; ///< The queue, the host or the namespace.
  /// Of a namespace: how many instances may be started.
  std::optional<rate_rule> rate = {};
  std::optional<std::uint32_t> concurrency = {};
  std::optional<quota_rule> quota = {};
  double warn_at = 0.8; ///< Of the quota, or of the bytes.
  // Of a namespace alone.
  std::optional<std::uint64_t> live = {};  ///< Instances that have not ended.
  std::optional<std::uint64_t> bytes = {}; ///< What all of them take on disk.
};

/// Bounds of what can be written.
inline constexpr std::uint64_t limit_count_max = 1'000'000'000;
inline constexpr std::uint64_t limit_bytes_max = std::uint64_t{1} << 50;
inline constexpr duration limit_day{86'400'000};

/// What is stored of `sent`. Fails with errc::invalid_request and a fault for
/// each member that cannot be.
[[nodiscard]] result<json::object> checked_limit(const limit_ref& id,
                                                 const json::value& sent);
/// What checked_limit() has let through.
[[nodiscard]] limit limit_of(const limit_ref& id, const json::object& body);

} // namespace pawl::actors
