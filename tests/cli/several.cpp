#define BOOST_TEST_MODULE cli.several

#include "base/json.hpp"
#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using pawl::parse_json;
using program::run_pawl;

namespace {

std::string instance(const std::string& id, const std::string& status,
                     const std::string& more = {}) {
  return R"({"id":")" + id
         + R"(","workflow":{"namespace":"d","name":"w","version":"1.0.0"},)"
           R"("status":")"
         + status + "\"" + more + "}";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// i1 and i2 live, i3 has completed; schedules, tokens and secrets.
fake::reply small_daemon(const fake::request& r) {
  const auto path = r.target.substr(0, r.target.find('?'));
  if (path == "/v1/instances")
    return {200, R"({"items":[)" + instance("i1", "waiting") + ","
                   + instance("i2", "running") + ","
                   + instance("i3", "completed") + R"(],"nextCursor":null})"};
  if (path == "/v1/instances/i1" && r.method == "GET")
    return {200, instance("i1", "waiting",
                          R"(,"current":[{"task":"/do/0/ask","waitingFor":)"
                          R"({"kind":"approval"}}])")};
  if (path == "/v1/instances/i2" && r.method == "GET")
    return {200, instance("i2", "running", R"(,"current":[])")};
  if (path.starts_with("/v1/instances/i3"))
    return r.method == "DELETE" ? fake::reply{204, ""}
                                : fake::reply{200, instance("i3", "completed")};
  if (path.ends_with("/cancel"))
    return {200, instance(path.substr(14, 2), "cancelled")};
  if (path == "/v1/schedules")
    return {200, R"({"items":[{"id":"d.nightly"},{"id":"d.weekly"}]})"};
  if (path.starts_with("/v1/schedules/"))
    return {200, R"({"id":"d.nightly","status":"paused"})"};
  if (path == "/v1/tokens")
    return {200, R"({"items":[{"id":"abc1"},{"id":"abd2"}]})"};
  if (r.method == "DELETE" && path != "/v1/secrets/none")
    return {204, ""};
  return {404, R"({"title":"Not found","code":"not-found"})"};
}

/// The targets of the requests with this method.
std::vector<std::string> sent(const fake::server& to,
                              const std::string& method) {
  std::vector<std::string> out;
  for (const auto& one : to.seen())
    if (one.method == method)
      out.push_back(one.target);
  return out;
}

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(several)

BOOST_AUTO_TEST_CASE(takes_names_from_stdin) {
  fake::server s{small_daemon};
  auto ran = run_pawl(s.url(), {"cancel", "-", "-o", "name"}, "i1\n  i2\n");
  BOOST_TEST(ran.code == 0);
  BOOST_TEST(ran.out == "i1\ni2\n");
  BOOST_TEST((sent(s, "POST")
              == texts{"/v1/instances/i1/cancel", "/v1/instances/i2/cancel"}));
  // What reads a list gets a list, also when it has one item or none.
  auto one = run_pawl(s.url(), {"cancel", "-", "-o", "json"}, "i1");
  BOOST_TEST(parse_json(one.out).value().at("items").as_array().size() == 1U);
  auto none = run_pawl(s.url(), {"cancel", "-"}, "");
  BOOST_TEST(none.code == 0);
  BOOST_TEST(has(none.err, "nothing was named"));
  auto twice = run_pawl(s.url(), {"retry", "-", "-i", "-"}, "7");
  BOOST_TEST(twice.code == 2);
  BOOST_TEST(has(twice.err, "once only"));
}

BOOST_AUTO_TEST_CASE(shows_several_instances) {
  fake::server s{small_daemon};
  auto shown = run_pawl(s.url(), {"status", "i1", "i9", "i2"});
  BOOST_TEST(shown.code == 3);
  BOOST_TEST(has(shown.out, "id         i1\n"));
  BOOST_TEST(has(shown.out, "\n\nid         i2\n"));
  BOOST_TEST(has(shown.err, "i9: no instance has an id that begins"));
  auto json = run_pawl(s.url(), {"status", "i1", "-o", "json"});
  BOOST_TEST(parse_json(json.out).value().at("id") == "i1");
}

BOOST_AUTO_TEST_CASE(lists_what_the_waiting_wait_for) {
  fake::server s{small_daemon};
  auto listed = run_pawl(s.url(), {"ls"});
  BOOST_TEST(has(listed.out, "waiting    ask (approval)"), listed.out);
  BOOST_TEST((sent(s, "GET")
              == texts{"/v1/instances?limit=50", "/v1/instances/i1?namespace=d",
                       "/v1/instances/i2?namespace=d"}));
  // JSON is the API's, unchanged.
  (void)run_pawl(s.url(), {"ls", "-o", "json"});
  BOOST_TEST(sent(s, "GET").size() == 4U);
}

