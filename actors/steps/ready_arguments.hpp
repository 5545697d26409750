#pragma once

#include "actors/steps/authorizer.hpp"
#include "secrets/vault.hpp"
#include "workflow/late.hpp"

#include <functional>
#include <string>
#include <variant>

namespace pawl::actors {

/// The arguments of an effect as they may leave. They hold secrets: never keep
/// them, and show nothing that came back before redact_outcome() with
/// `secrets` (workflow/late.hpp) has seen it.
struct ready_arguments {
  json::object arguments; ///< Of which nothing is late any more.
  /// With an authentication: what the request needs beside them.
  std::optional<authorized> access;
  json::value secrets; ///< All texts to be redacted, in an array.
};

/// Where secrets and tokens come from. Both outlive what is made ready.
struct access_to {
  const secrets::vault& vault;
  authorizer& authorizations;
};

/// Makes the arguments of an effect ready to leave, in the order that the DSL
/// needs: the secrets that they read; the authentication at the JSON pointer
/// `at` ("/authentication", "/document/authentication"; "" for none), then all
/// late values, which may read `$authorization`.
///
/// `then` is called once, on the caller's thread or the HTTP client's, and must
/// not block. Denied as `authorization` if the workflow does not name a secret
/// in `use.secrets`, or if it cannot be had; as `authentication` if no token
/// is to be had; as `expression` if a late expression fails.
///
/// When a call was answered with 401 and authorizer::renew() says so, this is
/// to be done once more, with the same arguments.
///
/// Thread safety: any thread. Blocks for reading secrets, which is short.
void make_ready(
  const access_to& from, json::object arguments, definition_ptr of,
  std::string_view at,
  std::function<void(std::variant<ready_arguments, denied>)> then);

} // namespace pawl::actors
