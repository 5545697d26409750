#pragma once

#include "base/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pawl::secrets {

/// How a JSON Web Token is signed (RFC 7518).
enum class signing : std::uint8_t {
  shared_secret, ///< HS256: the key is any text.
  private_key,   ///< RS256 or ES256, as the key is: an unencrypted PEM.
};

/// Makes a signed token (RFC 7515) of `claims`. `key_id` is the header `kid`,
/// "" for none.
///
/// Fails with errc::invalid_input: the key is no key, or of a kind that is not
/// supported (RSA of 2,048 bits or more, and P-256, are). The detail holds
/// nothing of it.
[[nodiscard]] result<std::string> make_jwt(const json::object& claims,
                                           signing how, std::string_view key,
                                           std::string_view key_id);

/// The claims of a token that was signed with the shared secret `key`; nothing
/// of any other. Where the signatures differ does not show in the time.
[[nodiscard]] std::optional<json::object> read_jwt(std::string_view token,
                                                   std::string_view key);

/// The claim `name` of a token, unverified; null if it is no token or has no
/// such claim.
[[nodiscard]] json::value claim_of(std::string_view token,
                                   std::string_view name);

} // namespace pawl::secrets
