#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::expression {

/// Appends code point `c` as UTF-8; a surrogate or a number above U+10FFFF
/// becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t c);

/// Decodes the code point at `at`, which must be within `s`, and moves `at`
/// behind it. A byte that does not fit gives U+FFFD and counts alone.
[[nodiscard]] std::uint32_t next_code_point(std::string_view s,
                                            std::size_t& at);

/// The number of code points in `s`.
[[nodiscard]] std::size_t count_code_points(std::string_view s);

/// The byte offset of code point `index`, or s.size() if there are fewer.
[[nodiscard]] std::size_t code_point_offset(std::string_view s,
                                            std::size_t index);

/// `s` with every invalid byte replaced by U+FFFD.
[[nodiscard]] std::string repair_utf8(std::string_view s);

/// Resolves the JSON escape at `at` ('\\') and moves `at` behind it. Lone
/// surrogates become U+FFFD. False, with `at` unmoved, if it is no escape.
[[nodiscard]] bool append_escape(std::string& out, std::string_view s,
                                 std::size_t& at);

} // namespace pawl::expression