BOOST_AUTO_TEST_CASE(purges_and_names_what_is_gone) {
  fake::server s{small_daemon};
  auto gone = run_pawl(s.url(), {"purge", "i3", "-o", "name"});
  BOOST_TEST(gone.code == 0);
  BOOST_TEST(gone.out == "i3\n");
  BOOST_TEST((sent(s, "DELETE") == texts{"/v1/instances/i3"}));
}

BOOST_AUTO_TEST_CASE(one_failure_does_not_keep_the_others) {
  fake::server s{small_daemon};
  auto removed = run_pawl(s.url(), {"secret", "rm", "a", "none", "b"});
  BOOST_TEST(removed.code == 3);
  BOOST_TEST(has(removed.err, "removed a\npawl: none: Not found"));
  BOOST_TEST(has(removed.err, "removed b\n"));
  auto defs = run_pawl(s.url(), {"def", "rm", "d/w", "d/w@1.0.0"});
  BOOST_TEST(defs.code == 2);
  BOOST_TEST(has(defs.err, "say which version"));
  BOOST_TEST(has(defs.err, "removed d/w@1.0.0"));
}

BOOST_AUTO_TEST_CASE(schedules_and_tokens_have_prefixes_too) {
  fake::server s{small_daemon};
  auto paused = run_pawl(
    s.url(), {"schedule", "pause", "d.n", "--reason", "r", "-o", "name"});
  BOOST_TEST(paused.code == 0);
  BOOST_TEST(paused.out == "d.nightly\n");
  BOOST_TEST(s.seen().back().target == "/v1/schedules/d.nightly/pause");
  BOOST_TEST(s.seen().back().body == R"({"reason":"r"})");
  BOOST_TEST(run_pawl(s.url(), {"schedule", "pause", "d."}).code == 2);
  BOOST_TEST(run_pawl(s.url(), {"schedule", "pause", "x"}).code == 3);
  BOOST_TEST(run_pawl(s.url(), {"token", "revoke", "abc"}).code == 0);
  BOOST_TEST((sent(s, "DELETE") == texts{"/v1/tokens/abc1"}));
  auto many = run_pawl(s.url(), {"token", "revoke", "ab"});
  BOOST_TEST(many.code == 2);
  BOOST_TEST(has(many.err, "abd2"));
}

BOOST_AUTO_TEST_CASE(a_beginning_of_several_is_never_taken_for_one) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.method == "GET")
      return {200, R"({"items":[{"id":"01AB"},{"id":"01AC"}],)"
                   R"("nextCursor":null})"};
    return {204, ""};
  }};
  for (const auto& words :
       {texts{"hold", "release", "01A"}, texts{"hold", "show", "01A"},
        texts{"bulk", "stop", "01A"}, texts{"bulk", "show", "01A"},
        texts{"token", "show", "01A"}, texts{"schedule", "show", "01A"}}) {
    const auto ran = run_pawl(s.url(), words);
    BOOST_TEST(ran.code == 2, words[0] << ' ' << words[1]);
    BOOST_TEST(has(ran.err, "the beginning of 2 ids:\n  01AB\n  01AC"),
               ran.err);
    auto none = words;
    none.back() = "x";
    BOOST_TEST(run_pawl(s.url(), none).code == 3);
  }
  BOOST_TEST(run_pawl(s.url(), {"hold", "release", "01AB"}).code == 0);
  BOOST_TEST((sent(s, "DELETE") == texts{"/v1/holds/01AB"}));
}

