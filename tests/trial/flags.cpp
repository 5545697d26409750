#define BOOST_TEST_MODULE trial.flags

#include "tests/trial/trying.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto reader = R"(do:
- now: {set: {was: '${ $runtime.metadata.flags.color // "none" }'}}
- rest: {wait: PT2H}
- then: {set: {was: '${ .was }', is: '${ $runtime.metadata.flags.color // "none" }'}}
)";

/// The tests of a file, which has `head` before them.
result<trial::suite> suite(const std::string& head, const std::string& tests) {
  return trial::read_suite("workflow: w.yaml\n" + head + "\ntests:\n" + tests,
                           *made_of(reader));
}

void only_fault(const result<trial::suite>& read, const std::string& expected) {
  BOOST_REQUIRE(!read);
  const auto why = read.error();
  BOOST_REQUIRE_EQUAL(why.faults.size(), 1U);
  BOOST_TEST(why.faults[0].detail.find(expected) != std::string::npos,
             why.faults[0].detail);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_test_has_the_flags_of_its_file_and_its_own) {
  const auto of = made_of(reader);
  const auto read = suite("flags: {color: red, other: 1}",
                          "- {name: a}\n"
                          "- {name: b, flags: {color: blue}}\n"
                          "- {name: c, flags: {color: null}}\n");
  BOOST_REQUIRE(read);
  std::string seen;
  for (const auto& one : read->tests)
    seen
      += to_text(trial::run_test(one, of, no_helper).came.shown.at("output"));
  BOOST_TEST(seen
             == R"({"was":"red","is":"red"}{"was":"blue","is":"blue"})"
                R"({"was":"none","is":"none"})");
}

BOOST_AUTO_TEST_CASE(flags_change_while_it_runs) {
  BOOST_TEST(wrong(made_of(reader), R"(flags: {color: red}
events:
- {after: PT1H, flags: {color: blue}}
expect: {output: {was: red, is: blue}, duration: PT2H})")
             == "");
  BOOST_TEST(wrong(made_of(reader), R"(flags: {color: red}
events: [{after: PT1H, flags: {color: null}}]
expect: {output: {was: red, is: none}})")
             == "");
  BOOST_TEST(wrong(made_of(reader), R"(events:
- {after: PT3H, flags: {color: blue}}
expect: {output: {was: none, is: none}, duration: PT2H})")
             == ""); // It comes too late.
}

BOOST_AUTO_TEST_CASE(the_helper_gets_the_flags_too) {
  const auto asks = made_of(
    R"(do:
- a: {set: {v: '${ $runtime.metadata.flags.name | test("b") }'}}
)");
  std::string given;
  const auto out
    = tried(asks, "flags: {name: abc}", [&](const sandbox::question& q) {
        for (const auto& [name, value] : q.variables)
          given += name + value;
        return result<std::vector<json::value>>{
          std::vector<json::value>{json::value(true)}};
      });
  BOOST_TEST(wrong(out) == "");
  BOOST_TEST(given.find(R"("flags":{"name":"abc"})") != std::string::npos,
             given);
}

BOOST_AUTO_TEST_CASE(what_is_no_flag_is_refused) {
  only_fault(suite("flags: [a]", "- {name: a}"), "flags must be an object");
  only_fault(suite("flags: {a b: 1}", "- {name: a}"),
             "the name of a flag is 1 to 128");
  only_fault(
    suite("", "- {name: a, flags: {a: '" + std::string(4096, 'x') + "'}}"),
    "longer than 4,096 bytes");
  only_fault(
    suite("", "- {name: a, events: [{flags: {a: 1}, event: {type: b}}]}"),
    "either an `event` or a change of `flags`");
  only_fault(suite("", "- {name: a, events: [{after: PT1S}]}"), "event");
}
