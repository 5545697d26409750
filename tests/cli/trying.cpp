#define BOOST_TEST_MODULE cli.trying

#include "base/json.hpp"
#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using pawl::parse_json;
using program::run_pawl;

namespace {

const std::string nowhere = "http://127.0.0.1:1"; // Nobody may be asked.

const std::string flow = R"(document:
  dsl: '1.0.3'
  namespace: t
  name: pay
  version: '1.0.0'
do:
  - ask: {call: http, with: {method: get, endpoint: 'http://svc.invalid/a'}}
  - match: {set: {found: '${ .word | test("b+") }'}}
  - rest: {wait: P7D}
)";

const std::string tests = R"(workflow: flow.yaml
tests:
  - name: it finds
    mocks: {ask: {output: {word: abc}}}
    expect: {output: {found: true}, duration: P7D}
  - name: it is wrong
    mocks: {ask: [{status: 200, body: {word: cc}}]}
    expect: {output: {found: true}}
)";

/// A folder with the definition and a test file.
class folder {
public:
  folder()
      : at_{std::filesystem::temp_directory_path()
            / ("pawl-trying-" + std::to_string(getpid()))} {
    std::filesystem::create_directories(at_);
    write("flow.yaml", flow);
    write("flow.test.yaml", tests);
  }
  ~folder() { std::filesystem::remove_all(at_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{at_ / name} << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (at_ / name).string();
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream{at_ / name}.rdbuf();
    return out.str();
  }

private:
  std::filesystem::path at_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(trying)

BOOST_AUTO_TEST_CASE(tests_pass_and_fail_without_a_daemon) {
  const folder here;
  const auto all = run_pawl(nowhere, {"test", here.path("flow.test.yaml")});
  BOOST_TEST(all.code == 1);
  BOOST_TEST(has(all.out, "ok   it finds (3 tasks, P7D)\n"), all.out);
  BOOST_TEST(has(all.out, "FAIL it is wrong ("));
  BOOST_TEST(has(all.out, "     output/found: expected true, got false\n"));
  BOOST_TEST(has(all.out, "call http: GET http://svc.invalid/a"));
  BOOST_TEST(all.err == "1 passed, 1 failed\n");
  const auto one = run_pawl(
    nowhere, {"test", here.path("flow.test.yaml"), "--filter", "finds", "-q"});
  BOOST_TEST(one.code == 0);
  BOOST_TEST(one.out + one.err == "");
}

BOOST_AUTO_TEST_CASE(results_are_written_for_programs) {
  const folder here;
  const auto file = here.path("flow.test.yaml");
  const auto json = run_pawl(
    nowhere, {"test", file, "-o", "json", "--junit", here.path("out.xml")});
  BOOST_TEST(json.code == 1);
  const auto read = parse_json(json.out).value();
  BOOST_TEST(read.at("passed") == 1);
  BOOST_TEST(read.at("failed") == 1);
  const auto& bad = read.at("items").at(1);
  BOOST_TEST(bad.at("differences").at(0).at("path") == "output/found");
  BOOST_TEST(bad.at("path").at(0).at("action").at("method") == "GET");
  BOOST_TEST(has(here.text("out.xml"), "tests=\"2\" failures=\"1\""));
  BOOST_TEST(run_pawl(nowhere, {"test", file, "-o", "name"}).out
             == "it finds\nit is wrong\n");
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_told_by_line_and_column) {
  const folder here;
  here.write("bad.yaml", "workflow: flow.yaml\ntests:\n- name: a\n  mocks: "
                         "{aks: {output: 1}}\n");
  const auto bad = run_pawl(
    nowhere, {"test", here.path("bad.yaml"), here.path("flow.test.yaml")});
  BOOST_TEST(bad.code == 2);
  BOOST_TEST(has(bad.err, "bad.yaml:4:11: /tests/0/mocks/aks: the definition "
                          "has no task 'aks'. Did you mean 'ask'?"),
             bad.err);
  BOOST_TEST(has(bad.out, "ok   it finds")); // The other has its turn.
  here.write("lost.yaml", "workflow: gone.yaml\ntests: []\n");
  BOOST_TEST(run_pawl(nowhere, {"test", here.path("lost.yaml")}).code == 2);
  BOOST_TEST(run_pawl(nowhere, {"test", here.path("none.yaml")}).code == 2);
  BOOST_TEST(run_pawl(nowhere, {"test", here.path("")}).code == 2);
  BOOST_TEST(run_pawl(nowhere, {"test", here.path("flow.test.yaml"), "--filter",
                                "nothing"})
               .code
             == 2);
  here.write("flow.yaml", "document: {dsl: 1.0.3}\n");
  const auto broken = run_pawl(nowhere, {"test", here.path("flow.test.yaml")});
  BOOST_TEST(broken.code == 2);
  BOOST_TEST(has(broken.err, "flow.yaml:"));
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_a_file_shows_the_path) {
  const folder here;
  const auto shown
    = run_pawl(nowhere, {"run", here.path("flow.yaml"), "--dry-run", "--mock",
                         R"(ask={"word":"bb"})"});
  BOOST_TEST(shown.code == 0);
  BOOST_TEST(has(shown.out, "call http: GET http://svc.invalid/a"), shown.out);
  BOOST_TEST(has(shown.out, "output    {\"found\":true}\n"));
  BOOST_TEST(!has(shown.out, "assumed"));
  // What is said last of a task counts, and options can be repeated.
  BOOST_TEST(has(run_pawl(nowhere, {"run", here.path("flow.yaml"), "--dry-run",
                                    "--mock", R"(ask={"word":"bb"})", "--mock",
                                    R"(/do/0/ask={"word":"a"})"})
                   .out,
                 "output    {\"found\":false}\n"));
  BOOST_TEST(has(shown.err, "nothing was registered, started or called"));
  const auto blind = run_pawl(
    nowhere, {"run", here.path("flow.yaml"), "--dry-run", "-o", "json"});
  BOOST_TEST(blind.code == 0);
  const auto read = parse_json(blind.out).value();
  BOOST_TEST(read.at("status") == "faulted"); // null is no text.
  BOOST_TEST(read.at("assumed").at(0) == "/do/0/ask");
  BOOST_TEST(has(blind.err, "--mock TASK=JSON"));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_with_a_dry_run_is_refused) {
  const folder here;
  const auto file = here.path("flow.yaml");
  BOOST_TEST(run_pawl(nowhere, {"run", file, "--dry-run", "--follow"}).code
             == 2);
  BOOST_TEST(run_pawl(nowhere, {"run", file, "--mock", "ask=1"}).code == 2);
  for (const auto* mock : {"ask", "nobody=1", "match=1", "ask={"})
    BOOST_TEST(
      run_pawl(nowhere, {"run", file, "--dry-run", "--mock", mock}).code == 2,
      mock);
}

BOOST_AUTO_TEST_CASE(a_definition_of_the_daemon_is_read_and_no_more) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.method == "GET" && r.target == "/v1/definitions/t/pay/1.0.0")
      return {200, R"({"namespace":"t","name":"pay","version":"1.0.0",
        "document":{"document":{"dsl":"1.0.3","namespace":"t","name":"pay",
        "version":"1.0.0"},"do":[{"only":{"set":{"a":1}}}]}})"};
    return {404, R"({"title":"T","detail":"D","code":"not-found"})"};
  }};
  const auto shown = run_pawl(s.url(), {"run", "t/pay@1.0.0", "--dry-run"});
  BOOST_TEST(shown.code == 0);
  BOOST_TEST(has(shown.out, "output    {\"a\":1}\n"), shown.out);
  BOOST_TEST(s.seen().size() == 1U);
  BOOST_TEST(run_pawl(s.url(), {"run", "t/other", "--dry-run"}).code == 3);
}

BOOST_AUTO_TEST_SUITE_END()
