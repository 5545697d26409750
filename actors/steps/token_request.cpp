#include "actors/steps/token_request.hpp"

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/json_member.hpp"
#include "secrets/jwt.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace pawl::actors {

namespace {

using policy = token_policy;
using parameters = std::vector<std::pair<std::string, std::string>>;

/// For an authority that is silent about it (RFC 6749 leaves that open).
constexpr std::chrono::seconds lifetime_unsaid{300};
constexpr std::chrono::seconds lifetime_max{86'400};
constexpr std::chrono::seconds assertion_lifetime{300};
constexpr duration token_timeout{30'000};

error failed(std::string detail) {
  return {errc::invalid_input, std::move(detail)};
}

std::string form_encoded(std::string_view text) {
  constexpr std::string_view plain = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte) != 0)
        || plain.find(c) != std::string_view::npos)
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out.append(out.empty() ? "" : " ").append(word);
  return out;
}

/// Claims of a token by which a client proves itself (RFC 7523).
json::object assertion_claims(const policy& of, const std::string& subject,
                              json::value audience, timestamp now) {
  const auto entropy = random_entropy();
  const std::string id{entropy.begin(), entropy.end()};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto since = seconds.time_since_epoch();
  return {{"iss", of.client_id},
          {"sub", subject},
          {"aud", std::move(audience)},
          {"iat", since.count()},
          {"exp", (since + assertion_lifetime).count()},
          {"jti", to_hex(id)}};
}

result<std::string>
grant_assertion(const policy& of, const std::string& endpoint, timestamp now) {
  if (!of.client_assertion.empty())
    return of.client_assertion;
  json::value audience(endpoint);
  if (of.audiences.size() == 1)
    audience = json::value(of.audiences[0]);
  else if (!of.audiences.empty())
    audience = json::array(of.audiences.begin(), of.audiences.end());
  auto claims
    = assertion_claims(of, of.username.empty() ? of.client_id : of.username,
                       std::move(audience), now);
  if (!of.scopes.empty())
    claims["scope"] = joined(of.scopes);
  const bool pem = of.client_secret.starts_with("-----BEGIN ");
  return secrets::make_jwt(claims,
                           pem ? secrets::signing::private_key
                               : secrets::signing::shared_secret,
                           of.client_secret, of.key_id);
}

result<std::string>
client_assertion(const policy& of, const std::string& endpoint, timestamp now) {
  const bool shared = of.client == policy::client_kind::secret_jwt;
  if (!shared && !of.client_assertion.empty())
    return of.client_assertion;
  return secrets::make_jwt(
    assertion_claims(of, of.client_id, json::value(endpoint), now),
    shared ? secrets::signing::shared_secret : secrets::signing::private_key,
    of.client_secret, of.key_id);
}

result<> add_grant(const policy& of, const std::string& endpoint,
                   const std::string& refresh, timestamp now, parameters& out) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      out.emplace_back(name, value);
  };
  switch (of.grant) {
  case policy::grant_kind::client_credentials:
    add("grant_type", "client_credentials");
    break;
  case policy::grant_kind::password:
    add("grant_type", "password");
    add("username", of.username);
    add("password", of.password);
    break;
  case policy::grant_kind::refresh_token:
    add("grant_type", "refresh_token");
    add("refresh_token", refresh.empty() ? of.subject.token : refresh);
    break;
  case policy::grant_kind::token_exchange:
    add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    add("subject_token", of.subject.token);
    add("subject_token_type", of.subject.type);
    add("actor_token", of.actor.token);
    add("actor_token_type", of.actor.token.empty() ? "" : of.actor.type);
    break;
  case policy::grant_kind::jwt_bearer: {
    add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    auto assertion = grant_assertion(of, endpoint, now);
    if (!assertion)
      return assertion.error();
    add("assertion", *assertion);
    // Audience and scope stand in the assertion that we sign.
    if (of.client_assertion.empty())
      return {};
    break;
  }
  }
  add("scope", joined(of.scopes));
  for (const auto& audience : of.audiences)
    add("audience", audience);
  return {};
}

