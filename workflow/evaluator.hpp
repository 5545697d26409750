#pragma once

#include "workflow/definition.hpp"
#include "workflow/machine.hpp"
#include "workflow/problem.hpp"
#include "workflow/state.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace pawl {

/// An error of the DSL on its way up: RFC 7807, ready to be caught.
struct raised {
  json::object problem;
  /// An expression did not fail on its data but ran out of its bounds.
  bool spent = false;
  raised() = default;
  /// Two parameters, so that a value is never taken for an error by mistake.
  raised(std::in_place_t, json::object what) : problem{std::move(what)} {}
};
[[noreturn]] void throw_exception_from_error(const raised& e,
                                             const boost::source_location& at);
template <class T>
using or_raised = boost::system::result<T, raised>;

/// What an expression sees: the task that it belongs to and where that task is
/// in its life. Absent values are not visible at that point (DSL, section 7).
struct vantage {
  const task* node = nullptr; ///< Null: the workflow itself.
  frame_id scope = 0;         ///< The innermost frame whose names it sees.
  datum raw;                  ///< The task's raw input.
  datum input;                ///< `$input`
  datum output;               ///< `$output`
  datum raw_output;
  timestamp started;
  /// Names that stand for this one evaluation.
  std::vector<std::pair<std::string_view, datum>> names = {};
};

/// Evaluates the expressions of one step of a turn. A step asks for values as
/// if all were native; where one is not, the step is given up without a trace
/// (pending() is true), and taken again from its start once the value is
/// known: steps are pure, so they ask for the same values in the same order.
class evaluator {
public:
  /// `value_max`: bytes of text that a value may have which is kept.
  evaluator(const definition& of, const instance_state& state,
            const expression::budget& bounds, std::size_t value_max)
      : of_{of}, state_{state}, bounds_{bounds},
        value_max_{value_max}, left_{bounds} {}

  /// Makes ready for a turn. `flags`: what `$runtime.metadata.flags` is; null
  /// for none.
  void begin_turn(datum flags = nullptr);
  /// What the flags are, if an expression of this step has read them.
  [[nodiscard]] datum flags_read() const {
    return flags_read_ ? flags_ : nullptr;
  }
  /// Whether the steps of this turn have used up together what one may use
  /// alone; then it is time to commit.
  [[nodiscard]] bool turn_spent() const;

  /// Makes ready for a step at `now`; forgets the values of a former one.
  void begin_step(timestamp now);
  /// Makes ready to take the same step again with one more value known.
  void resume_step(result<std::vector<json::value>> values);

  [[nodiscard]] bool pending() const { return needs_.has_value(); }
  [[nodiscard]] std::optional<evaluation> take_needs();

  /// One value of `what` over `dot`; an `expression` error otherwise.
  or_raised<json::value> evaluate(const expression::program& what,
                                  const json::value& dot, const vantage& at);
  /// As evaluate, but `.[]` and the like give their list (`for.in`).
  or_raised<json::value> evaluate_list(const expression::program& what,
                                       const json::value& dot,
                                       const vantage& at);
  /// Whether `what` is neither false nor null.
  or_raised<bool> holds(const expression::program& what, const json::value& dot,
                        const vantage& at);
  or_raised<datum> evaluate(const dynamic_value& what, const json::value& dot,
                            const vantage& at);
  /// As evaluate, for the part at `where` of an effect's arguments: what
  /// depends on secrets stays null, and `late` gets a member for each
  /// (workflow/late.hpp).
  or_raised<datum> evaluate_arguments(const dynamic_value& what,
                                      const json::value& dot, const vantage& at,
                                      std::string where, json::array& late);
  or_raised<calendar_duration> evaluate(const duration_rule& what,
                                        const json::value& dot,
                                        const vantage& at);

  /// Why a value that was put together of others may not become data of the
  /// instance, if so: it is too large or too deep, an `expression` error.
  [[nodiscard]] std::optional<raised> unfit(const json::value& made,
                                            const vantage& at) const;

private:
  or_raised<std::vector<json::value>> run(const expression::program& what,
                                          const json::value& dot,
                                          const vantage& at);
  const json::value* find(const expression::variable_use& use,
                          const vantage& at);
  const json::value* find_local(std::string_view name, const vantage& at);
  [[nodiscard]] json::value task_variable(const expression::variable_use& use,
                                          const vantage& at) const;
  [[nodiscard]] json::value
  runtime_variable(const expression::variable_use& use);
  [[nodiscard]] json::value
  workflow_variable(const expression::variable_use& use) const;
  /// Where late expressions are noted down while arguments are built.
  struct late_sink {
    std::string where;
    json::array& late;
  };
  or_raised<json::value> build(const dynamic_value& what,
                               const json::value& dot, const vantage& at,
                               late_sink* sink = nullptr);
  or_raised<json::value> put_off(const late_expression& what, const vantage& at,
                                 late_sink* sink);
  const json::value* find_in_frame(const frame& f, std::string_view name);
  [[nodiscard]] const frame* extended_around(const vantage& at) const;

  const definition& of_;
  const instance_state& state_;
  expression::budget bounds_;
  std::size_t value_max_;
  expression::budget left_;
  std::uint64_t spent_ = 0; ///< Expression steps of the turn's former steps.
  timestamp now_;
  datum flags_;
  bool flags_read_ = false;
  std::vector<result<std::vector<json::value>>> known_;
  std::size_t next_known_ = 0;
  std::optional<evaluation> needs_;
  std::deque<json::value> built_; ///< Values that live for one evaluation.
};

/// The DSL's standard error `kind` at the task `pointer`.
[[nodiscard]] json::object make_problem(error_kind kind, std::string detail,
                                        std::string_view pointer);

} // namespace pawl
