#include "workflow/expression/syntax.hpp"
#include "workflow/expression/token.hpp"

#include <algorithm>
#include <optional>

namespace pawl::expression {

namespace {

enum class side : std::uint8_t { left, right, neither };

struct precedence {
  int level;
  side binds;
};

constexpr std::uint32_t height_max = 1'000;
constexpr int level_comma = 2;
constexpr int level_negate = 8; // As binary minus: -1 * 2 is -(1 * 2).

// jq's grammar: '|' weakest, then ',', '//', assignment, or, and, comparison,
// '+ -', '* / %'.
std::optional<precedence> precedence_of(const token& t) {
  if (t.kind == token_kind::keyword) {
    if (t.text == "or")
      return precedence{5, side::left};
    if (t.text == "and")
      return precedence{6, side::left};
    return {};
  }
  if (t.kind != token_kind::symbol)
    return {};
  const auto& s = t.text;
  if (s == "|")
    return precedence{1, side::right};
  if (s == ",")
    return precedence{level_comma, side::left};
  if (s == "//")
    return precedence{3, side::right};
  if (s == "=" || s == "|=" || s == "+=" || s == "-=" || s == "*=" || s == "/="
      || s == "%=" || s == "//=")
    return precedence{4, side::neither};
  if (s == "==" || s == "!=" || s == "<" || s == ">" || s == "<=" || s == ">=")
    return precedence{7, side::neither};
  if (s == "+" || s == "-")
    return precedence{8, side::left};
  if (s == "*" || s == "/" || s == "%")
    return precedence{9, side::left};
  return {};
}

// After the first fault the parser stands on the end token, where nothing
// matches, so every loop and every rule ends by itself.
class parser {
public:
  parser(std::string_view text, std::vector<token> tokens)
      : text_{text}, tokens_{std::move(tokens)} {}

  result<syntax> program() {
    if (is_keyword("import") || is_keyword("include") || is_keyword("module"))
      fail("'" + now().text + "' is refused: a program is one expression.");
    out_.root = pipe();
    return finish("The expression should end here.");
  }

  result<syntax> definitions() {
    std::vector<std::uint32_t> all;
    while (is_keyword("def"))
      all.push_back(definition(false));
    for (std::size_t i = all.size(); i-- > 1;)
      node(all[i - 1]).kids[1] = all[i];
    out_.root = all.empty() ? none : all.front();
    return finish("Only definitions may stand here.");
  }

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

  result<syntax> finish(const char* sentence) {
    if (!fault_ && now().kind != token_kind::end)
      fail(sentence);
    if (fault_)
      return *std::move(fault_);
    return std::move(out_);
  }

