#include "workflow/retry.hpp"

#include "base/http_date.hpp"
#include "workflow/http_header.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace pawl {

namespace {

constexpr std::chrono::seconds day{86'400};

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
  return std::min<duration>(std::chrono::seconds{std::min(n, day.count())},
                            day);
}

std::optional<duration> retry_after_of(const http_outcome& answer) {
  constexpr std::uint32_t too_many = 429, unavailable = 503;
  if (answer.status != too_many && answer.status != unavailable)
    return std::nullopt;
  const auto said = header_of(answer, "retry-after");
  std::uint32_t seconds = 0;
  const auto* end = said.data() + said.size();
  const auto [read, ec] = std::from_chars(said.data(), end, seconds);
  if (read == end && ec == std::errc::result_out_of_range)
    return day;
  if (read == end && ec == std::errc{})
    return std::min<duration>(std::chrono::seconds{seconds}, day);
  const auto until = parse_http_date(said);
  const auto now = parse_http_date(header_of(answer, "date"));
  if (!until || !now)
    return std::nullopt;
  return std::clamp<duration>(*until - *now, duration{}, day);
}

} // namespace pawl
