#define BOOST_TEST_MODULE http.dispatch

#include "base/bytes.hpp"
#include "tests/http/dispatch_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::fixture;
using test::start;
using namespace std::chrono_literals;
using test::fixture;
using test::said;
using test::start;

BOOST_FIXTURE_TEST_SUITE(dispatch, fixture)

BOOST_AUTO_TEST_CASE(starts_with_all_that_the_body_says) {
  daemon.next = actors::answer{201, "{}", "/v1/instances/a", 1, true};
  const auto out = ask(
    "POST", "/v1/instances",
    R"({"workflow":{"namespace":"n","name":"w","version":"1.2.3"},"input":[1],)"
    R"("id":"a","labels":{"k":"v"}})",
    {{"Idempotency-Key", "key"}, {"Prefer", "wait=20"}});
  BOOST_TEST(out.status == 201U);
  BOOST_TEST(out.field("Location") == "/v1/instances/a");
  BOOST_TEST(out.field("ETag") == "\"1\"");
  BOOST_TEST(out.field("Idempotency-Replayed") == "true");
  BOOST_TEST(out.field("Preference-Applied") == "wait=20");
  BOOST_TEST((out.patience == duration{20s}));
  const auto& wish = *daemon.started;
  BOOST_TEST(wish.workflow.ns == "n");
  BOOST_TEST((wish.workflow.version == "1.2.3"));
  BOOST_TEST(to_text(wish.input) == "[1]");
  BOOST_TEST((wish.id == "a"));
  BOOST_TEST(wish.labels.at("k") == "v");
  BOOST_TEST((wish.wait == duration{20s}));
  BOOST_TEST(wish.once->scope == "\nPOST\n/v1/instances\nkey");
}

BOOST_AUTO_TEST_CASE(starts_with_as_little_as_possible) {
  BOOST_TEST(ask("POST", "/v1/instances", start).status == 200U);
  const auto& wish = *daemon.started;
  BOOST_TEST(to_text(wish.input) == "{}");
  BOOST_TEST((!wish.id && !wish.wait && !wish.once && wish.labels.empty()));
  BOOST_TEST(!wish.workflow.version.has_value());
}

BOOST_AUTO_TEST_CASE(refuses_bad_starts_with_every_fault) {
  const std::tuple<std::string, unsigned, const char*, const char*> table[] = {
    {"{", 400, "malformed", " "},
    {"[]", 422, "invalid-request", " "},
    {"{}", 422, "invalid-request", "/workflow "},
    {R"({"workflow":{}})", 422, "invalid-request",
     "/workflow/namespace /workflow/name "},
    {R"({"workflow":{"namespace":"n","name":"w","x":1},"y":2,"startAt":"z"})",
     422, "invalid-request", "/workflow/x /startAt /y "},
    {R"({"workflow":{"namespace":"n","name":"w"},"startAt":"z"})", 422,
     "invalid-request", "/startAt "},
    {R"({"workflow":{"namespace":1,"name":null},"id":"a/b","labels":{"":"x",)"
     R"("k":1}})",
     422, "invalid-request",
     "/workflow/namespace /workflow/name /id /labels/ /labels/k "},
    {R"({"a":1,"a":2})", 400, "malformed", "/a "},
    {"{}x", 400, "malformed", " "},
    {"{\"a\":\"\xff\"}", 400, "malformed", " "},
    {std::string(10000, '[') + std::string(10000, ']'), 400, "malformed", " "},
    {R"({"a":1e999})", 400, "malformed", " "},
  };
  for (const auto& [body, status, code, pointers] : table) {
    const auto out = ask("POST", "/v1/instances", body);
    const auto shown = body.substr(0, 60);
    BOOST_TEST(out.status == status, shown << ": " << out.status);
    BOOST_TEST(out.code == code, shown << ": " << out.code);
    if (status == 422)
      BOOST_TEST(out.pointers == pointers, shown << ": " << out.pointers);
  }
  BOOST_TEST(!daemon.started.has_value());
}