result<> add_client(const policy& of, const std::string& endpoint,
                    timestamp now, parameters& out, http_call& call) {
  switch (of.client) {
  case policy::client_kind::absent:
    return {};
  case policy::client_kind::secret_basic:
    call.headers.emplace_back("Authorization",
                              "Basic "
                                + to_base64(form_encoded(of.client_id) + ':'
                                            + form_encoded(of.client_secret)));
    return {};
  case policy::client_kind::secret_post:
    if (!of.client_secret.empty())
      out.emplace_back("client_secret", of.client_secret);
    break;
  case policy::client_kind::secret_jwt:
  case policy::client_kind::private_key: {
    auto assertion = client_assertion(of, endpoint, now);
    if (!assertion)
      return assertion.error();
    out.emplace_back("client_assertion_type",
                     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    out.emplace_back("client_assertion", std::move(*assertion));
    break;
  }
  case policy::client_kind::none:
    break;
  }
  if (!of.client_id.empty())
    out.emplace_back("client_id", of.client_id);
  return {};
}

std::string form_body(const parameters& all) {
  std::string out;
  for (const auto& [name, value] : all)
    out.append(out.empty() ? "" : "&")
      .append(name)
      .append("=")
      .append(form_encoded(value));
  return out;
}

std::string json_body(const parameters& all) {
  json::object out;
  for (const auto& [name, value] : all) {
    auto& slot = out[name];
    if (slot.is_null())
      slot = json::value(value);
    else if (slot.is_string())
      slot = json::array{slot, json::value(value)};
    else
      slot.as_array().emplace_back(value);
  }
  return to_text(json::value(std::move(out)));
}

/// What kind of failure the authority names, if it is one of the standards':
/// anything else might quote what it was sent.
std::string named_failure(const http_outcome& answer) {
  static constexpr std::array<std::string_view, 8> known
    = {"invalid_request",     "invalid_client",         "invalid_grant",
       "unauthorized_client", "unsupported_grant_type", "invalid_scope",
       "invalid_target",      "temporarily_unavailable"};
  const auto body = parse_json(answer.body);
  if (!body || !body->is_object())
    return {};
  const auto* said = body->get_object().if_contains("error");
  if (said == nullptr || !said->is_string()
      || std::ranges::find(known, std::string_view{said->get_string()})
           == known.end())
    return {};
  return " (" + std::string{std::string_view{said->get_string()}} + ')';
}

/// The object that `answer` holds.
result<json::object> read_object(const http_outcome& answer, const char* who) {
  if (!answer.failure.empty())
    return failed(fmt::format("{} does not answer: {}", who, answer.failure));
  if (answer.status < 200 || answer.status > 299)
    return failed(fmt::format("{} answers with status {}{}.", who,
                              answer.status, named_failure(answer)));
  auto body = parse_json(answer.body);
  if (!body || !body->is_object())
    return failed(fmt::format("{} answers with no JSON object.", who));
  return std::move(body->get_object());
}

/// How long a token lives, by what the answer says; some say it as a text.
std::chrono::seconds lifetime_of(const json::object& body) {
  const auto* said = body.if_contains("expires_in");
  std::int64_t seconds = lifetime_unsaid.count();
  if (said != nullptr && said->is_string()) {
    const std::string_view text{said->get_string()};
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  } else if (said != nullptr && said->is_number()) {
    boost::system::error_code inexact;
    seconds = said->to_number<std::int64_t>(inexact);
    if (inexact)
      seconds = lifetime_unsaid.count();
  }
  return std::chrono::seconds{
    std::clamp<std::int64_t>(seconds, 0, lifetime_max.count())};
}

bool is_bearer(std::string_view type) {
  // RFC 8693 says "N_A" of what is no access token; it is used as one here.
  return type.empty() || type == "N_A"
         || std::ranges::equal(type, std::string_view{"bearer"}, {},
                               [](unsigned char c) { return std::tolower(c); });
}

} // namespace

http_call discovery_request(const token_policy& of) {
  return {.method = "GET",
          .uri = of.authority + "/.well-known/openid-configuration",
          .headers = {{"Accept", "application/json"}},
          .body = {},
          .timeout = token_timeout};
}

result<std::string> read_discovery(const token_policy& of,
                                   const http_outcome& answer) {
  auto body = read_object(answer, "The authority's configuration");
  if (!body)
    return body.error();
  auto issuer = text_in(*body, "issuer");
  const bool named = std::ranges::find(of.issuers, issuer) != of.issuers.end();
  while (issuer.ends_with('/'))
    issuer.pop_back();
  if (!named && issuer != of.authority)
    return failed("The authority's configuration is that of another issuer.");
  auto endpoint = text_in(*body, "token_endpoint");
  if (!endpoint.starts_with("https://") && !endpoint.starts_with("http://"))
    return failed("The authority's configuration names no token endpoint.");
  return endpoint;
}

result<http_call> token_request(const token_policy& of,
                                const std::string& endpoint,
                                const std::string& refresh, timestamp now) {
  http_call call{.method = "POST",
                 .uri = endpoint,
                 .headers = {{"Accept", "application/json"}},
                 .body = {},
                 .timeout = token_timeout};
  parameters all;
  if (auto added = add_grant(of, endpoint, refresh, now, all); !added)
    return added.error();
  if (auto added = add_client(of, endpoint, now, all, call); !added)
    return added.error();
  call.headers.emplace_back("Content-Type",
                            of.as_json ? "application/json"
                                       : "application/x-www-form-urlencoded");
  call.body = of.as_json ? json_body(all) : form_body(all);
  return call;
}

result<access_token> read_token(const token_policy& of,
                                const http_outcome& answer, timestamp now) {
  const auto body = read_object(answer, "The token endpoint");
  if (!body)
    return body.error();
  access_token out;
  out.text = text_in(*body, "access_token");
  out.refresh = text_in(*body, "refresh_token");
  const bool visible
    = std::ranges::all_of(out.text, [](char c) { return c > ' ' && c < 127; });
  if (out.text.empty() || !visible)
    return failed("The token endpoint answers without a usable access token.");
  if (!is_bearer(text_in(*body, "token_type")))
    return failed("The token endpoint answers with a token that is no bearer "
                  "token.");
  // What is not a JWT names no issuer, and is taken on the authority's word.
  const auto issuer = secrets::claim_of(out.text, "iss");
  if (!of.issuers.empty() && issuer.is_string()
      && std::ranges::find(of.issuers, std::string_view{issuer.get_string()})
           == of.issuers.end())
    return failed("The token is of an issuer that is not among `issuers`.");
  const duration life = lifetime_of(*body);
  out.expires = now + life - std::min<duration>(duration{5'000}, life / 20);
  out.refresh_at = now + life - std::min<duration>(duration{60'000}, life / 5);
  return out;
}

} // namespace pawl::actors
