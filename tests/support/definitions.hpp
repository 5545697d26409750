#pragma once

#include "workflow/parse.hpp"

#include <boost/test/unit_test.hpp>

#include <span>
#include <string>
#include <string_view>

namespace pawl::test {

constexpr std::string_view header
  = "document: {dsl: 1.0.3, namespace: test, name: flow, version: 0.1.0}\n";

/// What must stand against a document: the one fault's place and how its
/// sentence begins.
struct row {
  std::string_view text;
  std::string_view pointer;
  std::uint32_t line, column;
  std::string_view begins;
};

inline void check(const std::string& text, const row& want, errc code) {
  const auto got = parse_definition(text);
  BOOST_TEST_CONTEXT(text) {
    BOOST_TEST_REQUIRE(!got);
    const auto why = got.error();
    BOOST_TEST(slug(why.code) == slug(code));
    BOOST_TEST_REQUIRE(why.faults.size() == 1U,
                       why.faults.size()
                         << " faults, last: " << why.faults.back().pointer
                         << " " << why.faults.back().detail);
    BOOST_TEST(why.faults[0].pointer == want.pointer);
    BOOST_TEST(why.faults[0].line == want.line);
    BOOST_TEST(why.faults[0].column == want.column);
    BOOST_TEST(why.faults[0].detail.starts_with(want.begins),
               why.faults[0].detail);
    BOOST_TEST(why.detail == why.faults[0].detail);
  }
}

/// Each row's text stands behind the header: line 2 is its first.
inline void check_behind_header(std::span<const row> rows, errc code) {
  for (const auto& each : rows)
    check(std::string{header} + std::string{each.text}, each, code);
}

/// The definition of the tasks `list`, which stands below `do:`.
inline definition_ptr parsed(std::string_view list,
                             std::string_view more = "") {
  const auto text
    = std::string{header} + std::string{more} + "do:\n" + std::string{list};
  auto got = parse_definition(text);
  BOOST_TEST_REQUIRE(static_cast<bool>(got), text << "\n"
                                                  << got.error().detail);
  return *got;
}

/// What is particular to the task `i`.
template <class Kind>
const Kind& as(const definition& made, task_index i = 0) {
  return std::get<Kind>(made.tasks.at(i).kind);
}

/// The text of the one expression that `value` is.
inline std::string program_text(const dynamic_value& value) {
  const auto* program = std::get_if<expression::program_ptr>(&value.form);
  return program != nullptr ? (*program)->text() : "no expression";
}
inline std::string constant_text(const dynamic_value& value) {
  const auto* constant = std::get_if<datum>(&value.form);
  return constant != nullptr ? to_text(**constant) : "no constant";
}
/// The member `name` of an object with expressions.
inline const dynamic_value& member(const dynamic_value& of,
                                   std::string_view name) {
  for (const auto& [key, value] : std::get<dynamic_value::object>(of.form))
    if (key == name)
      return value;
  throw std::out_of_range{std::string{name}};
}
inline duration fixed(const std::optional<duration_rule>& rule) {
  return std::get<calendar_duration>(rule.value()).rest;
}

} // namespace pawl::test
