#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::expression {

/// The parts of a jq program as written. `kids` below are indices into
/// syntax::nodes; `none` marks one that is absent.
enum class form : std::uint8_t {
  identity,       // .
  descend,        // ..
  number,         // text
  text,           // text: a plain string
  string,         // text: format; kids: pieces (text) and splices
  format,         // @text
  index,          // kids: target, key; optional
  iterate,        // kids: target; optional
  slice,          // kids: target, from, upto; optional
  array,          // kids: body or none
  object,         // kids: key, value, key, value ...
  negate,         // kids: operand
  pipe,           // kids: left, right
  comma,          // kids: two or more
  binary,         // text: operator; kids: left, right
  assign,         // text: operator; kids: left, right
  all_of,         // and
  any_of,         // or
  otherwise,      // kids: left // right
  branch,         // kids: condition, then, else
  attempt,        // kids: body, handler or none
  optional,       // kids: body; E?
  reduce,         // kids: source, pattern, init, update
  foreach_loop,   // kids: source, pattern, init, update, extract or none
  define,         // text: name; params; kids: body, rest
  call,           // text: name; kids: arguments
  variable,       // text: name
  bind,           // kids: source, pattern, body
  label,          // text; kids: body
  leave,          // break; text
  location,       // $__loc__
  pattern_name,   // text
  pattern_array,  // kids
  pattern_object, // kids: key, pattern or none ...; key may be `variable`
  alternatives,   // kids: patterns of ?//
};

struct syntax_node {
  form kind = form::identity;
  bool optional = false;
  std::uint32_t place = 0;
  std::uint32_t height = 1; ///< Levels of nodes below, this one included.
  std::string text;
  std::vector<std::string> params; ///< Of `define`; "$x" or "x".
  std::vector<std::uint32_t> kids;
};

inline constexpr std::uint32_t none = 0xFFFFFFFF;

/// A parsed program.
struct syntax {
  std::vector<syntax_node> nodes;
  std::uint32_t root = none;
};

/// The most levels of grammar that a program may nest: about 150 brackets, or
/// 600 stages of a pipe.
inline constexpr int nesting_max = 600;

/// Parses a jq 1.6 program: one expression, no modules.
///
/// Fails with errc::invalid_definition at the first fault, which has line and
/// column.
[[nodiscard]] result<syntax> parse(std::string_view text);

/// As parse, for text that only defines functions; the last `define` has no
/// rest.
[[nodiscard]] result<syntax> parse_definitions(std::string_view text);

} // namespace pawl::expression
