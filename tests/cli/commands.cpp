#define BOOST_TEST_MODULE cli.commands

#include "base/json.hpp"
#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fstream>

using pawl::parse_json;
using program::run_pawl;

namespace {

const std::string wf
  = R"("workflow":{"namespace":"d","name":"w","version":"1.0.0"})";

std::string instance(const std::string& id, const std::string& status,
                     const std::string& more = {}) {
  return R"({"id":")" + id + R"(",)" + wf + R"(,"status":")" + status
         + R"(","sequence":3,"startedAt":"2026-01-01T00:00:00Z")" + more + "}";
}

fake::reply problem(int status, const std::string& code,
                    const std::string& more = {}) {
  return {status,
          R"({"title":"T","detail":"D","code":")" + code + "\"" + more + "}"};
}

/// Two instances, aaa1 and aab2, of which the first has completed.
fake::reply small_daemon(const fake::request& r) {
  auto path = r.target.substr(0, r.target.find('?'));
  if (path == "/v1/instances" && r.method == "GET")
    return {200, R"({"items":[)" + instance("aaa1", "completed") + ","
                   + instance("aab2", "running") + R"(],"nextCursor":null})"};
  if (path == "/v1/instances/aaa1")
    return {200, instance("aaa1", "completed", R"(,"output":{"x":[1]})")};
  if (path == "/v1/instances/aab2")
    return {200, instance("aab2", "running")};
  if (path == "/v1/instances/aab2/pause")
    return {202, instance("aab2", "suspending")};
  if (path == "/v1/instances/aaa1/pause")
    return problem(409, "invalid-state",
                   R"(,"allowedActions":[{"name":"retry"}])");
  if (path == "/version")
    return {200, R"({"version":"9.9"})"};
  return problem(404, "not-found");
}

} // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(lists_in_every_format) {
  fake::server s{small_daemon};
  auto table = run_pawl(s.url(), {"ls"});
  BOOST_TEST(table.code == 0);
  BOOST_TEST(table.out.starts_with("ID    WORKFLOW   STATUS"));
  BOOST_TEST(table.out.find("\naab2  d/w@1.0.0  running") != std::string::npos);
  BOOST_TEST(run_pawl(s.url(), {"ls", "-o", "name"}).out == "aaa1\naab2\n");
  BOOST_TEST(run_pawl(s.url(), {"-o", "jsonl", "ls"}).out
             == instance("aaa1", "completed") + "\n"
                  + instance("aab2", "running") + "\n");
  auto json = run_pawl(s.url(), {"ls", "--output", "json"});
  BOOST_TEST(parse_json(json.out).value().at("items").get_array().size() == 2U);
  auto yaml = run_pawl(s.url(), {"ls", "-o", "yaml"});
  BOOST_TEST(yaml.out.starts_with("items:\n  - id: aaa1\n"));
  BOOST_TEST(run_pawl(s.url(), {"ls", "-o", "xml"}).code == 2);
}

BOOST_AUTO_TEST_CASE(sends_the_filters_of_a_list) {
  fake::server s{small_daemon};
  (void)run_pawl(s.url(), {"ls", "-w", "d/w@1", "-s", "running", "--label",
                           "a b=c", "--label", "d=e", "--limit", "7"});
  BOOST_TEST(s.seen().at(0).target
             == "/v1/instances?limit=7&namespace=d&workflow=w&version=1"
                "&status=running&label.a%20b=c&label.d=e");
}

BOOST_AUTO_TEST_CASE(takes_unique_prefixes_and_names_candidates) {
  fake::server s{small_daemon};
  auto found = run_pawl(s.url(), {"status", "aab", "-o", "json"});
  BOOST_TEST(found.code == 0);
  BOOST_TEST(parse_json(found.out).value().at("id") == "aab2");
  auto many = run_pawl(s.url(), {"pause", "aa"});
  BOOST_TEST(many.code == 2);
  BOOST_TEST(many.out.empty());
  BOOST_TEST(many.err.find("aaa1") != std::string::npos);
  BOOST_TEST(many.err.find("aab2") != std::string::npos);
  BOOST_TEST(run_pawl(s.url(), {"status", "zz"}).code == 3);
  BOOST_TEST(run_pawl(s.url(), {"status", "a/b"}).code == 2);
}

