#pragma once

#include <string>
#include <string_view>

namespace pawl::secrets {

/// HMAC-SHA256 (RFC 2104) of `text`: 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key,
                                      std::string_view text);

} // namespace pawl::secrets
