#pragma once

#include "workflow/expression/syntax.hpp"
#include "workflow/expression/token.hpp"

#include <algorithm>
#include <optional>

namespace pawl::expression {

/// Which operand an operator of the same level goes to.
enum class side : std::uint8_t { left, right, neither };

struct precedence {
  int level;
  side binds;
};

/// How the operator `t` binds, or nothing if it is none.
[[nodiscard]] std::optional<precedence> precedence_of(const token& t);

/// The grammar of jq 1.6 by recursive descent, one function a rule. Operators
/// and control are in parser.cpp, terms in parser_terms.cpp, what binds names
/// in parser_bindings.cpp.
///
/// After the first fault the parser stands on the end token, where nothing
/// matches, so every loop and every rule ends by itself.
class parser {
public:
  parser(std::string_view text, std::vector<token> tokens)
      : text_{text}, tokens_{std::move(tokens)} {}

  /// The text as one expression, or its first fault.
  result<syntax> program();
  /// The text as definitions only; see parse_definitions().
  result<syntax> definitions();

private:
  // Counts nesting, so that a hostile text cannot exhaust the stack.
  struct nest {
    explicit nest(parser& of) : of_{of} {
      if (++of_.depth_ > nesting_max)
        of_.fail("The expression nests too deeply.");
    }
    nest(const nest&) = delete;
    nest& operator=(const nest&) = delete;
    ~nest() { --of_.depth_; }
    parser& of_;
  };

  result<syntax> finish(const char* sentence);

  [[nodiscard]] const token& now() const { return tokens_[at_]; }
  [[nodiscard]] const token& next() const {
    return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is(token_kind kind) const { return now().kind == kind; }
  [[nodiscard]] bool is_symbol(std::string_view s) const {
    return is(token_kind::symbol) && now().text == s;
  }
  [[nodiscard]] bool is_keyword(std::string_view s) const {
    return is(token_kind::keyword) && now().text == s;
  }
  void step() {
    if (at_ + 1 < tokens_.size())
      ++at_;
  }
  bool take(std::string_view s) {
    const bool got = is_symbol(s);
    if (got)
      step();
    return got;
  }
  bool take_keyword(std::string_view s) {
    const bool got = is_keyword(s);
    if (got)
      step();
    return got;
  }
  void want(std::string_view s);
  void want_keyword(std::string_view s);
  std::string want_name(const char* sentence);
  void fail(std::string sentence);

  syntax_node& node(std::uint32_t i) { return out_.nodes[i]; }
  std::uint32_t add(form kind, std::uint32_t place,
                    std::vector<std::uint32_t> kids, std::string text = {});

  std::uint32_t pipe() { return operators(1); }
  std::uint32_t operators(int least);
  std::uint32_t joined(const token& op, std::uint32_t left,
                       std::uint32_t right);
  std::uint32_t operand();
  std::uint32_t prefix();

  std::uint32_t definition(bool with_rest);
  std::uint32_t condition(std::uint32_t place);
  std::uint32_t fold(form kind, std::uint32_t place);
  std::uint32_t patterns();
  std::uint32_t pattern();
  void pattern_field(std::vector<std::uint32_t>& kids);
  std::uint32_t key();

  std::uint32_t term();
  std::uint32_t suffix(form kind, std::uint32_t place,
                       std::vector<std::uint32_t> kids);
  std::uint32_t brackets(std::uint32_t target, std::uint32_t place);
  std::uint32_t term_head();
  std::uint32_t symbol_head();
  std::uint32_t call();
  std::uint32_t string();
  std::uint32_t object(std::uint32_t place);
  void object_field(std::vector<std::uint32_t>& kids);
  std::uint32_t object_value();
  std::uint32_t object_term();

  std::string_view text_;
  std::vector<token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  syntax out_;
  std::optional<error> fault_;
};

} // namespace pawl::expression
