#pragma once

#include "workflow/openapi/contract.hpp"

#include <string>
#include <utility>
#include <vector>

/// How values are written into a request, by the styles of OpenAPI. Values are
/// neither null nor, within lists and objects, structured, but for the style
/// deepObject.
namespace pawl::openapi {

/// Names and values, percent-encoded; joined they make a query or a form.
using pairs = std::vector<std::pair<std::string, std::string>>;

/// What stands in the path where the parameter's name stands in braces.
/// Fails with errc::invalid_input.
[[nodiscard]] result<std::string> path_text(const parameter& rule,
                                            const json::value& value);
/// A header's value, which is not encoded.
/// Fails with errc::invalid_input, also for what would end the line.
[[nodiscard]] result<std::string> header_text(const parameter& rule,
                                              const json::value& value);
/// Appends what a query, a form or a cookie holds of the parameter.
/// Fails with errc::invalid_input.
[[nodiscard]] result<> append_pairs(const parameter& rule,
                                    const json::value& value, pairs& out);
/// "a=1&b=2"; a cookie has "; " between.
[[nodiscard]] std::string joined(const pairs& all,
                                 std::string_view between = "&");

/// Text as it is, all else as JSON.
[[nodiscard]] std::string plain_text(const json::value& value);
/// "application/json" of "Application/JSON; charset=utf-8".
[[nodiscard]] std::string bare_type(std::string_view media_type);
[[nodiscard]] bool is_json(std::string_view bare_type);
[[nodiscard]] error misfit(const parameter& rule, std::string_view why);

} // namespace pawl::openapi
