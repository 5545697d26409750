#define BOOST_TEST_MODULE http.verbs

#include "base/bytes.hpp"
#include "tests/http/dispatch_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::fixture;
using test::start;

BOOST_FIXTURE_TEST_SUITE(verbs, fixture)

BOOST_AUTO_TEST_CASE(acts_with_and_without_a_body) {
  using verb = actors::act_on_instance::verb;
  const std::pair<const char*, verb> verbs[]
    = {{"pause", verb::pause},   {"resume", verb::resume},
       {"cancel", verb::cancel}, {"retry", verb::retry},
       {"skip", verb::skip},     {"complete", verb::complete},
       {"fail", verb::fail}};
  for (const auto& [name, what] : verbs) {
    const auto path = std::string{"/v1/instances/a/"} + name;
    BOOST_TEST(ask("POST", path).status == 200U);
    BOOST_TEST((daemon.acted->what == what));
    BOOST_TEST((daemon.acted->mode == pause_mode::drain));
    BOOST_TEST(ask("POST", path + "?namespace=n", R"({"reason":"why"})",
                   {{"If-Match", "\"7\""}, {"Idempotency-Key", "k"}})
                 .status
               == 200U);
    BOOST_TEST(daemon.acted->reason == "why");
    BOOST_TEST((daemon.acted->which.ns == "n"));
    BOOST_TEST((daemon.acted->if_match == 7U));
    BOOST_TEST(daemon.acted->once.has_value());
    BOOST_TEST(ask("POST", path, {}, {{"If-Match", "7"}}).status == 400U);
    BOOST_TEST(ask("POST", path, R"({"why":1})").pointers == "/why ");
  }
  ask("POST", "/v1/instances/a/retry", R"({"input":null})");
  BOOST_TEST(daemon.acted->input->is_null());
}

BOOST_AUTO_TEST_CASE(names_dead_messages_of_a_subscription) {
  const std::string path = "/v1/subscriptions/crm/redeliver?namespace=shop";
  BOOST_TEST(ask("POST", path, "{}").status == 200U);
  BOOST_TEST(daemon.acted_on_subscription->messages.empty());
  BOOST_TEST(ask("POST", path, R"({"messages":["a","b"]})").status == 200U);
  BOOST_TEST(daemon.acted_on_subscription->messages.size() == 2U);
  BOOST_TEST(daemon.acted_on_subscription->which.ns == "shop");
  for (const auto* body : {R"({"messages":[]})", R"({"messages":"a"})",
                           R"({"messages":[1]})", R"({"messages":null})"})
    BOOST_TEST(ask("POST", path, body).pointers == "/messages ", body);
  BOOST_TEST(
    ask("POST", "/v1/subscriptions/crm/test", R"({"messages":["a"]})").pointers
    == "/messages ");

  BOOST_TEST(
    ask("GET", "/v1/subscriptions/crm/dead?namespace=shop&limit=7&cursor=c")
      .status
    == 200U);
  BOOST_TEST(daemon.kept_listed->dead_of == "crm");
  BOOST_TEST((daemon.kept_listed->ns == "shop"));
  BOOST_TEST(daemon.kept_listed->limit == 7U);
  BOOST_TEST(daemon.kept_listed->cursor == "c");
  for (const auto* method : {"GET", "DELETE"}) {
    daemon.kept_named.reset();
    BOOST_TEST(ask(method, "/v1/subscriptions/crm/dead/0a").status == 200U);
    BOOST_TEST(daemon.kept_named->name == "crm");
    BOOST_TEST(daemon.kept_named->message == "0a");
    BOOST_TEST(daemon.kept_named->ns.empty());
  }
}

BOOST_AUTO_TEST_CASE(reads_how_to_pause) {
  const auto pause = [this](const char* body) {
    return ask("POST", "/v1/instances/a/pause", body);
  };
  BOOST_TEST(pause(R"({"timers":"run","mode":"interrupt"})").status == 200U);
  BOOST_TEST((daemon.acted->mode == pause_mode::interrupt));
  BOOST_TEST(!daemon.acted->freeze);
  BOOST_TEST(!daemon.acted->until.has_value());
  BOOST_TEST(
    pause(R"({"timers":"freeze","until":"2030-01-01T00:00:00Z"})").status
    == 200U);
  BOOST_TEST(daemon.acted->freeze);
  BOOST_TEST(
    (daemon.acted->until == from_unix_ms(std::int64_t{1'893'456'000'000})));
  for (const auto* body :
       {R"({"mode":"x"})", R"({"timers":"x"})", R"({"until":"soon"})"})
    BOOST_TEST(pause(body).code == "invalid-request", body);
  BOOST_TEST(ask("GET", "/v1/instances?state=matched").status == 200U);
  BOOST_TEST(*daemon.listed->state == "matched");
}