BOOST_AUTO_TEST_CASE(acts_on_all_and_tells_the_first_failure) {
  fake::server s{small_daemon};
  auto both = run_pawl(s.url(), {"pause", "aaa1", "aab2", "--reason", "r",
                                 "--mode", "interrupt", "-o", "name"});
  BOOST_TEST(both.code == 4);
  BOOST_TEST(both.out == "aab2\n");
  BOOST_TEST(both.err.find("try: pawl retry aaa1") != std::string::npos);
  auto last = s.seen().back();
  BOOST_TEST(last.target == "/v1/instances/aab2/pause");
  BOOST_TEST(last.body == R"({"reason":"r","mode":"interrupt"})");
  BOOST_TEST(last.headers["Idempotency-Key"].size() == 26U);
}

BOOST_AUTO_TEST_CASE(prints_results) {
  fake::server s{small_daemon};
  auto done = run_pawl(s.url(), {"result", "aaa1"});
  BOOST_TEST(done.code == 0);
  BOOST_TEST(done.out == "{\n  \"x\": [\n    1\n  ]\n}\n");
  BOOST_TEST(run_pawl(s.url(), {"result", "aaa1", "-o", "jsonl"}).out
             == "{\"x\":[1]}\n");
  BOOST_TEST(run_pawl(s.url(), {"result", "aab2"}).code == 4);
  BOOST_TEST(run_pawl(s.url(), {"result", "aab2", "--wait", "0.3"}).code == 6);
  BOOST_TEST(run_pawl(s.url(), {"result", "--wait", "aaa1"}).code == 0);
}

BOOST_AUTO_TEST_CASE(waits_for_the_end_and_tells_how_it_was) {
  struct {
    const char* status;
    int code;
  } cases[] = {{"completed", 0}, {"faulted", 10}, {"cancelled", 11}};
  for (const auto& c : cases) {
    int reads = 0;
    fake::server s{[&](const fake::request& r) -> fake::reply {
      if (r.method == "POST")
        return {201, instance("i1", "running")};
      if (++reads < 3)
        return {reads == 1 ? 200 : 304, instance("i1", "running"),
                "ETag: \"3\"\r\n"};
      return {200, instance("i1", c.status)};
    }};
    auto ended
      = run_pawl(s.url(), {"run", "d/w@1.0.0", "-i", "[1, 2]", "--id", "i1",
                           "--label", "k=v", "--wait", "-o", "name"});
    BOOST_TEST(ended.code == c.code, c.status);
    BOOST_TEST(ended.out == "i1\n");
    auto seen = s.seen();
    BOOST_TEST(seen[0].body
               == R"({"input":[1,2],"workflow":{"namespace":"d","name":"w",)"
                  R"("version":"1.0.0"},"id":"i1","labels":{"k":"v"}})");
    BOOST_TEST(seen[2].headers["If-None-Match"] == "\"3\"");
    BOOST_TEST(seen[2].headers["Prefer"] == "wait=20");
  }
}

BOOST_AUTO_TEST_CASE(registers_a_file_before_it_runs_it) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.target == "/v1/definitions")
      return {201, R"({"namespace":"d","name":"w","version":"1.0.0",
        "warnings":[{"pointer":"/x","line":2,"column":1,"detail":"odd"}]})"};
    return {201, instance("i1", "running")};
  }};
  auto run = run_pawl(s.url(), {"run", "-", "-o", "name"}, "document: {}\n");
  BOOST_TEST(run.code == 0);
  BOOST_TEST(run.out == "i1\n");
  BOOST_TEST(run.err == "stdin:2:1: warning: /x: odd\n");
  auto seen = s.seen();
  BOOST_TEST(seen[0].headers["Content-Type"] == "application/yaml");
  BOOST_TEST(seen[0].body == "document: {}\n");
  BOOST_TEST(seen[1].body == "{" + wf + "}");
}

