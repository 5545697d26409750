#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The language of runtime expressions: jq, parsed once by us. Its total part
/// is evaluated here, in place over Boost.JSON; all else is left to helper
/// processes running libjq (sandbox/, actors/expression_pool.hpp).
namespace pawl::expression {

/// Who evaluates a program.
enum class engine : std::uint8_t {
  native,    ///< This process: bounded by steps and memory, never blocks.
  sandboxed, ///< A helper process running libjq: may loop, may fail.
};

/// How a program uses one variable, so that callers build only what is read.
struct variable_use {
  std::string name;              ///< Without '$': "context".
  bool whole = false;            ///< Used other than as `$name.key`.
  std::vector<std::string> keys; ///< The keys read as `$name.key`.
};

/// A compiled expression. Immutable; may be evaluated by many threads at once.
class program : public std::enable_shared_from_this<program> {
public:
  virtual ~program() = default;
  /// The jq text, without `${ }`.
  [[nodiscard]] virtual const std::string& text() const = 0;
  [[nodiscard]] virtual engine runs_on() const = 0;
  /// Why it is sandboxed, for people ("uses the function 'test'"); "" if it is
  /// native.
  [[nodiscard]] virtual const std::string& reason() const = 0;
  /// The free variables it reads.
  [[nodiscard]] virtual std::span<const variable_use> variables() const = 0;
  /// Whether it is written so that it may give several values (`.items[]`,
  /// `.a, .b`, `range(3)`), however many it gives in the end. What only may
  /// give none (`select`, `empty`, `first(f)`) is no generator by itself.
  [[nodiscard]] virtual bool is_generator() const = 0;
};
using program_ptr = std::shared_ptr<const program>;

/// Compiles the jq expression `text` (no `${ }`), in which the variables
/// `known` (names without '$') may be free.
///
/// Fails with errc::invalid_definition: syntax, an unknown function or
/// variable, or something refused by name (`env`, `$ENV`, `input`, `inputs`,
/// `debug`, `stderr`, `halt`, `halt_error`, `include`, `import`, `$__loc__`,
/// `input_filename`, `input_line_number`, `get_search_list`). The fault's line
/// and column count within `text`.
[[nodiscard]] result<program_ptr>
compile(std::string_view text, std::span<const std::string_view> known);

/// The text inside `${ ... }` if `text` as a whole is one strict-mode
/// expression (`^\s*\$\{.+\}\s*$`), else nothing (a null view).
[[nodiscard]] std::string_view strip_braces(std::string_view text);

/// What bounds a native evaluation. Both count down and are shared by all
/// evaluations of one turn.
struct budget {
  std::uint64_t steps = 1'000'000; ///< Nodes evaluated, elements touched.
  std::uint64_t bytes = 64ULL * 1024 * 1024; ///< Result memory built.
};

/// A variable as the program shall see it; `value` must outlive the call.
struct variable {
  std::string_view name; ///< Without '$'.
  const json::value* value = nullptr;
};

/// What a program is evaluated against.
struct scope {
  const json::value* data = nullptr; ///< `.`
  std::span<const variable> variables;
  timestamp now; ///< What `now` answers.
};

/// Evaluates a native program and returns all results in order. A free
/// variable that `in` lacks is null.
///
/// Fails with errc::invalid_input: jq's own message of a run-time error; with
/// errc::too_large: the budget is spent.
[[nodiscard]] result<std::vector<json::value>>
evaluate_all(const program& what, const scope& in, budget& left);

/// As evaluate_all, where one value is needed: none is null, several are an
/// error.
[[nodiscard]] result<json::value> evaluate(const program& what, const scope& in,
                                           budget& left);

} // namespace pawl::expression
