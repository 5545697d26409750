#include "workflow/expression/expression.hpp"

#include "workflow/expression/code.hpp"
#include "workflow/expression/evaluator.hpp"
#include "workflow/expression/text.hpp"

#include <cassert>

namespace pawl::expression {

namespace {

constexpr std::string_view blank = " \t\r\n\v\f";

std::string_view trimmed(std::string_view s) {
  const auto from = s.find_first_not_of(blank);
  if (from == std::string_view::npos)
    return {};
  return s.substr(from, s.find_last_not_of(blank) - from + 1);
}

// What jq prints for an error that nobody caught.
error uncaught(evaluator& e) {
  const val& what = e.error();
  if (what.is_text())
    return {errc::invalid_input, std::string{what.view()}};
  return {errc::invalid_input,
          "The expression raised " + excerpt(e.memory(), what, 200) + "."};
}

} // namespace

std::string_view strip_braces(std::string_view text) {
  const auto inner = trimmed(text);
  if (inner.size() < 4 || !inner.starts_with("${") || !inner.ends_with('}'))
    return {};
  return inner.substr(2, inner.size() - 3);
}

result<program_ptr> compile(std::string_view text,
                            std::span<const std::string_view> known) {
  const auto parsed = parse(text);
  if (!parsed)
    return parsed.error();
  auto made = lower(*parsed, text, known);
  if (!made)
    return made.error();
  return program_ptr{std::make_shared<compiled>(
    std::string{text}, std::move(*made), may_give_several(*parsed))};
}

result<std::vector<json::value>> evaluate_all(const program& what,
                                              const scope& in, budget& left) {
  assert(what.runs_on() == engine::native);
  const auto& code = static_cast<const compiled&>(what).steps();
  try {
    evaluator e{code, in, left};
    result<std::vector<json::value>> got;
    auto& results = *got;
    bool fine = true;
    if (val only; e.single()) {
      fine = e.one(only);
      if (fine)
        to_json(e.memory(), only, results.emplace_back());
    } else {
      fine = e.run([&](const val& v) {
        to_json(e.memory(), v, results.emplace_back());
        return true;
      });
    }
    if (!fine)
      return uncaught(e);
    return got;
  } catch (const budget_spent& spent) {
    return error{errc::too_large, spent.sentence};
  }
}

result<json::value> evaluate(const program& what, const scope& in,
                             budget& left) {
  assert(what.runs_on() == engine::native);
  const auto& code = static_cast<const compiled&>(what).steps();
  try {
    evaluator e{code, in, left};
    val first;
    int results = 0;
    const bool fine = e.single() ? e.one(first) : e.run([&](const val& v) {
      if (results++ == 0)
        first = v;
      return results < 2;
    });
    if (results > 1)
      return error{errc::invalid_input,
                   "The expression gives several values where one is needed."};
    if (!fine)
      return uncaught(e);
    result<json::value> got;
    to_json(e.memory(), first, *got);
    return got;
  } catch (const budget_spent& spent) {
    return error{errc::too_large, spent.sentence};
  }
}

} // namespace pawl::expression
