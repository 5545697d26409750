#include "workflow/expression/parser.hpp"

namespace pawl::expression {

std::uint32_t parser::definition(bool with_rest) {
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

std::uint32_t parser::fold(form kind, std::uint32_t place) {
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

std::uint32_t parser::patterns() {
  const auto place = now().place;
  std::vector<std::uint32_t> all{pattern()};
  while (take("?//"))
    all.push_back(pattern());
  if (all.size() == 1)
    return all.front();
  return add(form::alternatives, place, std::move(all));
}

std::uint32_t parser::pattern() {
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

void parser::pattern_field(std::vector<std::uint32_t>& kids) {
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

} // namespace pawl::expression
