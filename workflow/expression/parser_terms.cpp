#include "workflow/expression/parser.hpp"

namespace pawl::expression {

// An object key that is followed by ':', but for '$name'.
std::uint32_t parser::key() {
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

std::uint32_t parser::term() {
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

std::uint32_t parser::suffix(form kind, std::uint32_t place,
                             std::vector<std::uint32_t> kids) {
  const auto made = add(kind, place, std::move(kids));
  if (take("?"))
    node(made).optional = true;
  return made;
}

std::uint32_t parser::brackets(std::uint32_t target, std::uint32_t place) {
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

std::uint32_t parser::term_head() {
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

std::uint32_t parser::symbol_head() {
  const auto place = now().place;
  if (take(".")) {
    const auto self = add(form::identity, place, {});
    if (is(token_kind::string_open)
        || (is(token_kind::format) && next().kind == token_kind::string_open)) {
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

std::uint32_t parser::call() {
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

std::uint32_t parser::string() {
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

std::uint32_t parser::object(std::uint32_t place) {
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

void parser::object_field(std::vector<std::uint32_t>& kids) {
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
std::uint32_t parser::object_value() {
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

std::uint32_t parser::object_term() {
  const nest here{*this};
  const auto place = now().place;
  if (take("-"))
    return add(form::negate, place, {object_term()});
  return term();
}

} // namespace pawl::expression