BOOST_AUTO_TEST_CASE(bounds_the_faults_it_tells) {
  std::string body{R"({"workflow":{"namespace":"n","name":"w"})"};
  for (int i = 0; i < 5000; ++i)
    body += ",\"x" + std::to_string(i) + "\":1";
  const auto out = ask("POST", "/v1/instances", body + "}");
  BOOST_TEST(out.status == 422U);
  BOOST_TEST(out.body.size() < 10'000U);
}

BOOST_AUTO_TEST_CASE(asks_for_declared_bodies) {
  const auto with = [&](std::string_view target, std::string_view type) {
    return ask("POST", target, start, {{"Content-Type", type}}).status;
  };
  BOOST_TEST(with("/v1/instances", "application/json; charset=utf-8") == 200U);
  BOOST_TEST(with("/v1/instances", "application/vnd.x+json") == 200U);
  BOOST_TEST(with("/v1/instances", "application/x-www-form-urlencoded")
             == 415U);
  BOOST_TEST(with("/v1/instances", "text/plain") == 415U);
  BOOST_TEST(with("/v1/instances/x/pause", "text/plain") == 415U);
  BOOST_TEST(with("/v1/definitions", "text/plain") == 415U);
  BOOST_TEST(with("/v1/events", "text/plain") == 415U);
  for (const auto* type : {"application/json", "application/yaml", "text/yaml",
                           "application/x-yaml", ""})
    BOOST_TEST(with("/v1/definitions", type) == 200U, type);
  BOOST_TEST(
    ask("POST", "/v1/instances", start,
        {{"Content-Encoding", "gzip"}, {"Content-Type", "application/json"}})
      .status
    == 415U);
  BOOST_TEST(ask("GET", "/v1/instances", "{}").status == 422U);
}

BOOST_AUTO_TEST_CASE(lists_by_every_filter) {
  BOOST_TEST(ask("GET", "/v1/instances?namespace=n&workflow=w&version=1.0.0&"
                        "status=waiting&label.a=1&label.b=2&startedAfter=2026-"
                        "01-01T00:00:00Z&startedBefore=2026-01-02T00:00:00Z&"
                        "quarantined=true&limit=1000&cursor=abc&"
                        "sort=updatedAt")
               .status
             == 200U);
  const auto& wish = *daemon.listed;
  BOOST_TEST((wish.ns == "n" && wish.workflow == "w"));
  BOOST_TEST((wish.status == instance_status::waiting));
  BOOST_TEST(wish.labels.size() == 2U);
  BOOST_TEST((*wish.started_before - *wish.started_after == 24h));
  BOOST_TEST((wish.quarantined == true && wish.limit == 1000U));
  BOOST_TEST(wish.cursor == "abc");
  BOOST_TEST((wish.order == list_order{list_order::time::updated, false}));
  ask("GET", "/v1/instances?sort=-createdAt");
  BOOST_TEST((daemon.listed->order == list_order{}));
}

BOOST_AUTO_TEST_CASE(a_workflow_may_be_named_with_its_namespace) {
  for (const auto* query : {"workflow=n/w", "workflow=n%2Fw&namespace=n"}) {
    ask("GET", std::string{"/v1/instances?"} + query);
    BOOST_TEST((daemon.listed->ns == "n" && daemon.listed->workflow == "w"));
  }
}

BOOST_AUTO_TEST_CASE(refuses_bad_queries) {
  const std::pair<const char*, unsigned> table[] = {
    {"limit=0", 422},
    {"limit=1001", 422},
    {"limit=x", 400},
    {"limit=", 400},
    {"status=gone", 422},
    {"startedAfter=now", 400},
    {"sort=id", 422},
    {"sort=--createdAt", 422},
    {"quarantined=yes", 422},
    {"what=1", 422},
    {"limit=1&limit=2", 422},
    {"label.=x", 422},
    {"dryRun=true", 422},
    {"workflow=a/", 422},
    {"workflow=/b", 422},
    {"workflow=a/b/c", 422},
    {"workflow=a/b&namespace=c", 422},
  };
  for (const auto& [query, status] : table)
    BOOST_TEST(ask("GET", std::string{"/v1/instances?"} + query).status
                 == status,
               query);
  BOOST_TEST(ask("POST", "/v1/definitions?dryRun=maybe", "a").status == 422U);
  BOOST_TEST(!daemon.listed.has_value());
}

BOOST_AUTO_TEST_CASE(reads_and_waits_for_change) {
  ask("GET", "/v1/instances/a?namespace=n", {},
      {{"If-None-Match", "\"42\""}, {"Prefer", "wait=20"}});
  BOOST_TEST((daemon.read->unless == 42U));
  BOOST_TEST((daemon.read->wait == duration{20s}));
  BOOST_TEST((daemon.read->which.ns == "n"));
  const auto capped
    = ask("GET", "/v1/instances/a", {},
          {{"If-None-Match", "\"42\""}, {"Prefer", "wait=3600"}});
  BOOST_TEST(capped.field("Preference-Applied") == "wait=60");
  BOOST_TEST((capped.patience == duration{60s}));
  // Nothing to compare with, so nothing to wait for.
  const auto at_once
    = ask("GET", "/v1/instances/a", {}, {{"Prefer", "wait=20"}});
  BOOST_TEST(!daemon.read->wait.has_value());
  BOOST_TEST(at_once.field("Preference-Applied") == "");
  BOOST_TEST(ask("GET", "/v1/instances/a%2Fb").status == 404U);
  BOOST_TEST(ask("GET", "/v1/instances/..").status == 404U);
  daemon.next = actors::answer{304, "", "", 42, false};
  const auto same
    = ask("GET", "/v1/instances/a", {}, {{"If-None-Match", "\"42\""}});
  BOOST_TEST(same.status == 304U);
  BOOST_TEST(same.field("ETag") == "\"42\"");
}

BOOST_AUTO_TEST_CASE(reads_definitions_both_ways) {
  ask("POST", "/v1/definitions?dryRun=true", "document: {}",
      {{"Content-Type", "text/yaml; charset=utf-8"}});
  BOOST_TEST(daemon.defined->dry_run);
  BOOST_TEST(daemon.defined->text == "document: {}");
  BOOST_TEST(daemon.defined->content_type == "text/yaml");
  BOOST_TEST(ask("POST", "/v1/definitions").status == 400U);
  ask("GET", "/v1/definitions?namespace=n&name=w&limit=5&cursor=c");
  BOOST_TEST(daemon.definitions_listed->ns == "n");
  BOOST_TEST(daemon.definitions_listed->limit == 5U);
  ask("GET", "/v1/definitions/n/w");
  BOOST_TEST(!daemon.definition->version.has_value());
  BOOST_TEST(!daemon.source);
  daemon.next = actors::answer{200, "a: 1", "text/yaml", {}, false};
  const auto out = ask("GET", "/v1/definitions/n/w/1.0.0", {},
                       {{"Accept", "application/yaml"}});
  BOOST_TEST(daemon.source);
  BOOST_TEST((daemon.definition->version == "1.0.0"));
  BOOST_TEST(out.body == "a: 1");
  BOOST_TEST(out.field("Location") == "");
}

BOOST_AUTO_TEST_CASE(pages_through_a_history) {
  for (int i = 0; i < 5; ++i)
    daemon.commit("task.started");
  const auto first = ask("GET", "/v1/instances/a/history?limit=2");
  const auto page = parse_json(first.body).value();
  BOOST_TEST(page.at("items").as_array().size() == 2U);
  BOOST_TEST(page.at("nextCursor") == "2");
  const auto last
    = parse_json(ask("GET", "/v1/instances/a/history?limit=3&cursor=2").body)
        .value();
  BOOST_TEST(last.at("items").at(0).at("sequence").as_int64() == 3);
  BOOST_TEST(last.at("nextCursor").is_null());
  BOOST_TEST(ask("GET", "/v1/instances/a/history?after=9").body
             == R"({"items":[],"nextCursor":null})");
  BOOST_TEST(ask("GET", "/v1/instances/a/history?after=x").status == 400U);
  daemon.no_history = actors::refusal{{errc::not_found, "no", {}}, {}, {}, {}};
  BOOST_TEST(ask("GET", "/v1/instances/a/history").body
             == "not-found/v1/instances/a/history");
}

BOOST_AUTO_TEST_CASE(takes_events_in) {
  const std::string_view event
    = R"({"id":"1","source":"s","type":"t","specversion":"1.0"})";
  const http::field one{"Content-Type", "application/cloudevents+json"};
  const http::field batch{"Content-Type", "application/cloudevents-batch+json"};
  ask("POST", "/v1/instances/a/events?buffer=false", event, {one});
  BOOST_TEST(!daemon.delivered->buffer);
  BOOST_TEST(ask("POST", "/v1/instances/a/events", "[]", {batch}).status
             == 415U);
  ask("POST", "/v1/events?namespace=n",
      "[" + std::string{event} + "," + std::string{event} + "]", {batch});
  BOOST_TEST(daemon.published->events.size() == 2U);
  BOOST_TEST((daemon.published->ns == "n"));
  const auto out = ask("POST", "/v1/events", R"({"id":"1"})", {one});
  BOOST_TEST(out.status == 422U);
  BOOST_TEST(out.pointers == "/source /type /specversion ");
  BOOST_TEST(ask("PUT", "/v1/events").field("Allow") == "POST, GET, HEAD");
}

BOOST_AUTO_TEST_CASE(acts_on_schedules) {
  ask("GET", "/v1/schedules?namespace=n&limit=5");
  BOOST_TEST(daemon.schedules_listed->ns == "n");
  BOOST_TEST(daemon.schedules_listed->limit == 5U);
  ask("GET", "/v1/schedules/n.flow");
  BOOST_TEST(daemon.schedule->id == "n.flow");
  ask("POST", "/v1/schedules/n.flow/pause", R"({"reason":"r"})",
      {{"Idempotency-Key", "k"}});
  BOOST_TEST(daemon.schedule_acted->which.id == "n.flow");
  BOOST_TEST(daemon.schedule_acted->reason == "r");
  BOOST_TEST(daemon.schedule_acted->once.has_value());
  ask("POST", "/v1/schedules/n.flow/trigger", R"({"input":{"x":1}})");
  BOOST_TEST((daemon.triggered->input == json::object{{"x", 1}}));
  BOOST_TEST(
    ask("POST", "/v1/schedules/n.flow/resume", R"({"until":"x"})").status
    == 422U);
}

BOOST_AUTO_TEST_CASE(turns_strangers_away) {
  BOOST_TEST(ask("GET", "/livez", {}, {{"Origin", "http://evil"}}).code
             == "forbidden-origin");
  BOOST_TEST(ask("GET", "/livez", {}, {{"Host", "evil.example"}}).code
             == "forbidden-host");
}

BOOST_AUTO_TEST_CASE(tells_health) {
  BOOST_TEST(ask("GET", "/readyz").status == 200U);
  daemon.unready = "starting";
  const auto out = ask("GET", "/readyz");
  BOOST_TEST(out.status == 503U);
  BOOST_TEST(out.code == "not-ready");
  BOOST_TEST(out.field("Retry-After") == "1");
  BOOST_TEST(ask("GET", "/livez").status == 200U);
  BOOST_TEST(ask("GET", "/metrics").body == "pawl_up 1\n");
  BOOST_TEST(ask("GET", "/v1/openapi.json").body
             == ask("GET", "/openapi.json").body);
}

BOOST_AUTO_TEST_SUITE_END()