BOOST_AUTO_TEST_CASE(validates_and_shows_faults_with_their_file) {
  fake::server s{[](const fake::request&) -> fake::reply {
    return problem(422, "invalid-definition",
                   R"(,"errors":[{"pointer":"/do","line":4,"column":2,)"
                   R"("detail":"missing"}])");
  }};
  std::string path = std::tmpnam(nullptr) + std::string{".yaml"};
  std::ofstream{path} << "x: 1\n";
  auto bad = run_pawl(s.url(), {"def", "validate", path});
  BOOST_TEST(bad.code == 1);
  BOOST_TEST(bad.out.empty());
  BOOST_TEST(bad.err.find("\n" + path + ":4:2: /do: missing\n")
             != std::string::npos);
  BOOST_TEST(s.seen()[0].target == "/v1/definitions?dryRun=true");
  std::remove(path.c_str());
  BOOST_TEST(run_pawl(s.url(), {"def", "apply", path}).code == 2);
}

BOOST_AUTO_TEST_CASE(applies_nothing_in_a_dry_run) {
  fake::server s{[](const fake::request&) -> fake::reply {
    return {200, R"({"namespace":"d","name":"w","version":"1.0.0"})"};
  }};
  auto dry = run_pawl(s.url(), {"def", "apply", "--dry-run", "-"}, "x: 1\n");
  BOOST_TEST(dry.code == 0);
  BOOST_TEST(s.seen()[0].target == "/v1/definitions?dryRun=true");
}

BOOST_AUTO_TEST_CASE(removes_without_a_question_where_nobody_can_answer) {
  fake::server s{[](const fake::request&) -> fake::reply { return {204, ""}; }};
  BOOST_TEST(run_pawl(s.url(), {"def", "rm", "d/w@1.0.0"}).code == 0);
  BOOST_TEST(run_pawl(s.url(), {"def", "rm", "-y", "d/w@1.0.0"}).code == 0);
  BOOST_TEST(s.seen()[1].method == "DELETE");
  BOOST_TEST(s.seen()[1].target == "/v1/definitions/d/w/1.0.0");
}

BOOST_AUTO_TEST_CASE(shows_the_source_as_it_was_sent) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    return {200, r.headers.at("Accept") + "\n# kept\n"};
  }};
  auto shown = run_pawl(s.url(), {"def", "show", "d/w", "--source"});
  BOOST_TEST(shown.out == "application/yaml\n# kept\n");
  BOOST_TEST(s.seen()[0].target == "/v1/definitions/d/w");
}

BOOST_AUTO_TEST_CASE(emits_a_cloud_event) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    return r.method == "GET" ? fake::reply{200, instance("i1", "waiting")}
                             : fake::reply{202, ""};
  }};
  auto sent = run_pawl(s.url(), {"emit", "t.x", "-d", "@-", "--id", "e1",
                                 "--subject", "s", "--instance", "i1"});
  BOOST_TEST(sent.code == 2); // There is no file named "-"; stdin is "-".
  sent = run_pawl(s.url(),
                  {"emit", "t.x", "-d", "-", "--id", "e1", "--subject", "s",
                   "--instance", "i1", "-o", "name"},
                  "{\"a\":1}");
  BOOST_TEST(sent.code == 0);
  BOOST_TEST(sent.out == "e1\n");
  auto posted = s.seen().back();
  BOOST_TEST(posted.target == "/v1/instances/i1/events");
  BOOST_TEST(posted.headers["Content-Type"] == "application/cloudevents+json");
  auto event = parse_json(posted.body).value();
  BOOST_TEST(event.at("type") == "t.x");
  BOOST_TEST(event.at("subject") == "s");
  BOOST_TEST(event.at("data").at("a") == 1);
}

