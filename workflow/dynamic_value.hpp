#pragma once

#include "base/json.hpp"
#include "workflow/duration.hpp"
#include "workflow/expression/expression.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pawl {

/// An expression that reads `$secrets` or `$authorization`. Its value must
/// never be kept, so it is evaluated by the step worker at dispatch; what is
/// journaled is what it sees otherwise (workflow/late.hpp).
struct late_expression {
  expression::program_ptr program; ///< Native.
  std::string place; ///< Its pointer, by which definition::late finds it.
};

/// In the mode `loose`: a text that reads as an expression. Its value, or the
/// text itself where evaluating it fails.
struct loose_expression {
  expression::program_ptr program;
  datum literal;
};

/// A value of a definition that may hold expressions: plain JSON, one
/// expression, or a structure with expressions inside. Parts without any are
/// folded into one datum.
struct dynamic_value {
  using object = std::vector<std::pair<std::string, dynamic_value>>;
  using array = std::vector<dynamic_value>;
  std::variant<datum, expression::program_ptr, object, array, late_expression,
               loose_expression>
    form = null_datum();
};

/// A duration that is known now, or an expression (or an object holding some)
/// that yields one.
using duration_rule = std::variant<calendar_duration, dynamic_value>;

} // namespace pawl
