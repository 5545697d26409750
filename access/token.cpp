#include "access/token.hpp"

#include "base/bytes.hpp"
#include "base/json_member.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/random.h>

namespace pawl::access {

namespace {

constexpr std::string_view prefix = "pawl_";
constexpr std::size_t id_size = 12;
constexpr std::size_t secret_bytes = 32;

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const auto got = ::getrandom(out.data() + have, count - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      throw std::runtime_error{"the system gives no random bytes"};
  }
  return out;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

json::array roles_json(const token& what) {
  json::array out;
  for (const auto& b : what.roles)
    out.push_back(to_json(b));
  return out;
}

json::value time_json(const std::optional<timestamp>& t) {
  return t ? json::value(to_text(*t)) : json::value(nullptr);
}

} // namespace

std::optional<token_text> parse_token(std::string_view text) {
  if (!text.starts_with(prefix))
    return std::nullopt;
  text.remove_prefix(prefix.size());
  if (text.size() != id_size + 1 + 2 * secret_bytes || text[id_size] != '_')
    return std::nullopt;
  const token_text out{text.substr(0, id_size), text.substr(id_size + 1)};
  if (!is_hex(out.id) || !is_hex(out.secret))
    return std::nullopt;
  return out;
}

std::string new_secret() {
  return to_hex(random_bytes(secret_bytes));
}

std::string new_token_id(std::string_view seed) {
  const auto from = seed.empty() ? random_bytes(id_size / 2) : sha256(seed);
  return to_hex(from).substr(0, id_size);
}

std::string token_text_of(const std::string& id, const std::string& secret) {
  return std::string{prefix} + id + '_' + secret;
}

std::string digest_of(std::string_view secret) {
  return to_hex(sha256(secret));
}

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size())
    return false;
  // Volatile, so that no compiler ends the loop early.
  volatile unsigned char differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    differs = static_cast<unsigned char>(
      differs
      | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return differs == 0;
}

std::string encode_token(const token& what) {
  return to_canonical_text(json::object{{"id", what.id},
                                        {"name", what.name},
                                        {"roles", roles_json(what)},
                                        {"created", to_text(what.created)},
                                        {"expires", time_json(what.expires)},
                                        {"madeBy", what.made_by},
                                        {"digest", what.digest}});
}

result<token> decode_token(std::string_view stored) {
  const error bad{errc::corrupt, "a stored token does not decode"};
  const auto parsed = parse_json(stored);
  const auto* members = parsed ? parsed->if_object() : nullptr;
  const auto* listed
    = members == nullptr ? nullptr : members->if_contains("roles");
  if (listed == nullptr)
    return bad;
  auto roles = read_bindings(*listed, "/roles");
  const auto created = parse_timestamp(text_in(*members, "created"));
  if (!roles || !created)
    return bad;
  token out{.id = text_in(*members, "id"),
            .name = text_in(*members, "name"),
            .roles = std::move(*roles),
            .created = *created,
            .made_by = text_in(*members, "madeBy"),
            .digest = text_in(*members, "digest")};
  if (const auto text = text_in(*members, "expires"); !text.empty()) {
    const auto expires = parse_timestamp(text);
    if (!expires)
      return bad;
    out.expires = *expires;
  }
  if (out.id.size() != id_size || out.digest.size() != 2 * secret_bytes)
    return bad;
  return out;
}

json::object to_json(const token& what,
                     const std::optional<timestamp>& last_used) {
  return {{"id", what.id},
          {"name", what.name},
          {"roles", roles_json(what)},
          {"createdAt", to_text(what.created)},
          {"createdBy", what.made_by},
          {"expiresAt", time_json(what.expires)},
          {"lastUsedAt", time_json(last_used)}};
}

std::pair<token, std::string> make_token(const token_wish& what,
                                         std::string made_by, timestamp now,
                                         std::string_view seed) {
  const auto secret = new_secret();
  token made{.id = new_token_id(seed),
             .name = what.name,
             .roles = what.roles,
             .created = now,
             .expires = what.expires,
             .made_by = std::move(made_by),
             .digest = digest_of(secret)};
  auto text = token_text_of(made.id, secret);
  return {std::move(made), std::move(text)};
}

} // namespace pawl::access
