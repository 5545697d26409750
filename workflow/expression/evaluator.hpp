#pragma once

#include "workflow/expression/code.hpp"
#include "workflow/expression/workspace.hpp"

#include <cstdint>
#include <type_traits>
#include <utility>

namespace pawl::expression {

/// Where the values of a generator go. Borrows the callable; it answers false
/// to stop, with the reason set in the evaluator.
template <class... Args>
class receiver {
public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, receiver>)
    receiver(F&& f) // NOLINT: implicit on purpose, as a function argument.
      : self_{const_cast<void*>(static_cast<const void*>(&f))},
        run_{[](void* self, Args... args) -> bool {
          return (*static_cast<std::remove_reference_t<F>*>(self))(args...);
        }} {}
  bool operator()(Args... args) const { return run_(self_, args...); }

private:
  void* self_;
  bool (*run_)(void*, Args...);
};

/// Evaluates one program once.
///
/// A generator hands each of its values to a receiver and goes on when that
/// returns: what libjq does by backtracking is here done by returning, and the
/// order of all effects is the same. An error or a `break` is a false that
/// travels down the stack to whoever handles it. As in jq 1.6 a `try` also
/// catches errors of what comes behind it.
class evaluator {
public:
  evaluator(const code& c, const scope& in, budget& left);
  evaluator(const evaluator&) = delete;
  evaluator& operator=(const evaluator&) = delete;

  /// Hands all results to `to`. False on an error; see `error()`.
  bool run(receiver<const val&> to);

  /// Whether the program gives exactly one value, so that `one` may be used.
  [[nodiscard]] bool single() const { return c_.nodes[c_.root].single; }
  bool one(val& out) { return one(c_.root, data_, out); }

  [[nodiscard]] workspace& memory() { return w_; }
  /// The value of the error that stopped the program.
  [[nodiscard]] const val& error() const { return context_.error; }

private:
  using to_value = receiver<const val&>;
  using then = receiver<>;

  enum class stop : std::uint8_t { running, error, leave };

  // The way from the root of `path(..)` to a value, innermost first.
  struct link {
    const link* before;
    val key;
  };
  struct tracking {
    bool on = false; // Within path(..) and not in a subexpression.
    const link* way = nullptr;
    val at; // The value that `way` leads to.
  };

  bool one(std::uint32_t i, const val& in, val& out) {
    // Most operands are leaves: they cost no call, and no step of their own.
    const auto& n = c_.nodes[i];
    switch (n.what) {
    case op::identity:
      out = in;
      return true;
    case op::constant:
      out = n.constant;
      return true;
    case op::load:
      out = slots_[n.slot];
      return true;
    default:
      return one_step(n, in, out);
    }
  }
  bool one_step(const code_node& n, const val& in, val& out);
  bool one_bind(const code_node& n, const val& in, val& out);
  bool one_object(const code_node& n, const val& in, val& out);
  bool one_call(const code_node& n, const val& in, val& out);
  bool one_reduce(const code_node& n, const val& in, val& out);
  bool one_splice(const code_node& n, const val& in, val& out);

  bool each(std::uint32_t i, const val& in, to_value to);
  bool each_more(const code_node& n, const val& in, to_value to);
  bool operands(const code_node& n, std::size_t upto, const val& in,
                val* values, then done);
  bool subexpression(std::uint32_t i, const val& in, to_value to);
  bool field(const code_node& n, const val& in, to_value to);
  bool index(const code_node& n, const val& in, to_value to);
  bool index_step(const val& t, const val& k, bool optional, to_value to);
  bool iterate_step(const val& v, bool optional, to_value to);
  bool slice(const code_node& n, const val& in, to_value to);
  bool object(const code_node& n, std::size_t from, const val& made,
              const val& in, to_value to);
  bool call(const code_node& n, const val& in, to_value to);
  bool attempt(const code_node& n, const val& in, to_value to);
  bool logic(const code_node& n, const val& in, to_value to);
  bool otherwise(const code_node& n, const val& in, to_value to);
  bool update(const code_node& n, const val& x, val& state, to_value to);
  bool reduce(const code_node& n, const val& in, to_value to);
  bool foreach_loop(const code_node& n, const val& in, to_value to);
  bool label(const code_node& n, const val& in, to_value to);
  bool path(const code_node& n, const val& in, to_value to);
  bool each_path(std::uint32_t body, const val& in, to_value to);
  bool modify(const code_node& n, const val& in, to_value to);
  bool modify_at(std::uint32_t update, const val& where, val& state);
  bool descend(const val& v, int depth, to_value to);
  bool walk(const code_node& n, const val& v, int depth, to_value to);
  bool range(const code_node& n, const val& in, to_value to);
  bool range_by(const code_node& n, const val& in, to_value to);
  bool count_by(const val& from, const val& upto, const val& by, to_value to);
  bool match(std::uint32_t pattern, const val& v, then done);
  bool match_part(const code_pattern& p, std::size_t i, const val& v,
                  then done);

  bool left(std::int64_t mine);
  bool raised(); // Turns a function's false into a stop.
  bool raise(std::string_view sentence);
  bool astray(const val& v, std::string_view near);
  val path_value(const link* way);

  const code& c_;
  workspace w_;
  context context_;
  val data_;
  val* slots_;
  tracking tracking_;
  stop stop_ = stop::running;
  std::int64_t leaving_ = 0; // The label that a `break` goes to.
  std::int64_t labels_ = 0;  // Labels entered so far.
};

} // namespace pawl::expression
