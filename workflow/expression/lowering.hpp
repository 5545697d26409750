#pragma once

#include "workflow/expression/code.hpp"

#include <deque>
#include <optional>

namespace pawl::expression {

/// What a name means, from the inside out.
struct binding {
  enum class kind : std::uint8_t { variable, function, closure, label };
  const binding* outer = nullptr;
  kind is = kind::variable;
  std::string name;
  std::uint32_t slot = 0;          // Variable, label.
  const syntax* tree = nullptr;    // Function, closure.
  std::uint32_t node = none;       // Function: its `define`; closure: its text.
  const binding* within = nullptr; // Closure: where its text stands.
  std::size_t active = 0;          // Closure: expansions open there.
};

/// A node of a program or of the prelude, and the names around it.
struct place {
  const syntax* tree;
  std::uint32_t node;
  const binding* within;
};

/// Turns syntax into code. Forms are in lower.cpp, what binds names in
/// lower_bindings.cpp, functions and their expansion in lower_calls.cpp.
class lowering {
public:
  lowering(const syntax& parsed, std::string_view text,
           std::span<const std::string_view> known)
      : parsed_{parsed}, text_{text}, known_{known} {}

  /// The code, or the first fault. Slots of the program's own count from
  /// `first_own`, since how many free variables come first is known at the end.
  result<code> run();

  static constexpr std::uint32_t first_own = 1U << 24U;

private:
  using kids = std::vector<std::uint32_t>;
  // A function that is being expanded.
  struct open {
    const syntax* tree;
    std::uint32_t node;
    const binding* within;
    bool operator==(const open&) const = default;
  };

  void fail(const place& at, std::string detail);
  void sandbox(std::string why) {
    if (out_.reason.empty())
      out_.reason = std::move(why);
  }
  std::uint32_t new_slot() { return first_own + out_.slots++; }
  const binding* add(binding s) {
    bindings_.push_back(std::move(s));
    return &bindings_.back();
  }

  code_node& node(std::uint32_t i) { return out_.nodes[i]; }
  std::uint32_t make(op what, kids of = {});
  static bool always_single(op what);
  std::uint32_t constant(const val& v);
  val kept(std::string s);
  std::uint32_t constant_text(std::string s);
  std::uint32_t call(std::string_view name, kids arguments);

  std::uint32_t lower(const place& at);
  std::uint32_t lower(const place& at, std::size_t kid);
  kids all(const place& at);
  std::uint32_t number(const place& at);
  std::uint32_t string(const place& at);
  [[nodiscard]] bool is_constant(const place& at) const;
  void check_key(const place& at);
  std::uint32_t object(const place& at);
  std::uint32_t index(const place& at);
  std::uint32_t part(const place& at);
  static std::string_view function_of(std::string_view operation);
  std::uint32_t binary(const place& at);
  std::uint32_t fold_constants(const place& at, std::uint32_t left,
                               std::uint32_t right);

  std::uint32_t lower_names(const place& at);
  std::uint32_t assign(const place& at);
  std::uint32_t bound(std::uint32_t source, std::uint32_t pattern,
                      std::uint32_t body);
  std::uint32_t named_pattern(std::uint32_t slot);
  const binding* with_variable(const binding* outer, std::string name,
                               std::uint32_t slot);
  std::uint32_t pattern(const place& at, const binding*& inner);
  std::uint32_t bind(const place& at);
  std::uint32_t fold(const place& at);
  static const binding* find(const binding* from, binding::kind is,
                             std::string_view name);
  std::uint32_t variable(const place& at, std::string_view key);
  std::uint32_t free_variable(std::string_view name, std::string_view key);

  std::uint32_t named_call(const place& at);
  std::vector<place> arguments(const place& at);
  std::uint32_t builtin(const place& at);
  std::uint32_t expand_prelude(std::string_view name, std::vector<place> given);
  std::uint32_t expand_closure(const binding& s);
  std::uint32_t expand(const place& what, std::vector<place> given);

  const syntax& parsed_;
  std::string_view text_;
  std::span<const std::string_view> known_;
  code out_;
  std::deque<binding> bindings_;
  std::vector<open> open_;
  int expanding_ = 0;
  std::optional<error> fault_;
};

} // namespace pawl::expression
