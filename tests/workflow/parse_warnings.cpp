#define BOOST_TEST_MODULE workflow.parse_warnings

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(warns_of_what_is_likely_not_meant) {
  struct row {
    std::string_view list, pointer, begins;
  };
  constexpr row rows[] = {
    {"  - a: {set: {t: 'Hi ${ .name }!'}}", "/do/0/a/set/t",
     "the text holds '${'"},
    {"  - a: {set: {x: 1}, then: end}\n  - b: {wait: PT1S}", "/do/1/b",
     "this task is never reached"},
    {"  - a: {raise: {error: {type: 'http://x', status: 1}}}\n"
     "  - b: {wait: PT1S}",
     "/do/1/b", "this task is never reached"},
    {"  - a:\n      switch:\n        - x: {when: .a, then: c}\n"
     "        - y: {then: c}\n  - b: {wait: PT1S}\n  - c: {wait: PT1S}",
     "/do/1/b", "this task is never reached"},
    {"  - end: {wait: PT1S}", "/do/0/end", "no 'then' can lead"},
    {"  - a: {wait: PT1S}\nextra: 1", "/extra",
     "a workflow has no member 'extra'."},
    {"  - a: {call: http, with: {method: get, endpoint: /pets}}",
     "/do/0/a/with/endpoint", "'/pets' is no whole URI"},
    {"  - a: {call: http, with: {method: gett, endpoint: 'http://x'}}",
     "/do/0/a/with/method", "'GETT' is an unusual method. Did you mean 'GET'?"},
    {"  - a: {listen: {to: {one: {with: {type: '('}}}}}",
     "/do/0/a/listen/to/one/with/type", "the text is no regular expression"},
  };
  for (const auto& [list, pointer, begins] : rows) {
    BOOST_TEST_CONTEXT(list) {
      const auto made = parsed(list);
      BOOST_TEST_REQUIRE(made->warnings.size() == 1U);
      BOOST_TEST(made->warnings[0].pointer == pointer);
      BOOST_TEST(made->warnings[0].detail.starts_with(begins),
                 made->warnings[0].detail);
      BOOST_TEST(made->warnings[0].line > 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(warns_of_no_task_that_can_be_reached) {
  constexpr std::string_view rows[] = {
    "  - a: {set: {x: 1}, if: .x, then: end}\n  - b: {wait: PT1S}",
    "  - a: {raise: {error: {type: 'http://x', status: 1}}, if: .x}\n"
    "  - b: {wait: PT1S}",
    "  - a: {wait: PT1S, then: c}\n  - b: {wait: PT1S}\n"
    "  - c: {wait: PT1S, then: b}",
    "  - a:\n      switch:\n        - x: {when: .a, then: end}\n"
    "  - b: {wait: PT1S}",
    "  - a:\n      try: []\n      catch: {then: b}\n      then: end\n"
    "  - b: {wait: PT1S}",
  };
  for (const auto list : rows)
    BOOST_TEST_CONTEXT(list)
  BOOST_TEST(parsed(list)->warnings.empty());
}
