#define BOOST_TEST_MODULE workflow.parse_extensions

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

namespace {

/// Which extensions the task at `pointer` has, as digits.
std::string around(const definition& made, std::string_view pointer) {
  std::string out;
  for (const auto i : made.tasks.at(made.by_pointer.at(pointer)).extended_by)
    out += std::to_string(i);
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(puts_extensions_around_tasks_in_their_order) {
  const auto made = parsed(R"(
  - a: {set: {x: 1}}
  - b: {do: [{c: {wait: PT1S}}]}
  - d: {fork: {branches: [{e: {call: log}}]}}
  - f: {call: g}
)",
                           R"(use:
  functions: {g: {set: {y: 1}}}
  extensions:
    - zero: {extend: all, before: [{x: {set: {x: 1}, then: exit}}]}
    - one: {extend: set, when: $task.name == "a", after: [{x: {wait: PT1S}}]}
    - two: {extend: composite}
    - three: {extend: call}
)");
  BOOST_TEST(around(*made, "/do/0/a") == "01");
  BOOST_TEST(around(*made, "/do/1/b") == "02");
  BOOST_TEST(around(*made, "/do/1/b/do/0/c") == "0");
  BOOST_TEST(around(*made, "/do/2/d") == "02");
  BOOST_TEST(around(*made, "/do/2/d/fork/branches/0/e") == "03");
  BOOST_TEST(around(*made, "/do/3/f") == "03");
  BOOST_TEST(around(*made, "/use/functions/g") == "01");
  BOOST_TEST(around(*made, "/use/extensions/0/zero/before/0/x").empty());
  BOOST_TEST(around(*made, "/use/extensions/1/one/after/0/x").empty());
  BOOST_REQUIRE_EQUAL(made->extensions.size(), 4U);
  BOOST_TEST(made->extensions[0].name == "zero");
  BOOST_TEST(made->extensions[0].before.size() == 1U);
  BOOST_TEST(made->extensions[1].when->text() == R"($task.name == "a")");
  BOOST_TEST(made->extensions[1].after.size() == 1U);
}

BOOST_AUTO_TEST_CASE(does_not_extend_functions_that_extensions_call) {
  const auto made = parsed("  - a: {call: g}\n", R"(use:
  functions: {f: {set: {y: 1}}, g: {call: f}, h: {set: {y: 1}}}
  extensions: [{zero: {extend: all, before: [{x: {call: g}}]}}]
)");
  BOOST_TEST(around(*made, "/do/0/a") == "0");
  BOOST_TEST(around(*made, "/use/functions/g").empty());
  BOOST_TEST(around(*made, "/use/functions/f").empty());
  BOOST_TEST(around(*made, "/use/functions/h") == "0");
  BOOST_TEST(made->warnings.size() == 2U);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_extensions) {
  constexpr row rows[] = {
    {"do: []\nuse: {extensions: {a: {extend: all}}}", "/use/extensions", 3, 19,
     "'use.extensions' must be a list"},
    {"do: []\nuse: {extensions: [{a: {}}]}", "/use/extensions/0/a", 3, 24,
     "an extension needs 'extend'"},
    {"do: []\nuse: {extensions: [{a: {extend: do}}]}",
     "/use/extensions/0/a/extend", 3, 33, "'do' is not one of 'call',"},
    {"do: []\nuse: {extensions: [{a: {extend: all}}, {a: {extend: all}}]}",
     "/use/extensions/1/a", 3, 41, "an extension named 'a' is in this list"},
    {"do: []\nuse: {extensions: [{a: {extend: all, when: $input.x}}]}",
     "/use/extensions/0/a/when", 3, 44, "the variable $input cannot be used"},
    {"do: [{x: {wait: PT1S}}]\nuse: {extensions: [{a: {extend: all, before: "
     "[{b: {wait: PT1S, then: x}}]}}]}",
     "/use/extensions/0/a/before/0/b/then", 3, 70, "the task 'x' is at"},
  };
  check_behind_header(rows, errc::invalid_definition);
}