  const token& now() const { return tokens_[at_]; }
  const token& next() const {
    return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  }
  bool is(token_kind kind) const { return now().kind == kind; }
  bool is_symbol(std::string_view s) const {
    return is(token_kind::symbol) && now().text == s;
  }
  bool is_keyword(std::string_view s) const {
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
  void want(std::string_view s) {
    if (!take(s))
      fail("Here '" + std::string{s} + "' is missing.");
  }
  void want_keyword(std::string_view s) {
    if (!take_keyword(s))
      fail("Here '" + std::string{s} + "' is missing.");
  }
  std::string want_name(const char* sentence) {
    if (!is(token_kind::name)) {
      fail(sentence);
      return {};
    }
    auto name = now().text;
    step();
    return name;
  }

  void fail(std::string sentence) {
    if (!fault_)
      fault_ = fault_at(text_, now().place, std::move(sentence));
    at_ = tokens_.size() - 1;
  }

  syntax_node& node(std::uint32_t i) { return out_.nodes[i]; }

  std::uint32_t add(form kind, std::uint32_t place,
                    std::vector<std::uint32_t> kids, std::string text = {}) {
    syntax_node n;
    n.kind = kind;
    n.place = place;
    n.text = std::move(text);
    n.kids = std::move(kids);
    for (const auto k : n.kids)
      if (k != none)
        n.height = std::max(n.height, node(k).height + 1);
    if (n.height > height_max)
      fail("The expression nests too deeply.");
    out_.nodes.push_back(std::move(n));
    return static_cast<std::uint32_t>(out_.nodes.size() - 1);
  }

  std::uint32_t pipe() { return operators(1); }

  std::uint32_t operators(int least) {
    const nest here{*this};
    auto left = operand();
    while (const auto p = precedence_of(now())) {
      if (p->level < least)
        break;
      const auto op = now();
      step();
      const auto right
        = operators(p->binds == side::right ? p->level : p->level + 1);
      left = joined(op, left, right);
      if (p->binds == side::neither)
        if (const auto again = precedence_of(now());
            again && again->level == p->level)
          fail("Two such operators in a row need brackets.");
    }
    return left;
  }

  std::uint32_t joined(const token& op, std::uint32_t left,
                       std::uint32_t right) {
    const auto& s = op.text;
    if (s == "," && left != none && node(left).kind == form::comma) {
      node(left).kids.push_back(right); // A list must not cost depth.
      return left;
    }
    const form kind = s == "|"                        ? form::pipe
                      : s == ","                      ? form::comma
                      : s == "//"                     ? form::otherwise
                      : s == "or"                     ? form::any_of
                      : s == "and"                    ? form::all_of
                      : precedence_of(op)->level == 4 ? form::assign
                                                      : form::binary;
    return add(kind, op.place, {left, right}, s);
  }

  // One operand with its '?' signs.
  std::uint32_t operand() {
    auto got = prefix();
    while (is_symbol("?")) {
      const auto place = now().place;
      step();
      got = add(form::optional, place, {got});
    }
    return got;
  }

  std::uint32_t prefix() {
    const nest here{*this};
    const auto place = now().place;
    if (take("-"))
      return add(form::negate, place, {operators(level_negate + 1)});
    if (is(token_kind::keyword)) {
      if (is_keyword("def"))
        return definition(true);
      if (take_keyword("if"))
        return condition(place);
      if (take_keyword("try")) {
        const auto body = prefix();
        const auto handler = take_keyword("catch") ? prefix() : none;
        return add(form::attempt, place, {body, handler});
      }
      if (take_keyword("reduce"))
        return fold(form::reduce, place);
      if (take_keyword("foreach"))
        return fold(form::foreach_loop, place);
      if (take_keyword("label")) {
        want("$");
        auto name = want_name("A label needs a name, as in 'label $out'.");
        want("|");
        return add(form::label, place, {pipe()}, std::move(name));
      }
    }
    const auto target = term();
    if (!take_keyword("as"))
      return target;
    const auto into = patterns();
    want("|");
    return add(form::bind, place, {target, into, pipe()});
  }

  std::uint32_t definition(bool with_rest) {
    const auto place = now().place;
    want_keyword("def");
    auto name = want_name("A definition needs a name.");
    std::vector<std::string> params;
    if (take("(")) {
      do {
        const bool value = take("$");
        params.push_back((value ? "$" : "")
                         + want_name("A parameter needs a name."));
      } while (take(";"));
      want(")");
    }
    want(":");
    const auto body = pipe();
    want(";");
    const auto rest = with_rest ? pipe() : none;
    const auto made = add(form::define, place, {body, rest}, std::move(name));
    node(made).params = std::move(params);
    return made;
  }

  std::uint32_t condition(std::uint32_t place) {
    const nest here{*this};
    const auto when = pipe();
    want_keyword("then");
    const auto yes = pipe();
    const auto other = now().place;
    if (take_keyword("elif")) {
      const auto no = condition(other);
      return add(form::branch, place, {when, yes, no});
    }
    if (!take_keyword("else"))
      fail("An 'if' needs 'else' and 'end'.");
    const auto no = pipe();
    want_keyword("end");
    return add(form::branch, place, {when, yes, no});
  }

  std::uint32_t fold(form kind, std::uint32_t place) {
    const auto source = term();
    want_keyword("as");
    const auto into = patterns();
    want("(");
    const auto init = pipe();
    want(";");
    const auto update = pipe();
    std::vector<std::uint32_t> kids{source, into, init, update};
    if (kind == form::foreach_loop)
      kids.push_back(take(";") ? pipe() : none);
    want(")");
    return add(kind, place, std::move(kids));
  }

  std::uint32_t patterns() {
    const auto place = now().place;
    std::vector<std::uint32_t> all{pattern()};
    while (take("?//"))
      all.push_back(pattern());
    if (all.size() == 1)
      return all.front();
    return add(form::alternatives, place, std::move(all));
  }

  std::uint32_t pattern() {
    const nest here{*this};
    const auto place = now().place;
    if (take("$"))
      return add(form::pattern_name, place, {},
                 want_name("A variable needs a name."));
    std::vector<std::uint32_t> kids;
    if (take("[")) {
      do
        kids.push_back(pattern());
      while (take(","));
      want("]");
      return add(form::pattern_array, place, std::move(kids));
    }
    if (!take("{")) {
      fail("After 'as' stands $name, [..] or {..}.");
      return none;
    }
    do
      pattern_field(kids);
    while (take(","));
    want("}");
    return add(form::pattern_object, place, std::move(kids));
  }

  void pattern_field(std::vector<std::uint32_t>& kids) {
    const auto place = now().place;
    if (take("$")) {
      kids.push_back(
        add(form::variable, place, {}, want_name("A variable needs a name.")));
      kids.push_back(take(":") ? pattern() : none);
      return;
    }
    kids.push_back(key());
    want(":");
    kids.push_back(pattern());
  }

  // An object key that is followed by ':', but for '$name'.
  std::uint32_t key() {
    const auto place = now().place;
    if (is(token_kind::name) || is(token_kind::keyword)) {
      auto name = now().text;
      step();
      return add(form::text, place, {}, std::move(name));
    }
    if (is(token_kind::string_open) || is(token_kind::format))
      return string();
    if (!take("(")) {
      fail("An object key is a name, a string or (an expression).");
      return none;
    }
    const auto made = pipe();
    want(")");
    return made;
  }

  std::uint32_t term() {
    auto got = term_head();
    while (!fault_) {
      const auto place = now().place;
      if (is(token_kind::field)) {
        const auto name = add(form::text, place, {}, now().text);
        step();
        got = suffix(form::index, place, {got, name});
      } else if (is_symbol(".")
                 && (next().kind == token_kind::string_open
                     || next().kind == token_kind::format)) {
        step();
        const auto name = string();
        got = suffix(form::index, place, {got, name});
      } else if (take("[")) {
        got = brackets(got, place);
      } else {
        break;
      }
    }
    return got;
  }

  std::uint32_t suffix(form kind, std::uint32_t place,
                       std::vector<std::uint32_t> kids) {
    const auto made = add(kind, place, std::move(kids));
    if (take("?"))
      node(made).optional = true;
    return made;
  }

  std::uint32_t brackets(std::uint32_t target, std::uint32_t place) {
    if (take("]"))
      return suffix(form::iterate, place, {target});
    if (take(":")) {
      const auto upto = pipe();
      want("]");
      return suffix(form::slice, place, {target, none, upto});
    }
    const auto first = pipe();
    if (take("]"))
      return suffix(form::index, place, {target, first});
    want(":");
    const auto upto = is_symbol("]") ? none : pipe();
    want("]");
    return suffix(form::slice, place, {target, first, upto});
  }

  std::uint32_t term_head() {
    const nest here{*this};
    const auto place = now().place;
    switch (now().kind) {
    case token_kind::number: {
      auto text = now().text;
      step();
      return add(form::number, place, {}, std::move(text));
    }
    case token_kind::string_open:
      return string();
    case token_kind::format:
      if (next().kind == token_kind::string_open)
        return string();
      {
        auto name = now().text;
        step();
        return add(form::format, place, {}, std::move(name));
      }
    case token_kind::field: {
      const auto self = add(form::identity, place, {});
      const auto name = add(form::text, place, {}, now().text);
      step();
      return suffix(form::index, place, {self, name});
    }
    case token_kind::name:
      return call();
    case token_kind::keyword:
      if (take_keyword("break")) {
        want("$");
        return add(form::leave, place, {},
                   want_name("'break' needs the label to break to."));
      }
      break;
    case token_kind::symbol:
      return symbol_head();
    default:
      break;
    }
    fail(is(token_kind::end) ? "The expression ends too early."
                             : "No expression can start here.");
    return none;
  }

  std::uint32_t symbol_head() {
    const auto place = now().place;
    if (take(".")) {
      const auto self = add(form::identity, place, {});
      if (is(token_kind::string_open)
          || (is(token_kind::format)
              && next().kind == token_kind::string_open)) {
        const auto name = string();
        return suffix(form::index, place, {self, name});
      }
      return self;
    }
    if (take(".."))
      return add(form::descend, place, {});
    if (take("$")) {
      if (take_keyword("__loc__"))
        return add(form::location, place, {});
      return add(form::variable, place, {},
                 want_name("A variable needs a name."));
    }
    if (take("(")) {
      const auto inner = pipe();
      want(")");
      return inner;
    }
    if (take("[")) {
      if (take("]"))
        return add(form::array, place, {none});
      const auto body = pipe();
      want("]");
      return add(form::array, place, {body});
    }
    if (take("{"))
      return object(place);
    fail("No expression can start here.");
    return none;
  }

  std::uint32_t call() {
    const auto place = now().place;
    auto name = now().text;
    step();
    std::vector<std::uint32_t> arguments;
    if (take("(")) {
      do
        arguments.push_back(pipe());
      while (take(";"));
      want(")");
    }
    return add(form::call, place, std::move(arguments), std::move(name));
  }

  std::uint32_t string() {
    const nest here{*this};
    const auto place = now().place;
    std::string format = "text";
    if (is(token_kind::format)) {
      format = now().text;
      step();
    }
    if (!is(token_kind::string_open)) {
      fail("Here a string is missing.");
      return none;
    }
    step();
    std::vector<std::uint32_t> pieces;
    bool plain = true;
    while (is(token_kind::string_text) || is(token_kind::splice_open)) {
      const auto at = now().place;
      if (is(token_kind::string_text)) {
        pieces.push_back(add(form::text, at, {}, now().text));
        step();
        continue;
      }
      step();
      plain = false;
      const auto splice = pipe();
      // A mark of its own, so that a splice of a plain string is formatted.
      pieces.push_back(add(form::string, at, {splice}, format));
      if (!is(token_kind::splice_close))
        fail("Here ')' is missing.");
      step();
    }
    if (is(token_kind::string_close))
      step();
    else
      fail("The string is not closed.");
    if (fault_)
      return none;
    if (!plain)
      return add(form::string, place, std::move(pieces), "");
    return add(form::text, place, {},
               pieces.empty() ? std::string{} : node(pieces.front()).text);
  }

  std::uint32_t object(std::uint32_t place) {
    const nest here{*this};
    std::vector<std::uint32_t> kids;
    while (!is_symbol("}") && !fault_) {
      object_field(kids);
      if (!take(","))
        break;
    }
    want("}");
    return add(form::object, place, std::move(kids));
  }

  void object_field(std::vector<std::uint32_t>& kids) {
    const auto place = now().place;
    if (take("$")) {
      auto name = want_name("A variable needs a name.");
      kids.push_back(add(form::text, place, {}, name));
      kids.push_back(add(form::variable, place, {}, std::move(name)));
      return;
    }
    const bool short_form = !is(token_kind::keyword) && !is_symbol("(");
    const auto made = key();
    if (short_form && !is_symbol(":")) {
      const auto self = add(form::identity, place, {});
      kids.push_back(made);
      kids.push_back(add(form::index, place, {self, made}));
      return;
    }
    want(":");
    kids.push_back(made);
    kids.push_back(object_value());
  }

  // Values of an object are terms, '-' and '|'; all else needs brackets.
  std::uint32_t object_value() {
    const nest here{*this};
    const auto place = now().place;
    const auto left = object_term();
    if (!is_symbol("|")) {
      if (precedence_of(now()) && !is_symbol(","))
        fail("In an object a value with operators needs brackets: {a: (1 + "
             "2)}.");
      return left;
    }
    step();
    const auto right = object_value();
    return add(form::pipe, place, {left, right});
  }

  std::uint32_t object_term() {
    const nest here{*this};
    const auto place = now().place;
    if (take("-"))
      return add(form::negate, place, {object_term()});
    return term();
  }

  std::string_view text_;
  std::vector<token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  syntax out_;
  std::optional<error> fault_;
};

} // namespace

result<syntax> parse(std::string_view text) {
  auto tokens = scan(text);
  if (!tokens)
    return tokens.error();
  return parser{text, std::move(*tokens)}.program();
}

result<syntax> parse_definitions(std::string_view text) {
  auto tokens = scan(text);
  if (!tokens)
    return tokens.error();
  return parser{text, std::move(*tokens)}.definitions();
}

} // namespace pawl::expression
