#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/options.hpp"
#include "storage/store.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pawl::actors {

/// What became of the instances and schedules of a restored store.
struct restored {
  std::size_t suspended = 0;     ///< Instances, by suspend_all().
  std::size_t held = 0;          ///< That were suspended before and stay so.
  std::size_t cancelling = 0;    ///< They only go on to end.
  std::size_t schedules = 0;     ///< Paused.
  std::size_t bulks = 0;         ///< Bulk operations that were paused.
  std::vector<std::string> left; ///< What could not be: one sentence each.
};

/// Suspends all live instances of a store that nobody serves, and pauses its
/// schedules and bulk operations, giving `reason`: what they did after the
/// backup was taken is not known. Effects that were out count as stopped, and
/// leave again, under the same keys, when the instance is resumed. Timers run
/// on; a pause that was to end by itself does not any more.
///
/// Durable on return. Fails with errc::io, errc::corrupt (the store).
[[nodiscard]] result<restored> suspend_all(storage::store& in,
                                           const config::options& options,
                                           const std::string& reason,
                                           timestamp now);

} // namespace pawl::actors
