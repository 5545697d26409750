#pragma once

#include "config/options.hpp"

/// What the parts of the catalogue are written with.
namespace pawl::config {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;
inline constexpr std::uint64_t second = 1000;
inline constexpr std::uint64_t minute = 60 * second;
inline constexpr std::uint64_t hour = 60 * minute;
inline constexpr std::uint64_t day = 24 * hour;

/// The place of a member, whatever its type.
template <auto Group, auto Member>
slot at(options& in) {
  return &((in.*Group).*Member);
}
template <auto Member>
slot top(options& in) {
  return &(in.*Member);
}

/// The options about documents that workflows refer to.
[[nodiscard]] std::span<const option> catalogue_of_resources();
[[nodiscard]] std::span<const option> catalogue_of_secrets();
[[nodiscard]] std::span<const option> catalogue_of_access();

/// The options about programs that workflows run.
[[nodiscard]] std::span<const option> catalogue_of_programs();

/// The options about how long things are kept, and about backups.
[[nodiscard]] std::span<const option> catalogue_of_keeping();

/// The options about what the daemon counts.
[[nodiscard]] std::span<const option> catalogue_of_metrics();

/// The options about who is told of what, and about mail.
[[nodiscard]] std::span<const option> catalogue_of_notify();

/// The options about traces.
[[nodiscard]] std::span<const option> catalogue_of_tracing();

/// The options about queues of jobs for workers.
[[nodiscard]] std::span<const option> catalogue_of_queues();

} // namespace pawl::config
