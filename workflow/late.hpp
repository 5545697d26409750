#pragma once

#include "workflow/definition.hpp"
#include "workflow/effect.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Values that must never be kept: what an expression makes of `$secrets` or
/// `$authorization`. The machine leaves null in their place and says in the
/// arguments' member `late` what is to be evaluated there: {at: the pointer
/// into the arguments, place: late_expression::place, data, variables}. The
/// step worker does so, right before the effect leaves.
///
/// Thread safety: all functions are pure.
namespace pawl {

/// The secrets that the late values of `arguments` read by name, in order and
/// each once. With `$secrets` used as a whole it is all of
/// definition::secrets.
[[nodiscard]] std::vector<std::string>
secrets_read(const definition& of, const json::object& arguments);

/// `arguments` with all late values in place, and without the member `late`.
/// `secrets` has a member for each name of secrets_read; `authorization` is
/// what `$authorization` shall be, null if there is none.
///
/// Fails with errc::invalid_input: which expression fails, but not why, since
/// jq's message may hold a value; errc::internal if the arguments are not
/// those of this definition.
[[nodiscard]] result<json::object> reveal(json::object arguments,
                                          const definition& of,
                                          const json::object& secrets,
                                          const json::value& authorization,
                                          timestamp now);

/// Only what stands at the pointer `at` of `arguments`, with its late values in
/// place: an authentication has to be known before `$authorization` is. Null
/// if nothing stands there. Fails as reveal().
[[nodiscard]] result<json::value>
reveal_part(const json::object& arguments, std::string_view at,
            const definition& of, const json::object& secrets, timestamp now);

/// Replaces every occurrence of a text in `secrets` by "***": of the texts that
/// its objects and lists hold (those shorter than 4 bytes are left), of numbers
/// of at least 6 characters, of the lines of a text (8 bytes), and of the host,
/// the password and the path of a URI. They are also found as they stand inside
/// JSON (six deep), percent-encoded, as references of HTML, with lines broken
/// within, and in base64, also of a longer text.
[[nodiscard]] std::string redact_text(std::string text,
                                      const json::value& secrets);
/// As above in every text and every key of `value`.
[[nodiscard]] json::value redact(json::value value, const json::value& secrets);
/// As above in all that an effect brought back.
[[nodiscard]] effect_outcome redact_outcome(effect_outcome what,
                                            const json::value& secrets);

} // namespace pawl
