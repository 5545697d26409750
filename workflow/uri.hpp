#pragma once

#include <string>
#include <string_view>

namespace pawl {

/// What the reference `ref` means where `base` is (RFC 3986 section 5.2); a
/// `ref` with a scheme is itself.
[[nodiscard]] std::string resolve_uri(std::string_view base,
                                      std::string_view ref);

/// `text` with its %XX as the bytes they stand for; a lone `%` stays.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Appends `text` with all but letters, digits, `-._~` and `also_kept` as %XX.
void append_encoded(std::string& out, std::string_view text,
                    std::string_view also_kept = {});

} // namespace pawl
