#pragma once

#include "workflow/expression/workspace.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::expression {

/// Writes a double as jq 1.6 does: the shortest digits that read back the
/// same, an exponent from 1e17 on and below 1e-5.
void append_number(std::string& out, double d);

/// Appends `v` as compact JSON, stopping soon after `size_max` bytes. Beyond
/// 256 levels jq's own text "<skipped: too deep>" stands.
void append_dump(workspace& w, std::string& out, const val& v,
                 std::size_t size_max = std::string::npos, int depth = 0);

/// `v` as JSON in the workspace.
[[nodiscard]] val dump(workspace& w, const val& v);

/// `v` itself if it is a text, else its JSON.
[[nodiscard]] val to_text(workspace& w, const val& v);

/// The beginning of `v` as JSON in `room - 1` bytes, for messages.
[[nodiscard]] std::string excerpt(workspace& w, const val& v,
                                  std::size_t room = 15);

/// The number that `text` is, by jq's rules: "1.", ".5" and "01" are numbers.
[[nodiscard]] std::optional<val> parse_number(std::string_view text);

/// Parses one JSON text by jq's rules. Sets `out`, or `sentence` on failure.
[[nodiscard]] bool parse_text(workspace& w, std::string_view text, val& out,
                              std::string& sentence);

} // namespace pawl::expression
