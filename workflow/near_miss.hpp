#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pawl {

/// `text` in quotes, cut to a length that a message can bear.
[[nodiscard]] std::string quoted(std::string_view text);

/// " Did you mean 'review'?" if one of `candidates` is close to `word`, else
/// nothing. Looks at the first 256 candidates.
[[nodiscard]] std::string
did_you_mean(std::string_view word,
             std::span<const std::string_view> candidates);

/// "'a', 'b' and 'c'", at most the first 20.
[[nodiscard]] std::string listed(std::span<const std::string_view> names);

} // namespace pawl
