#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/definition.hpp"
#include "workflow/effect.hpp"

#include <optional>

namespace pawl {

/// What decides how long a retry waits.
struct retry_terms {
  duration base{};
  retry_policy::backoff_kind backoff = retry_policy::backoff_kind::constant;
  std::uint32_t retry = 1; ///< Which one, counted from 1.
  duration delay_max = std::chrono::hours{1};
  duration jitter_from{};
  duration jitter_to{};
  duration at_least{}; ///< What the target asked for.
};

/// The delay before a retry: constant d, linear n*d, exponential d*2^(n-1),
/// then capped, then jitter added (spread evenly by `random`), and never less
/// than the target asked for (itself capped).
[[nodiscard]] duration retry_delay(const retry_terms& terms,
                                   std::uint64_t random);

/// The least delay of a policy that states neither a delay nor a number of
/// attempts, before its retry `retry`: what fails at once and for ever shall
/// not write history as fast as the disk takes it. None before the first
/// three, then 10 ms, doubled up to a second.
[[nodiscard]] duration endless_delay(std::uint32_t retry);

/// How long the target of a failed call asked to wait: the member `retryAfter`
/// of the problem, in seconds; zero if there is none.
[[nodiscard]] duration retry_after(const json::object& problem);

/// What a 429 or 503 says with `Retry-After`, a day at most: seconds, or a date
/// (RFC 9110, 10.2.3), which counts from the answer's own `Date`, so that the
/// clocks of the two need not agree. Absent if it says neither.
[[nodiscard]] std::optional<duration>
retry_after_of(const http_outcome& answer);

} // namespace pawl
