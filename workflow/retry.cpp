#include "workflow/retry.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace pawl {

namespace {

// d * factor without overflow, at most `cap`.
duration scaled(duration d, std::uint64_t factor, duration cap) {
  if (d <= duration{})
    return duration{};
  const auto fits = static_cast<std::uint64_t>(cap.count()) / factor
                    >= static_cast<std::uint64_t>(d.count());
  return fits ? d * static_cast<std::int64_t>(factor) : cap;
}

std::uint64_t factor_of(const retry_terms& terms) {
  switch (terms.backoff) {
  case retry_policy::backoff_kind::constant:
    break;
  case retry_policy::backoff_kind::linear:
    return std::max<std::uint64_t>(terms.retry, 1);
  case retry_policy::backoff_kind::exponential:
    return std::uint64_t{1} << std::min<std::uint32_t>(
             terms.retry > 0 ? terms.retry - 1 : 0, 62);
  }
  return 1;
}

} // namespace

duration retry_delay(const retry_terms& terms, std::uint64_t random) {
  auto delay = std::min(scaled(terms.base, factor_of(terms), terms.delay_max),
                        terms.delay_max);
  if (terms.jitter_to > terms.jitter_from) {
    const auto span = static_cast<std::uint64_t>(
      (terms.jitter_to - terms.jitter_from).count() + 1);
    delay
      += terms.jitter_from + duration{static_cast<std::int64_t>(random % span)};
  } else {
    delay += terms.jitter_from;
  }
  return std::max(delay, std::min(terms.at_least, terms.delay_max));
}

duration endless_delay(std::uint32_t retry) {
  constexpr std::uint32_t free_of_delay = 3;
  constexpr std::uint32_t doublings = 6;
  constexpr duration most = std::chrono::seconds{1};
  if (retry <= free_of_delay)
    return {};
  const auto doubled = std::min(retry - free_of_delay - 1, doublings + 1);
  return std::min(most, std::chrono::milliseconds{10} * (1 << doubled));
}

duration retry_after(const json::object& problem) {
  const auto* seconds = problem.if_contains("retryAfter");
  if (seconds == nullptr || !seconds->is_number())
    return {};
  boost::system::error_code none;
  const auto n = seconds->to_number<std::int64_t>(none);
  if (none || n < 0)
    return {};
  return std::chrono::seconds{std::min<std::int64_t>(n, 86'400)};
}

} // namespace pawl
