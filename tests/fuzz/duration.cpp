// ISO 8601 durations, as texts and as objects.
#include "workflow/duration.hpp"

#include "tests/fuzz/driver.hpp"

using namespace pawl;

namespace {

void check(const calendar_duration& length) {
  const auto text = to_text(length);
  const auto again = parse_iso_duration(text);
  fuzz::require(again && *again == length,
                "what is written reads as the same length");
  const timestamp start{};
  fuzz::require(add(start, length) >= start, "no length is negative");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto length = parse_iso_duration(text))
    check(*length);
  if (const auto value = parse_json(text))
    if (const auto length = parse_duration(*value))
      check(*length);
  return 0;
}
