// Any text: YAML and JSON, and what is read is written as it was.
#include "workflow/document.hpp"

#include "tests/fuzz/driver.hpp"

using namespace pawl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto got = read_document(fuzz::text_of(data, size));
  if (!got) {
    fuzz::require(!got.error().detail.empty(), "an error says something");
    return 0;
  }
  const auto text = to_canonical_text(got->value);
  const auto again = read_document(text);
  fuzz::require(static_cast<bool>(again), "what was written can be read");
  fuzz::require(to_canonical_text(again->value) == text,
                "what is read again is the same");
  return 0;
}