BOOST_AUTO_TEST_CASE(reads_all_pages_of_the_queues) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.target.find("cursor") == r.target.npos)
      return {200, R"({"items":[{"name":"one"}],"nextCursor":"c"})"};
    return {200, R"({"items":[{"name":"two"}],"nextCursor":null})"};
  }};
  BOOST_TEST(run_pawl(s.url(), {"queue", "ls", "-o", "name"}).out
             == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(purges_by_query_as_a_bulk_operation) {
  fake::server s{[](const fake::request&) -> fake::reply {
    return {200, R"({"action":"delete","count":3,"samples":[]})"};
  }};
  const auto ran = run_pawl(
    s.url(), {"purge", "-q", "status=completed index.who=ann", "--dry-run"});
  BOOST_TEST(ran.code == 0, ran.err);
  BOOST_TEST(has(ran.err, "it would delete 3 instances"), ran.err);
  const auto body = parse_json(s.seen().at(0).body).value();
  BOOST_TEST(body.at("action") == "delete");
  BOOST_TEST(body.at("filter").at("index.who") == "ann");
  BOOST_TEST(run_pawl(s.url(), {"purge"}).code == 2);
  BOOST_TEST(run_pawl(s.url(), {"purge", "i1", "-q", "all"}).code == 2);
  BOOST_TEST(run_pawl(s.url(), {"purge", "i1", "--dry-run"}).code == 2);
  // The daemon redoes one at a time, so that is all that is offered.
  BOOST_TEST(run_pawl(s.url(), {"redo", "-q", "all", "--task", "/do/0/x"}).code
             == 2);
}

BOOST_AUTO_TEST_CASE(an_event_is_for_now_if_that_is_said) {
  fake::server s{small_daemon};
  (void)run_pawl(s.url(), {"emit", "t", "--instance", "i1", "--now"});
  BOOST_TEST(
    (sent(s, "POST") == texts{"/v1/instances/i1/events?buffer=false"}));
  BOOST_TEST(run_pawl(s.url(), {"emit", "t", "--now"}).code == 2);
}

BOOST_AUTO_TEST_CASE(says_who_one_is) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    BOOST_TEST(r.target == "/v1/whoami");
    return {200, R"x({"who":"token:1 (ci)","user":"ci","almighty":false,)x"
                 R"x("roles":[{"role":"operator","namespaces":["shop"]}]})x"};
  }};
  const auto told = run_pawl(s.url(), {"whoami"});
  BOOST_TEST(told.code == 0);
  for (const auto* part : {"token:1 (ci)", "operator on shop", "votes as  ci"})
    BOOST_TEST(has(told.out, part), told.out);
  BOOST_TEST(run_pawl(s.url(), {"whoami", "-o", "name"}).out
             == "token:1 (ci)\n");
}

BOOST_AUTO_TEST_CASE(a_pause_can_end_so_long_from_now) {
  fake::server s{small_daemon};
  (void)run_pawl(s.url(), {"pause", "i1", "--until", "2h"});
  BOOST_REQUIRE(!sent(s, "POST").empty());
  const auto body = parse_json(s.seen().back().body).value();
  BOOST_TEST(std::string{body.at("until").as_string()}.ends_with("Z"));
  BOOST_TEST(run_pawl(s.url(), {"pause", "i1", "--until", "soon"}).code == 2);
}

BOOST_AUTO_TEST_CASE(guesses_at_misspelt_words) {
  const std::string nowhere = "http://127.0.0.1:1";
  struct {
    texts words;
    const char* says;
  } cases[]
    = {{{"canecl", "i1"}, "no command 'canecl'; did you mean 'cancel'?"},
       {{"-o", "json", "def", "aply"},
        "no command 'def aply'; did you mean 'apply'?"},
       {{"pause", "i1", "--raeson", "x"},
        "no option --raeson; did you mean '--reason'?"},
       {{"ls", "--ulr=x"}, "no option --ulr; did you mean '--url'?"},
       {{"ls", "-s", "faultd"}, "faultd not in {pending,running,"},
       {{"frobnicate"}, "no command 'frobnicate'\n"}};
  for (const auto& c : cases) {
    auto ran = run_pawl(nowhere, c.words);
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(has(ran.err, c.says), ran.err);
  }
  BOOST_TEST(run_pawl(nowhere, {"status"}).err
             == "pawl: id is required\nTry: pawl status --help\n");
}

BOOST_AUTO_TEST_CASE(follows_the_events_of_all) {
  int connection = 0;
  fake::server s{[&](const fake::request& r) -> fake::reply {
    const auto number = std::to_string(++connection);
    BOOST_TEST(r.target == "/v1/events?namespace=d&workflow=w&type=io.x");
    return {200,
            "id: " + number
              + "\nevent: io.x.started\ndata: {\"time\":\"2026-01-01T00:00:00Z"
                "\",\"type\":\"io.x.started\",\"subject\":\"i"
              + number + "\"}\n\n",
            "Content-Type: text/event-stream\r\n", false, true};
  }};
  auto told = run_pawl(
    s.url(), {"events", "-f", "-w", "d/w", "--type", "io.x", "--count", "2"});
  BOOST_TEST(told.code == 0);
  BOOST_TEST(has(told.out, "io.x.started"));
  BOOST_TEST(has(told.out, "i1\n"));
  BOOST_TEST(has(told.out, "i2\n"));
  auto second = s.seen().at(1);
  BOOST_TEST(second.headers["Last-Event-ID"] == "1");
}

BOOST_AUTO_TEST_SUITE_END()