BOOST_AUTO_TEST_CASE(repeats_a_lost_post_under_the_same_key) {
  int tries = 0;
  fake::server s{[&](const fake::request&) -> fake::reply {
    switch (++tries) {
    case 1:
      return {.status = 0, .body = {}, .drop = true};
    case 2:
      return {503, "", "Retry-After: 0\r\n"};
    default:
      return {201, instance("i1", "running")};
    }
  }};
  auto run = run_pawl(s.url(), {"run", "d/w", "-o", "name"});
  BOOST_TEST(run.code == 0);
  auto seen = s.seen();
  BOOST_TEST(seen.size() == 3U);
  for (auto& r : seen)
    BOOST_TEST(r.headers["Idempotency-Key"]
               == seen[0].headers["Idempotency-Key"]);
}

BOOST_AUTO_TEST_CASE(gives_up_when_the_daemon_stays_busy) {
  fake::server s{[](const fake::request&) -> fake::reply {
    return {503, R"({"title":"Busy"})", "Retry-After: 60\r\n"};
  }};
  auto busy = run_pawl(s.url(), {"ls", "--timeout", "1"});
  BOOST_TEST(busy.code == 6);
  BOOST_TEST(busy.err.find("Busy") != std::string::npos);
  BOOST_TEST(s.seen().size() == 1U);
}

BOOST_AUTO_TEST_CASE(maps_refusals_to_exit_codes) {
  for (auto [status, code] :
       {std::pair{401, 5}, {403, 5}, {404, 3}, {500, 1}}) {
    fake::server s{[&, answered = status](const fake::request&) {
      return problem(answered, "x");
    }};
    BOOST_TEST(run_pawl(s.url(), {"ls"}).code == code);
  }
  BOOST_TEST(run_pawl("http://127.0.0.1:1", {"ls"}).code == 7);
  BOOST_TEST(run_pawl("nonsense", {"ls"}).code == 2);
  BOOST_TEST(run_pawl("http://127.0.0.1:1", {"dance"}).code == 2);
  BOOST_TEST(run_pawl("http://127.0.0.1:1", {"run", "--help"}).code == 0);
}

BOOST_AUTO_TEST_CASE(lists_approvals_and_decides_by_a_prefix) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    const auto path = r.target.substr(0, r.target.find('?'));
    if (path == "/v1/approvals")
      return {200, R"({"items":[{"id":"aab2~3","title":"T","groups":["peer"],)"
                   R"("users":[],"mode":"any","votes":[],"due":null,)"
                     + wf + R"(}],"nextCursor":null})"};
    if (path == "/v1/approvals/aab2~3" && r.method == "POST")
      return {200, instance("aab2", "completed")};
    return problem(404, "not-found");
  }};
  auto table = run_pawl(s.url(), {"approvals", "ls", "--group", "peer"});
  BOOST_TEST(table.code == 0);
  BOOST_TEST(table.out.find("\naab2~3    d/w@1.0.0  T      peer")
             != std::string::npos);
  BOOST_TEST(s.seen().at(0).target == "/v1/approvals?limit=1000&group=peer");
  auto done = run_pawl(s.url(), {"reject", "aab", "-m", "no", "--by", "ann",
                                 "--group", "peer", "-d", "[1]", "-o", "name"});
  BOOST_TEST(done.code == 0);
  BOOST_TEST(done.out == "aab2\n");
  BOOST_TEST(s.seen().back().body
             == R"({"outcome":"rejected","comment":"no","by":"ann",)"
                R"("groups":["peer"],"data":[1]})");
  auto none = run_pawl(s.url(), {"approve", "zz"});
  BOOST_TEST(none.code == 3);
  BOOST_TEST(none.err.find("no open approval") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_both_versions) {
  fake::server s{small_daemon};
  auto both = run_pawl(s.url(), {"version", "-o", "json"});
  BOOST_TEST(parse_json(both.out).value().at("server").at("version") == "9.9");
  auto alone = run_pawl("http://127.0.0.1:1", {"version"});
  BOOST_TEST(alone.code == 7);
  BOOST_TEST(alone.out.starts_with("client"));
}

BOOST_AUTO_TEST_CASE(writes_completions_for_three_shells) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    auto script = run_pawl("http://127.0.0.1:1", {"completion", shell});
    BOOST_TEST(script.code == 0);
    BOOST_TEST(script.out.find("validate") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
