#pragma once

#include "base/json.hpp"

#include <string>
#include <vector>

namespace pawl::trial {

/// Where something is not as it was expected.
struct difference {
  std::string path; ///< "output/items/0/price".
  std::string expected;
  std::string got;
};

/// At most so many are found below one expectation.
inline constexpr std::size_t differences_max = 20;

/// Adds where `got` is another value than `expected`; numbers are equal as JSON
/// has them (1 and 1.0).
void differ(const std::string& path, const json::value& expected,
            const json::value& got, std::vector<difference>& out);

/// As differ, but members of `got` that `expected` does not name do not count,
/// and one that is not there is as good as null. Lists have as many elements.
void differ_partly(const std::string& path, const json::value& expected,
                   const json::value& got, std::vector<difference>& out);

/// A value in one line that a person can bear to read.
[[nodiscard]] std::string brief(const json::value& value);

} // namespace pawl::trial
