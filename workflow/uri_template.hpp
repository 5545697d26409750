#pragma once

#include "base/json.hpp"

#include <string>
#include <string_view>

namespace pawl {

/// Checks that `text` is a URI template of simple expansions (RFC 6570, level
/// 1): `{name}` and `{a,b}`, no operators, no modifiers, braces in pairs.
/// Fails with errc::malformed.
[[nodiscard]] result<> check_uri_template(std::string_view text);

/// Expands `text` over the top-level members of `data`: `{pet.id}` is the
/// member "pet.id". A member that is missing or null gives nothing; all but
/// letters, digits and `-._~` is percent-encoded. The result is at most 64 KiB.
///
/// Fails with errc::malformed if the template is broken, errc::invalid_input if
/// a member is an object or an array, or errc::too_large.
[[nodiscard]] result<std::string> expand_uri_template(std::string_view text,
                                                      const json::value& data);

} // namespace pawl
