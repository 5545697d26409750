#pragma once

#include "base/result.hpp"

namespace pawl::daemon {

/// How pawld ends (sysexits.h, API.md); 0 is "drained".
inline constexpr int exit_usage = 64;
inline constexpr int exit_software = 70; ///< A bug of ours.
inline constexpr int exit_disk = 74;     ///< The disk refused.
inline constexpr int exit_busy = 75;     ///< The directory or address is taken.
inline constexpr int exit_config = 78;   ///< Configuration, or damaged data.

/// The exit code for a failure to start or to stop.
[[nodiscard]] constexpr int exit_code_of(const error& why) {
  switch (why.code) {
  case errc::locked:
  case errc::in_use:
    return exit_busy;
  case errc::corrupt:
  case errc::malformed:
  case errc::invalid_request:
    return exit_config;
  case errc::io:
  case errc::disk_low:
    return exit_disk;
  default:
    return exit_software;
  }
}

} // namespace pawl::daemon
