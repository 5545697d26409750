#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// What bounds a workflow document.
namespace document_limits {
inline constexpr std::size_t text_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t levels = 64;
/// Values, counted after aliases are expanded.
inline constexpr std::size_t nodes = 100'000;
/// Bytes of all texts and keys after aliases are expanded.
inline constexpr std::size_t expanded_bytes = 8 * text_bytes;
inline constexpr std::size_t key_bytes = 1024;
} // namespace document_limits

/// A place in a text. Lines count from 1, columns count bytes from 1; 0 means
/// that the place is not known.
struct place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const place&) const = default;
};

/// Where a value and all within it stand; `children` are in the order of the
/// array's elements or of the object's members.
struct place_tree {
  place at;
  place key; ///< Of a member: where its key stands.
  std::vector<place_tree> children;
};

/// A workflow document as data, before any rule of the DSL is applied.
struct document {
  json::value value;
  place_tree places; ///< Without children if the document came without text.
  std::string text;  ///< As it was read, without a byte order mark.
};

/// Reads one YAML (1.2 core schema) or strict JSON document; a text that starts
/// with '{' is tried as JSON first.
///
/// YAML: quoted scalars are text; `012` is 12 and `yes` is text; anchors and
/// aliases are expanded within the limits; tags other than the core schema's,
/// merge keys (`<<`), keys that are not scalars, `.inf` and `.nan`, duplicate
/// keys and a second document are refused by name.
///
/// Fails with errc::too_large if the text is over its limit, else with
/// errc::malformed and one fault with line, column (in characters) and pointer.
[[nodiscard]] result<document> read_document(std::string_view text);

/// `at` with its column counted in characters of `text` rather than bytes.
[[nodiscard]] place in_characters(std::string_view text, place at);

namespace detail {
/// The two readers behind read_document; `text` is valid UTF-8 without NUL.
[[nodiscard]] result<document> read_yaml(std::string_view text);
[[nodiscard]] result<document> read_json(std::string_view text);

/// Makes the error of a text that does not parse.
[[nodiscard]] error unreadable(std::string_view text, place at,
                               std::string pointer, std::string detail);

/// What a plain YAML scalar means by the 1.2 core schema.
/// Fails with errc::malformed and a sentence if it is not a finite number.
[[nodiscard]] result<json::value> resolve_scalar(std::string_view text);
} // namespace detail

} // namespace pawl
