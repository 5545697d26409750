#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::http {

/// A request target, taken apart and decoded.
struct target {
  std::string_view path;             ///< As it came, for `instance`.
  std::string_view query;            ///< As it came, without the '?'.
  std::vector<std::string> segments; ///< Decoded: "/v1/a%20b" is {"v1","a b"}.
  std::vector<std::pair<std::string, std::string>> parameters; ///< Decoded.

  /// The value of the query parameter `name`; null if it is absent.
  [[nodiscard]] const std::string* parameter(std::string_view name) const {
    for (const auto& [known, value] : parameters)
      if (known == name)
        return &value;
    return nullptr;
  }
};

/// Takes `text` apart: origin form ("/path?query") or absolute form
/// ("http://host/path"). The views look into `text`.
///
/// Fails with errc::malformed at a byte that is not printable ASCII, a bad
/// percent sequence, or a name that does not decode to UTF-8 without NUL.
[[nodiscard]] result<target> parse_target(std::string_view text);

/// Decodes %XX, and '+' as a space if `plus_is_space`.
/// Fails with errc::malformed.
[[nodiscard]] result<std::string> percent_decoded(std::string_view text,
                                                  bool plus_is_space = false);

/// Encodes `text` as one path segment: all but unreserved characters as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace pawl::http