BOOST_AUTO_TEST_CASE(reads_what_is_done_by_hand) {
  const auto act = [this](const std::string& verb, const char* body) {
    return ask("POST", "/v1/instances/a/" + verb, body);
  };
  BOOST_TEST(act("retry", R"({"from":"/do/0/a"})").status == 200U);
  BOOST_TEST(daemon.acted->task == "/do/0/a");
  BOOST_TEST(act("skip", R"({"task":"/do/0/a","output":[1]})").status == 200U);
  BOOST_TEST(daemon.acted->task == "/do/0/a");
  BOOST_TEST(to_text(*daemon.acted->output) == "[1]");
  BOOST_TEST(act("complete", R"({"iteration":3,"output":null})").status
             == 200U);
  BOOST_TEST(daemon.acted->lane == 3U);
  BOOST_TEST(daemon.acted->output->is_null());
  BOOST_TEST(act("fail", R"({"error":{"status":418}})").status == 200U);
  BOOST_TEST(daemon.acted->error.at("status").as_int64() == 418);
  BOOST_TEST(act("fail", R"({"error":"no"})").pointers == "/error ");
  for (const auto* body :
       {R"({"error":{"type":7}})", R"({"error":{"title":[]}})",
        R"({"error":{"status":"500"}})", R"({"error":{"status":0}})"})
    BOOST_TEST(act("fail", body).pointers == "/error ", body);
  BOOST_TEST(act("fail", R"({"output":1})").pointers == "/output ");
  BOOST_TEST(act("skip", R"({"iteration":0})").pointers == "/iteration ");
}

BOOST_AUTO_TEST_CASE(guards_every_mutation) {
  BOOST_TEST(
    ask("DELETE", "/v1/instances/a", {}, {{"If-Match", "\"9\""}}).status
    == 200U);
  BOOST_TEST((daemon.purged->if_match == 9U));
  // What has no ETag cannot match one.
  for (const auto* path : {"/v1/instances", "/v1/definitions"})
    BOOST_TEST(ask("POST", path, start, {{"If-Match", "\"9\""}}).status == 412U,
               path);
  BOOST_TEST(
    ask("DELETE", "/v1/definitions/n/w/1.0.0", {}, {{"If-Match", "\"9\""}})
      .status
    == 412U);
  BOOST_TEST(ask("POST", "/v1/instances", start, {{"If-Match", "*"}}).status
             == 200U);
  const std::string long_key(256, 'x');
  BOOST_TEST(
    ask("POST", "/v1/instances", start, {{"Idempotency-Key", long_key}}).status
    == 400U);
}

BOOST_AUTO_TEST_CASE(digests_all_that_a_repeat_must_repeat) {
  const auto digest = [&](std::string_view target, std::string_view body) {
    ask("POST", target, body, {{"Idempotency-Key", "k"}});
    return daemon.acted->once->body_digest;
  };
  const auto first = digest("/v1/instances/a/pause", "{}");
  BOOST_TEST(first == sha256("\n{}"));
  BOOST_TEST(first == digest("/v1/instances/a/pause", "{}"));
  BOOST_TEST(first != digest("/v1/instances/a/pause", "{ }"));
  BOOST_TEST(first != digest("/v1/instances/a/pause?namespace=n", "{}"));
  const auto event = [&](std::string_view id) {
    ask("POST", "/v1/events", "{}",
        {{"Idempotency-Key", "k"},
         {"Content-Type", "application/json"},
         {"ce-id", id},
         {"ce-source", "s"},
         {"ce-type", "t"},
         {"ce-specversion", "1.0"}});
    return daemon.published->once->body_digest;
  };
  BOOST_TEST(event("1") == event("1"));
  BOOST_TEST(event("1") != event("2"));
}

BOOST_AUTO_TEST_SUITE_END()
