#pragma once

#include "actors/steps/http_client.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

#include <string>
#include <vector>

/// How a token is asked for (OAuth 2.0: RFC 6749, 7523, 8693; OpenID Connect
/// Discovery): from the DSL's policy to requests, and from answers to tokens.
/// Pure functions; no detail of an error holds a secret.
namespace pawl::actors {

/// The DSL's `oauth2` or `oidc` policy, checked.
struct token_policy {
  enum class grant_kind : std::uint8_t {
    client_credentials,
    password,
    refresh_token, ///< Which one: `subject.token`.
    token_exchange,
    jwt_bearer, ///< Signed with `client.secret`, or `client.assertion` as is.
  };
  enum class client_kind : std::uint8_t {
    secret_basic,
    secret_post,
    secret_jwt,  ///< Signed with the secret as a shared key.
    private_key, ///< Signed with the secret as a PEM, or the assertion as is.
    none,
    absent, ///< Nothing is said of the client.
  };
  struct foreign_token {
    std::string token, type;
  };
  bool discover = false;      ///< oidc: the authority says where tokens are.
  std::string authority;      ///< Without a slash at its end.
  std::string token_endpoint; ///< oauth2: a URI.
  grant_kind grant = grant_kind::client_credentials;
  client_kind client = client_kind::absent;
  std::string client_id, client_secret, client_assertion, key_id;
  bool as_json = false;
  std::vector<std::string> scopes, audiences, issuers;
  std::string username, password;
  foreign_token subject, actor;
};

/// Reads the members of the policy, of which nothing is late any more.
/// `discover`: it is `oidc`. Beside the DSL's members there is `client.keyId`,
/// the header `kid` of what is signed.
/// Fails with errc::invalid_input: what is missing or wrong.
[[nodiscard]] result<token_policy> read_token_policy(const json::object& with,
                                                     bool discover);

/// The request for the authority's configuration.
[[nodiscard]] http_call discovery_request(const token_policy& of);
/// The token endpoint that the configuration names. Fails with
/// errc::invalid_input; also if its issuer is neither the authority nor one of
/// the policy's issuers, so that nobody else's tokens are taken.
[[nodiscard]] result<std::string> read_discovery(const token_policy& of,
                                                 const http_outcome& answer);

/// The request for a token at the URI `endpoint`. `refresh` is a refresh token
/// that came with the last token in place of the policy's; "" for none.
/// Fails with errc::invalid_input if it cannot be signed.
[[nodiscard]] result<http_call> token_request(const token_policy& of,
                                              const std::string& endpoint,
                                              const std::string& refresh,
                                              timestamp now);

/// A token as an authority gave it.
struct access_token {
  std::string text;
  std::string refresh;  ///< "" if there is none.
  timestamp refresh_at; ///< From then on another one should be asked for.
  timestamp expires;    ///< From then on it is not used; a little early.
};

/// Reads the answer to a token request. Fails with errc::invalid_input.
[[nodiscard]] result<access_token>
read_token(const token_policy& of, const http_outcome& answer, timestamp now);

} // namespace pawl::actors
