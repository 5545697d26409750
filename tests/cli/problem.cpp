#define BOOST_TEST_MODULE cli.problem

#include "cli/problem.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl::cli;

BOOST_AUTO_TEST_SUITE(problem)

BOOST_AUTO_TEST_CASE(shows_every_fault_where_an_editor_finds_it) {
  response refusal{422, {}, R"({"title":"Invalid definition","status":422,
    "detail":"2 faults","code":"invalid-definition","errors":[
    {"pointer":"/do/0/x","line":3,"column":7,"detail":"unknown task"},
    {"pointer":"/document","line":0,"column":0,"detail":"no version"},
    {"line":9,"column":0,"detail":"odd"}]})"};
  auto shown = to_failure(refusal, "f.yaml");
  BOOST_TEST((shown.code == exit_code::error));
  BOOST_TEST(shown.text
             == "Invalid definition: 2 faults [invalid-definition]\n"
                "f.yaml:3:7: /do/0/x: unknown task\n"
                "f.yaml: /document: no version\n"
                "f.yaml:9: odd");
}

BOOST_AUTO_TEST_CASE(says_a_thing_once) {
  response refusal{400, {}, R"({"title":"T","detail":"It is odd.",
    "code":"invalid-request","errors":[{"detail":"It is odd."}]})"};
  BOOST_TEST(to_failure(refusal).text == "T: It is odd. [invalid-request]");
}

BOOST_AUTO_TEST_CASE(hints_at_what_is_allowed) {
  response refusal{409, {}, R"({"title":"Not now","detail":"It is suspended.",
    "code":"invalid-state","allowedActions":[{"name":"resume"},
    {"name":"sing"},"cancel"]})"};
  auto shown = to_failure(refusal, "", "i1");
  BOOST_TEST((shown.code == exit_code::not_allowed));
  BOOST_TEST(shown.text
             == "Not now: It is suspended. [invalid-state]\n"
                "try: pawl resume i1, sing, pawl cancel i1");
}

BOOST_AUTO_TEST_CASE(hints_at_commands_that_can_be_typed) {
  response refusal{409, {}, R"({"title":"Not now","code":"invalid-state",
    "allowedActions":[{"name":"event","href":"/v1/instances/i1/events"},
    {"name":"rollback","href":"/v1/instances/i1/rollback"},
    {"name":"redo","href":"/v1/instances/i1/redo"},
    {"name":"approve","href":"/v1/approvals/i1~3"}]})"};
  BOOST_TEST(to_failure(refusal, "", "i1").text
             == "Not now [invalid-state]\ntry: pawl emit TYPE --instance i1, "
                "pawl rollback i1 --to TASK, pawl redo i1 --task TASK, "
                "pawl approve i1~3");
  refusal.body = R"({"title":"No","code":"invalid-transition","from":"draft",
    "to":"done","allowed":["matched","dropped"]})";
  BOOST_TEST(to_failure(refusal).text
             == "No [invalid-transition]\n"
                "from draft it may go to: matched, dropped");
  BOOST_TEST(
    to_failure({401, {}, R"({"title":"Who?"})"}).text.find("PAWL_TOKEN")
    != std::string::npos);
}

BOOST_AUTO_TEST_CASE(makes_do_with_what_is_no_problem_document) {
  for (const auto* body : {"", "<html>", "[1]", "{"})
    BOOST_TEST(to_failure({404, {}, body}).text == "Not found");
  BOOST_TEST(to_failure({500, {}, ""}).text == "The server answered 500");
}

BOOST_AUTO_TEST_CASE(maps_statuses_to_exit_codes) {
  struct {
    long status;
    int code;
  } cases[] = {{400, 1}, {401, 5}, {403, 5}, {404, 3}, {405, 1}, {408, 6},
               {409, 4}, {410, 3}, {412, 4}, {413, 1}, {422, 1}, {429, 6},
               {500, 1}, {503, 6}, {504, 6}, {507, 1}};
  for (const auto& c : cases)
    BOOST_TEST(static_cast<int>(exit_code_for(c.status)) == c.code, c.status);
}

BOOST_AUTO_TEST_SUITE_END()
