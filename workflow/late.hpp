#pragma once

#include "workflow/definition.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Values that must never be kept: what an expression makes of `$secrets` or
/// `$authorization`. The machine leaves null in their place and says in the
/// arguments' member `late` what is to be evaluated there: {at: the pointer
/// into the arguments, place: late_expression::place, data, variables}. The
/// step worker does so, right before the effect leaves.
namespace pawl {

/// The secrets that the late values of `arguments` read by name. With
/// `$secrets` used as a whole it is all of definition::secrets.
[[nodiscard]] std::vector<std::string>
secrets_read(const definition& of, const json::object& arguments);

/// `arguments` with all late values in place, and without the member `late`.
/// `secrets` has a member for each name of secrets_read; `authorization` is
/// what `$authorization` shall be, null while it is not known.
///
/// Fails with errc::invalid_input: jq's message, without any value in it.
/// Thread safety: any thread.
[[nodiscard]] result<json::object> reveal(json::object arguments,
                                          const definition& of,
                                          const json::object& secrets,
                                          const json::value& authorization,
                                          timestamp now);

/// Replaces every occurrence of a text in `secrets` (and of the texts that its
/// objects and lists hold; those shorter than 4 bytes are left) by "***".
[[nodiscard]] std::string redact(std::string text, const json::value& secrets);
[[nodiscard]] json::value redact(json::value value, const json::value& secrets);

} // namespace pawl
