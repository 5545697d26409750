// Cron expressions: what is due is later than before, and fits.
#include "workflow/cron.hpp"

#include "tests/fuzz/driver.hpp"

using namespace pawl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto rule = parse_cron(fuzz::text_of(data, size));
  if (!rule) {
    fuzz::require(!rule.error().detail.empty(), "an error says something");
    return 0;
  }
  const time_zone utc;
  auto at = timestamp{std::chrono::hours{24 * 365 * 50}};
  for (int i = 0; i < 5; ++i) {
    const auto next = next_after(*rule, utc, at);
    if (!next)
      return 0;
    fuzz::require(*next > at, "what is due next is later");
    at = *next;
  }
  return 0;
}
