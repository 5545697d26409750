#pragma once

#include "actors/steps/http_client.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/problem.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pawl::actors {

/// What makes one call authenticated.
struct authorized {
  /// To be added to the request, in place of any of the same name.
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<http_digest> digest; ///< For http_call::digest.
  /// `$authorization`: {scheme, parameter}.
  json::value authorization;
  /// Texts to be redacted from all that comes back.
  json::array secrets;
  /// Names the token that was used, for authorizer::renew(); "" if none was.
  std::string token_key;
  std::string token;
};

/// Why a call cannot be made: an error of the DSL. The detail holds no secret.
struct denied {
  error_kind kind = error_kind::authentication;
  std::string detail;
};

/// Turns the DSL's authentications into what a request needs: basic, bearer,
/// digest, and tokens of oauth2 and oidc, which it fetches and keeps.
///
/// A token is kept for all calls of one namespace with the very same policy,
/// until shortly before it expires. It is asked for once, however many wait
/// for it, and again before it expires, while calls still go on with it. At
/// most `tokens_max` are kept.
///
/// Thread safety: all functions may be called from any thread, and none
/// blocks but for reading the secret that an authentication names.
class authorizer {
public:
  using outcome = std::variant<authorized, denied>;
  /// Called once, on the caller's thread or the HTTP client's; must not block.
  using done = std::function<void(outcome)>;
  /// Finds a secret by its name, as secrets::vault::find().
  using finder = std::function<result<json::value>(const std::string&)>;

  /// `http` must outlive it and its calls.
  explicit authorizer(http_client& http, finder find,
                      std::function<timestamp()> now = clock::now,
                      std::size_t tokens_max = 1024);
  ~authorizer();
  authorizer(const authorizer&) = delete;
  authorizer& operator=(const authorizer&) = delete;

  /// Makes ready what `authentication` wants: {"scheme", "with"} or {"scheme",
  /// "use": a secret's name}, of which nothing is late any more
  /// (workflow/late.hpp). `ns`: the namespace of the definition.
  ///
  /// Denied as `authorization` if the secret cannot be had, else as
  /// `authentication`.
  void authorize(const json::object& authentication, const std::string& ns,
                 done then);

  /// To be called when a call was answered with 401: forgets its token, unless
  /// that was replaced already. Returns whether authorize() would now give
  /// another one, so that the call is worth one more try.
  bool renew(const authorized& refused);

  /// Tokens that are kept.
  [[nodiscard]] std::size_t kept() const;

private:
  class state;
  std::shared_ptr<state> state_;
};

} // namespace pawl::actors
