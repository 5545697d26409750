#pragma once

#include "workflow/expression/expression.hpp"
#include "workflow/expression/functions.hpp"
#include "workflow/expression/syntax.hpp"
#include "workflow/expression/value.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace pawl::expression {

/// The steps of a compiled program: functions are expanded in place, variables
/// are numbered slots. `kids` name other nodes.
enum class op : std::uint8_t {
  identity,
  constant,     // constant
  load,         // slot
  index,        // kids: target, key; optional
  field,        // kids: target; constant: key, a text; optional
  iterate,      // kids: target; optional
  slice,        // kids: target, from, upto; optional
  collect,      // kids: body
  object,       // kids: key, value ...
  splice,       // kids: pieces of a string
  format,       // kids: body; constant: name
  pipe,         // kids: left, right
  comma,        // kids
  call,         // function; kids: arguments
  all_of,       // kids: left, right
  any_of,       // kids: left, right
  otherwise,    // kids: left, right
  branch,       // kids: condition, then, else
  attempt,      // kids: body, handler (may be none)
  reduce,       // pattern; kids: source, init, update
  foreach_loop, // pattern; kids: source, init, update, extract (may be none)
  bind,         // pattern; kids: source, body
  label,        // slot; kids: body
  leave,        // slot
  path,         // kids: body
  modify,       // kids: paths, update
  descend,      // ..
  walk,         // kids: body
  range,        // kids: from, upto
  range_by,     // kids: from, upto, by
  empty,
};

struct code_node {
  op what = op::identity;
  bool optional = false;
  bool single = false;      ///< Gives exactly one value, or an error.
  std::uint32_t weight = 1; ///< Bounds the stack that evaluation needs.
  std::uint32_t slot = 0;
  std::uint32_t pattern = none;
  std::vector<std::uint32_t> kids;
  val constant;
  const native_entry* function = nullptr;
};

/// How `as` takes a value apart.
struct code_pattern {
  form kind = form::pattern_name;
  std::uint32_t slot = none; ///< Of pattern_name.
  struct part {
    std::uint32_t key = none;     ///< Node; for objects only.
    std::uint32_t slot = none;    ///< Set too, for {$name}.
    std::uint32_t pattern = none; ///< May be none for {$name}.
  };
  std::vector<part> parts;
};

struct code {
  std::vector<code_node> nodes;
  std::vector<code_pattern> patterns;
  std::deque<std::string> texts; ///< What constants borrow.
  std::uint32_t root = none;
  std::uint32_t slots = 0; ///< The free variables come first.
  std::vector<variable_use> variables;
  std::string reason; ///< Why it cannot be evaluated here, or "".
};

/// Whether `parsed` has the shape of a generator; see program::is_generator.
[[nodiscard]] bool may_give_several(const syntax& parsed);

/// Resolves names in `parsed` and expands functions.
///
/// Fails with errc::invalid_definition for an unknown or refused name, with
/// its place in `text`.
[[nodiscard]] result<code> lower(const syntax& parsed, std::string_view text,
                                 std::span<const std::string_view> known);

/// The definition of the jq-defined builtin `name`/`arity` in prelude(), or
/// `none`.
[[nodiscard]] std::uint32_t find_prelude(std::string_view name,
                                         std::size_t arity);
/// The builtins that are defined in jq itself.
[[nodiscard]] const syntax& prelude();

/// A compiled program with its code.
class compiled : public program {
public:
  compiled(std::string text, code made, bool generator)
      : text_{std::move(text)}, code_{std::move(made)}, generator_{generator} {}
  const std::string& text() const override { return text_; }
  engine runs_on() const override {
    return code_.reason.empty() ? engine::native : engine::sandboxed;
  }
  const std::string& reason() const override { return code_.reason; }
  std::span<const variable_use> variables() const override {
    return code_.variables;
  }
  bool is_generator() const override { return generator_; }
  [[nodiscard]] const code& steps() const { return code_; }

private:
  std::string text_;
  code code_;
  bool generator_;
};

} // namespace pawl::expression
