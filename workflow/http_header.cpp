#include "workflow/http_header.hpp"

#include <algorithm>
#include <cctype>

namespace pawl {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) {
                      return std::tolower(x) == std::tolower(y);
                    });
}

std::string_view header_of(const http_outcome& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (same_name(key, name))
      return value;
  return {};
}

} // namespace pawl
