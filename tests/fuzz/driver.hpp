#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What every fuzzer gives: tries one input, and aborts if an invariant does
/// not hold. libFuzzer calls it where the build has it (`./dev fuzz`), and
/// driver.cpp elsewhere.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace pawl::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size}; // NOLINT
}

/// Ends the program, and with it the fuzzer, unless `holds`.
void require(bool holds, const char* what);

} // namespace pawl::fuzz
