#define BOOST_TEST_MODULE trial.suite

#include "tests/trial/trying.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::trying;

namespace {

const auto some = R"(do:
- first: {call: http, with: {method: get, endpoint: 'http://svc.test/'}}
- twice: {set: {a: 1}}
- around: {do: [{twice: {set: {a: 2}}}]}
- run: {run: {shell: {command: ls}}}
- ask: {call: approval, with: {title: Go?}}
- raw: {call: http, with: {method: get, endpoint: 'http://svc.test/', output: raw}}
)";

/// The faults of a test with `text` in it: "line:column: detail".
std::vector<std::string> faults(const std::string& text) {
  const auto read = trial::read_suite(
    "workflow: w.yaml\ntests:\n- name: it\n  " + text + "\n", *made_of(some));
  std::vector<std::string> out;
  if (!read)
    for (const auto why = read.error(); const auto& f : why.faults)
      out.push_back(std::to_string(f.line) + ":" + std::to_string(f.column)
                    + ": " + f.detail);
  return out;
}

void only_fault(const std::string& text, const std::string& expected) {
  const auto all = faults(text);
  BOOST_TEST_CONTEXT(text) {
    BOOST_REQUIRE_EQUAL(all.size(), 1U);
    BOOST_TEST(all[0].find(expected) != std::string::npos, all[0]);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_not_known_is_named_with_its_place) {
  only_fault("inputs: {}", "4:3: a test has no member 'inputs'. Did you mean "
                           "'input'?");
  only_fault("mocks: {frist: {output: 1}}",
             "4:11: the definition has no task 'frist'. Did you mean 'first'?");
  only_fault("mocks: {first: {score: 1}}",
             "4:19: a mock has no member 'score'");
  only_fault("expect: {status: done}", "4:20: a status is needed");
  only_fault("expect: {ran: [first, secnd]}",
             "4:25: the definition has no task 'secnd'");
}

BOOST_AUTO_TEST_CASE(a_name_that_several_have_is_not_enough) {
  only_fault("expect: {visits: {twice: 1}}",
             "several tasks are called 'twice': name one of '/do/1/twice' and "
             "'/do/2/around/do/0/twice'");
  BOOST_TEST(faults("expect: {visits: {/do/1/twice: 1}}").empty());
}

BOOST_AUTO_TEST_CASE(a_mock_that_cannot_be_is_refused) {
  only_fault("mocks: {twice: {output: 1}}", "several tasks");
  only_fault("mocks: {/do/1/twice: {output: 1}}",
             "'/do/1/twice' is a 'set' task: it has no effect");
  only_fault("mocks: {ask: {output: 1}}", "stand in `approvals`");
  only_fault("mocks: {first: {output: 1, status: 200}}", "a mock has one of");
  only_fault("mocks: {first: {code: 1}}", "only programs end with a code");
  only_fault("mocks: {run: {status: 200}}", "only calls over HTTP");
  only_fault("mocks: {run: {output: {}}}", "what a program writes is text");
  only_fault("mocks: {raw: {output: abc}}", "the task puts out raw bytes");
  only_fault("mocks: {first: {error: {type: 'https://x.test/odd'}}}",
             "one of the standard errors");
  only_fault("mocks: {first: []}", "a mock needs one result at least");
  only_fault("mocks: {first: {output: 1, latency: soon}}",
             "4:39: 'soon' is not a duration");
  only_fault("approvals: {first: {by: ann}}", "'/do/0/first' is no approval");
  only_fault("approvals: {ask: {outcome: maybe}}", "'approved' or 'rejected'");
}

BOOST_AUTO_TEST_CASE(an_event_must_be_a_cloudevent) {
  only_fault("events: [{after: PT1S, event: {data: 1}}]",
             "4:33: type: Is missing.");
  BOOST_TEST(faults("events: [{event: {type: a}}]").empty());
}

BOOST_AUTO_TEST_CASE(all_faults_are_told_at_once) {
  BOOST_TEST(faults("at: noon\n  by: ''\n  expect: {duration: long}").size()
             == 3U);
  const auto two = trial::read_suite(
    "workflow: w\ntests:\n- name: a\n- name: a\n", *made_of(some));
  BOOST_REQUIRE(!two);
  BOOST_TEST(two.error().detail == "there is another test with this name");
  BOOST_TEST(!trial::read_suite("tests: []", *made_of(some)));
  BOOST_TEST(!trial::read_suite("tests: [", *made_of(some)));
}

BOOST_AUTO_TEST_CASE(the_head_tells_what_else_has_to_be_read) {
  const auto head = trial::read_suite_head(
    "workflow: a/b.yaml\nresources: {'https://x.test/f': f.yaml}\nodd: 1\n");
  BOOST_REQUIRE(head);
  BOOST_TEST(head->workflow == "a/b.yaml");
  BOOST_TEST(head->resources.at("https://x.test/f") == "f.yaml");
  BOOST_TEST(!trial::read_suite_head("tests: []"));
}

BOOST_AUTO_TEST_CASE(a_text_that_a_definition_needs_is_asked_for) {
  const std::string text
    = "document: {dsl: 1.0.3, namespace: t, name: f, version: 1.0.0}\n"
      "do:\n- a: {call: 'https://x.test/f.yaml'}\n";
  const auto without = trial::load_definition(text, {});
  BOOST_REQUIRE(!without);
  BOOST_TEST(without.error().detail.find("https://x.test/f.yaml")
             != std::string::npos);
  BOOST_TEST(static_cast<bool>(trial::load_definition(
    text, {{"https://x.test/f.yaml", "set: {a: 1}\n"}})));
}

BOOST_AUTO_TEST_CASE(differences_are_told_by_their_path) {
  std::vector<trial::difference> out;
  const auto value = [](std::string_view text) { return *parse_json(text); };
  const auto told = [&] {
    std::string all;
    for (const auto& one : out)
      all += one.path + " " + one.expected + " " + one.got + ";";
    out.clear();
    return all;
  };
  trial::differ("o", value(R"({"a":1,"b":[1,{"c":2}]})"),
                value(R"({"a":1.0,"b":[1,{"c":3}],"d":0})"), out);
  BOOST_TEST(told() == "o/b/1/c 2 3;o/d nothing 0;");
  trial::differ_partly("o", value(R"({"a":1,"n":null,"m":2})"),
                       value(R"({"a":1,"d":0})"), out);
  BOOST_TEST(told() == "o/m 2 nothing;");
  trial::differ("o", value("[1,2]"), value("[1]"), out);
  BOOST_TEST(told() == "o [1,2] [1];");
}

BOOST_AUTO_TEST_CASE(junit_names_what_failed_and_hides_no_character) {
  trial::verdict good{.name = "a < b", .passed = true};
  trial::verdict bad{.name = "b"};
  bad.differences.push_back({"output", "\"<\"", "\"\x01&\""});
  const auto xml = trial::to_junit({{"f.yaml", {good, bad}}});
  BOOST_TEST(xml.find("<testsuite name=\"f.yaml\" tests=\"2\" failures=\"1\" "
                      "errors=\"0\">")
             != std::string::npos);
  BOOST_TEST(xml.find("name=\"a &lt; b\"/>") != std::string::npos);
  BOOST_TEST(xml.find("message=\"output: expected &quot;&lt;&quot;, got "
                      "&quot;?&amp;&quot;\"")
             != std::string::npos);
}
