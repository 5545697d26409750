#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::expression {

/// What a piece of jq text is. Operators of one or two characters and
/// keywords share `symbol` and `keyword` and are told apart by their text.
enum class token_kind : std::uint8_t {
  end,
  symbol,       ///< "+", "|=", "..", "?//": `text` is the symbol.
  keyword,      ///< "if", "reduce": `text` is the word.
  name,         ///< A function name or a bare object key.
  field,        ///< ".name": `text` is the name.
  format,       ///< "@base64": `text` is without '@'.
  number,       ///< `text` as written.
  string_open,  ///< The opening quote.
  string_text,  ///< A stretch of string, escapes resolved.
  splice_open,  ///< "\(".
  splice_close, ///< The ")" that ends a splice.
  string_close, ///< The closing quote.
};

struct token {
  token_kind kind = token_kind::end;
  std::uint32_t place = 0; ///< Byte offset within the text.
  std::string text;
};

/// Splits jq text as jq 1.6's own scanner does. The last token is `end`.
/// Fails with errc::invalid_definition at a character that starts nothing, an
/// unpaired bracket or a bad escape.
[[nodiscard]] result<std::vector<token>> scan(std::string_view text);

/// The error for a fault at byte `place` of `text`.
[[nodiscard]] error fault_at(std::string_view text, std::uint32_t place,
                             std::string detail);

} // namespace pawl::expression
