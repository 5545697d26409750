#pragma once

#include "access/binding.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::access {

/// What is kept of a bearer token: everything but its secret.
struct token {
  std::string id; ///< 12 hexadecimal digits.
  std::string name = {};
  std::vector<binding> roles = {};
  timestamp created = {};
  std::optional<timestamp> expires = {};
  std::string made_by = {}; ///< As mandate::who.
  std::string digest = {};  ///< SHA-256 of the secret, hexadecimal.
  bool operator==(const token&) const = default;
};

/// The parts of "pawl_ID_SECRET". Views into the text.
struct token_text {
  std::string_view id;
  std::string_view secret;
};
/// Takes a token's text apart; absent if it is none.
[[nodiscard]] std::optional<token_text> parse_token(std::string_view text);

/// A new secret of 256 bits from the operating system's random source, in
/// hexadecimal.
[[nodiscard]] std::string new_secret();
/// A new id. With `seed` it follows from that.
[[nodiscard]] std::string new_token_id(std::string_view seed = {});
/// The text that is shown once.
[[nodiscard]] std::string token_text_of(const std::string& id,
                                        const std::string& secret);
/// What is kept of a secret. It is not salted or slowed down: the secret is
/// random, so nothing shorter than to try all of them finds it.
[[nodiscard]] std::string digest_of(std::string_view secret);
/// Compares in a time that tells nothing but the lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

/// As it is stored.
[[nodiscard]] std::string encode_token(const token& what);
/// Fails with errc::corrupt.
[[nodiscard]] result<token> decode_token(std::string_view stored);

/// As clients see it, without the digest.
[[nodiscard]] json::object to_json(const token& what,
                                   const std::optional<timestamp>& last_used);

/// What somebody asks for when he makes a token.
struct token_wish {
  std::string name = {};
  std::vector<binding> roles = {};
  std::optional<timestamp> expires = {};
};
/// Makes the token; its text is the second of the pair.
[[nodiscard]] std::pair<token, std::string>
make_token(const token_wish& what, std::string made_by, timestamp now,
           std::string_view seed = {});

} // namespace pawl::access
