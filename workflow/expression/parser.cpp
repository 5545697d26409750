#include "workflow/expression/parser.hpp"

namespace pawl::expression {

namespace {

constexpr std::uint32_t height_max = 1'000;
constexpr int level_comma = 2;
constexpr int level_negate = 8; // As binary minus: -1 * 2 is -(1 * 2).

} // namespace

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

result<syntax> parser::program() {
  if (is_keyword("import") || is_keyword("include") || is_keyword("module"))
    fail("'" + now().text + "' is refused: a program is one expression.");
  out_.root = pipe();
  return finish("The expression should end here.");
}

result<syntax> parser::definitions() {
  std::vector<std::uint32_t> all;
  while (is_keyword("def"))
    all.push_back(definition(false));
  for (std::size_t i = all.size(); i-- > 1;)
    node(all[i - 1]).kids[1] = all[i];
  out_.root = all.empty() ? none : all.front();
  return finish("Only definitions may stand here.");
}

result<syntax> parser::finish(const char* sentence) {
  if (!fault_ && now().kind != token_kind::end)
    fail(sentence);
  if (fault_)
    return *std::move(fault_);
  return std::move(out_);
}

void parser::want(std::string_view s) {
  if (!take(s))
    fail("Here '" + std::string{s} + "' is missing.");
}

void parser::want_keyword(std::string_view s) {
  if (!take_keyword(s))
    fail("Here '" + std::string{s} + "' is missing.");
}

std::string parser::want_name(const char* sentence) {
  if (!is(token_kind::name)) {
    fail(sentence);
    return {};
  }
  auto name = now().text;
  step();
  return name;
}

void parser::fail(std::string sentence) {
  if (!fault_)
    fault_ = fault_at(text_, now().place, std::move(sentence));
  at_ = tokens_.size() - 1;
}

std::uint32_t parser::add(form kind, std::uint32_t place,
                          std::vector<std::uint32_t> kids, std::string text) {
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

std::uint32_t parser::operators(int least) {
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

std::uint32_t parser::joined(const token& op, std::uint32_t left,
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
std::uint32_t parser::operand() {
  auto got = prefix();
  while (is_symbol("?")) {
    const auto place = now().place;
    step();
    got = add(form::optional, place, {got});
  }
  return got;
}

std::uint32_t parser::prefix() {
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

std::uint32_t parser::condition(std::uint32_t place) {
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
