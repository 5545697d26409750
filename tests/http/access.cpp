// Every route as every role, as nobody, and as a stranger to the namespace. A
// route that is not in the table below fails the first case.
#define BOOST_TEST_MODULE http.access

#include "http/dispatch.hpp"
#include "http/entrance.hpp"
#include "tests/http/fake_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

using namespace pawl;
using access::role;

namespace {

/// Who gets through to the handler, by operation: v(iewer), o(perator),
/// a(uthor), w(orker), p(approver), A(dmin), of one namespace. "*" is
/// everybody, without a token; "G" only an admin, and "g" only a viewer, of all
/// namespaces.
const std::map<std::string_view, std::string_view> expected = {
  {"define", "aA"},
  {"listDefinitions", "voaA"},
  {"readNewestDefinition", "voaA"},
  {"readDefinition", "voaA"},
  {"removeDefinition", "aA"},
  {"drawDefinition", "voaA"},
  {"drawDocument", "aA"},
  {"startInstance", "oA"},
  {"listInstances", "voaA"},
  {"readInstance", "voaA"},
  {"removeInstance", "oA"},
  {"pauseInstance", "oA"},
  {"resumeInstance", "oA"},
  {"cancelInstance", "oA"},
  {"retryInstance", "oA"},
  {"skipTask", "oA"},
  {"completeTask", "oA"},
  {"failTask", "oA"},
  {"rollBackInstance", "oA"},
  {"redoTask", "oA"},
  {"listRuns", "voaA"},
  {"restartInstance", "oA"},
  {"sendNamedEvent", "oA"},
  {"explainInstance", "voaA"},
  {"drawInstance", "voaA"},
  {"readHistory", "voaA"},
  {"followInstance", "voaA"},
  {"deliverEvent", "oA"},
  {"publishEvents", "oA"},
  {"followLifecycle", "voaA"},
  {"followByWebSocket", "voaA"},
  {"listSchedules", "voaA"},
  {"readSchedule", "voaA"},
  {"pauseSchedule", "oA"},
  {"resumeSchedule", "oA"},
  {"triggerSchedule", "oA"},
  {"backfillSchedule", "oA"},
  {"readCluster", "g"},
  {"whoAmI", "voapA"},
  {"listApprovals", "voapA"},
  {"readApproval", "voapA"},
  {"vote", "opA"},
  {"linkApproval", "G"},
  {"showLink", "*"},
  {"actOnLink", "*"},
  {"listQueues", "g"},
  {"readQueue", "g"},
  {"leaseJobs", "wA"},
  {"heartbeatLease", "wA"},
  {"completeLease", "wA"},
  {"failLease", "wA"},
  {"releaseLease", "wA"},
  {"previewRetention", "G"},
  {"orderBulk", "oA"},
  {"listBulks", "voaA"},
  {"readBulk", "voaA"},
  {"reportBulk", "voaA"},
  {"pauseBulk", "oA"},
  {"resumeBulk", "oA"},
  {"stopBulk", "oA"},
  {"takeBackup", "G"},
  {"listBackups", "G"},
  {"createHold", "oA"},
  {"listHolds", "voaA"},
  {"readHold", "voaA"},
  {"releaseHold", "oA"},
  {"putLimit", "oA"},
  {"listLimits", "voaA"},
  {"readLimit", "voaA"},
  {"removeLimit", "oA"},
  {"putFault", "G"},
  {"listFaults", "G"},
  {"readFault", "G"},
  {"removeFault", "G"},
  {"putFlag", "oA"},
  {"listFlags", "voaA"},
  {"readFlag", "voaA"},
  {"removeFlag", "oA"},
  {"putSubscription", "oA"},
  {"listSubscriptions", "voaA"},
  {"readSubscription", "voaA"},
  {"removeSubscription", "oA"},
  {"testSubscription", "oA"},
  {"redeliverSubscription", "oA"},
  {"listDeadMessages", "voaA"},
  {"readDeadMessage", "voaA"},
  {"removeDeadMessage", "oA"},
  {"readStats", "voaA"},
  {"putSecret", "G"},
  {"listSecrets", "G"},
  {"removeSecret", "G"},
  {"createToken", "G"},
  {"listTokens", "G"},
  {"readToken", "G"},
  {"revokeToken", "G"},
  {"listAudit", "G"},
  {"verifyAudit", "G"},
  {"livez", "*"},
  {"readyz", "*"},
  {"metrics", "g"},
  {"version", "*"},
  {"openapi", "*"},
  {"openapiOfVersion1", "*"},
};

const std::pair<char, role> letters[]
  = {{'v', role::viewer}, {'o', role::operator_}, {'a', role::author},
     {'w', role::worker}, {'p', role::approver},  {'A', role::admin}};

access::binding bound(role r, std::string ns) {
  return {.is = r,
          .of = r == role::worker || r == role::approver ? "q" : "",
          .namespaces = {std::move(ns)}};
}

std::string target_of(const http::route& line) {
  std::string out;
  for (std::string_view rest = line.pattern; !rest.empty();) {
    const auto open = rest.find('{');
    out.append(rest.substr(0, open));
    if (open == rest.npos)
      break;
    out.append(rest.substr(open).starts_with("{queue}") ? "q" : "a.b");
    rest.remove_prefix(rest.find('}') + 1);
  }
  return out;
}

std::string_view body_of(const http::route& line) {
  if (line.operation == "startInstance")
    return R"({"workflow":{"namespace":"a","name":"w"}})";
  if (line.operation == "createHold")
    return R"({"selector":{"namespace":"a"},"reason":"x"})";
  if (line.operation == "orderBulk")
    return R"({"action":"pause","filter":{"namespace":"a"}})";
  if (line.operation == "putSecret")
    return R"({"value":"x"})";
  if (line.operation == "createToken")
    return R"({"name":"x","roles":[{"role":"viewer","namespaces":"*"}]})";
  if (line.operation == "skipTask" || line.operation == "completeTask"
      || line.operation == "failTask")
    return R"({})";
  if (line.operation == "redoTask")
    return R"({"task":"/do/0/a"})";
  if (line.operation == "rollBackInstance")
    return R"({"to":"/do/0/a"})";
  if (line.operation == "vote" || line.operation == "linkApproval")
    return R"({"outcome":"approved"})";
  if (line.operation == "backfillSchedule")
    return R"({"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"})";
  if (line.operation == "leaseJobs")
    return R"({"worker":{"id":"w"}})";
  if (line.operation == "failLease")
    return R"({"error":{"title":"Broken"}})";
  switch (line.body) {
  case http::body_kind::form:
    return "token=x";
  case http::body_kind::event:
    return R"({"specversion":"1.0","type":"t","source":"s","id":"1"})";
  case http::body_kind::definition:
    return "document: {}";
  case http::body_kind::json:
    return "{}";
  case http::body_kind::none:
    break;
  }
  return {};
}

struct fixture {
  test::fake_daemon daemon;
  access::guard guard{4711, {.misses_max = 3}};
  std::vector<std::pair<access::mandate, unsigned>> refused;
  http::server_options options;
  http::router finder{http::routes()};
  const timestamp now = clock::now();
  access::mandate_ptr carried; ///< By the last request to the daemon.

  std::string make(std::vector<access::binding> roles) {
    auto [made, text] = access::make_token(
      {.name = "t", .roles = std::move(roles)}, "loopback", now);
    guard.add(std::move(made));
    return text;
  }

  http::response ask(const http::route& line, const std::string& token,
                     const access::peer& from
                     = {.is_local = true, .address = "127.0.0.1"}) {
    auto door = daemon.door();
    door.admit = [this](const auto& peer, const auto& field) {
      return guard.admit(peer, field, now);
    };
    door.stands = [this](const auto& who) { return guard.stands(who, now); };
    door.note_refusal = [this](const auto& by, auto status) {
      refused.emplace_back(by, status);
    };
    const auto target = target_of(line);
    const auto authorization = "Bearer " + token;
    http::request message{line.method, target, {}, body_of(line)};
    message.fields.push_back({"Host", "localhost"});
    if (!token.empty())
      message.fields.push_back({"Authorization", authorization});
    if (line.body == http::body_kind::event)
      message.fields.push_back(
        {"Content-Type", "application/cloudevents+json"});
    else if (line.body == http::body_kind::definition)
      message.fields.push_back({"Content-Type", "application/yaml"});
    else if (line.body == http::body_kind::json)
      message.fields.push_back({"Content-Type", "application/json"});
    const auto where = http::parse_target(target).value();
    auto todo = http::dispatch({finder, door, options}, message, where,
                               {true, "127.0.0.1", {}}, from);
    if (auto* now_said = std::get_if<http::response>(&todo.what))
      return *now_said;
    if (auto* wish = std::get_if<http::order>(&todo.what))
      wish->send([](const actors::reply&) {});
    if (auto* stream = std::get_if<http::stream>(&todo.what))
      stream->read(0, 1, [](const auto&) {});
    return http::json_response(200, "{}");
  }

  /// Whether the handler was reached: what it thinks of the request is not
  /// asked here.
  bool reached(const http::route& line, const std::string& token) {
    const auto said = ask(line, token);
    return said.status != 401 && said.status != 403 && said.status != 429;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(every_route_stands_in_the_table_with_a_need) {
  std::set<std::string_view> operations;
  for (const auto& line : http::routes()) {
    BOOST_TEST(expected.contains(line.operation),
               line.operation << ": say here who may do it");
    BOOST_TEST(static_cast<int>(line.needs) != 0, line.operation);
    operations.insert(line.operation);
  }
  for (const auto& [operation, roles] : expected)
    BOOST_TEST(operations.contains(operation), operation);
}

BOOST_FIXTURE_TEST_CASE(each_role_does_what_is_its_own_and_no_more, fixture) {
  for (const auto& [letter, r] : letters) {
    const auto here = make({bound(r, "a")});
    const auto everywhere = make({bound(r, "*")});
    for (const auto& line : http::routes()) {
      const auto who = expected.at(line.operation);
      const bool all = who == "*";
      const bool named = who.find(letter) != who.npos;
      BOOST_TEST_CONTEXT(line.operation << " as " << letter) {
        BOOST_TEST(reached(line, here) == (all || named));
        const bool global
          = (who == "G" && letter == 'A')
            || (who == "g"
                && std::string_view{"voaA"}.find(letter) != std::string::npos);
        BOOST_TEST(reached(line, everywhere) == (all || named || global));
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(nobody_gets_nothing_once_there_is_a_token, fixture) {
  for (const auto& line : http::routes())
    BOOST_TEST(reached(line, ""), line.operation);
  const auto token = make({bound(role::admin, "*")});
  for (const auto& line : http::routes()) {
    const bool open = expected.at(line.operation) == "*";
    const auto said = ask(line, "");
    BOOST_TEST((said.status != 401) == open, line.operation);
    if (open)
      continue;
    BOOST_TEST(said.type == "application/problem+json");
    BOOST_TEST(said.body.find("\"code\":\"unauthenticated\"")
               != std::string::npos);
    bool challenged = false;
    for (const auto& [name, value] : said.fields)
      challenged |= name == "WWW-Authenticate" && value.starts_with("Bearer");
    BOOST_TEST(challenged, line.operation);
    BOOST_TEST(reached(line, token), line.operation);
  }
}

BOOST_FIXTURE_TEST_CASE(a_refusal_names_the_role, fixture) {
  const auto token = make({bound(role::worker, "a")});
  for (const auto& line : http::routes()) {
    const auto who = expected.at(line.operation);
    if (who == "*" || who.find('w') != who.npos)
      continue;
    const auto said = ask(line, token);
    BOOST_TEST(said.status == 403U, line.operation);
    const auto body = parse_json(said.body).value();
    BOOST_TEST(body.at("code") == "forbidden");
    BOOST_TEST(body.at("role").as_string()
               == std::string{access::role_for(line.needs)});
  }
}

BOOST_FIXTURE_TEST_CASE(what_a_token_is_bound_to_goes_with_every_request,
                        fixture) {
  const auto token = make({bound(role::admin, "a")});
  const auto check = [&](const access::mandate_ptr& by, const char* what) {
    BOOST_TEST_REQUIRE(by != nullptr, what);
    BOOST_TEST(by->sees.covers("a", "w"), what);
    BOOST_TEST(!by->sees.covers("b", "w"), what);
    BOOST_TEST(!by->may.covers("b", "w"), what);
    BOOST_TEST(by->who.starts_with("token:"), what);
    BOOST_TEST(by->from == "127.0.0.1", what);
  };
  for (const auto& line : http::routes())
    static_cast<void>(ask(line, token));
  check(daemon.defined->by, "define");
  check(daemon.definition->by, "definition");
  check(daemon.definition_drawn->by, "draw definition");
  check(daemon.instance_drawn->by, "draw instance");
  check(daemon.document_drawn->by, "draw document");
  check(daemon.definitions_listed->by, "definitions");
  check(daemon.started->workflow.by, "start");
  check(daemon.read->which.by, "read");
  check(daemon.listed->by, "list");
  check(daemon.acted->which.by, "act");
  check(daemon.explained->by, "explain");
  check(daemon.purged->which.by, "purge");
  check(daemon.delivered->which.by, "deliver");
  check(daemon.published->by, "publish");
  check(daemon.schedules_listed->by, "schedules");
  check(daemon.stats_read->by, "stats");
  check(daemon.schedule->by, "schedule");
  check(daemon.schedule_acted->which.by, "act on schedule");
  check(daemon.triggered->which.by, "trigger");
  check(daemon.backfilled->which.by, "backfill");
  check(daemon.lifecycle_wanted->by, "lifecycle");
  check(daemon.history_asked->by, "history");
}

BOOST_FIXTURE_TEST_CASE(who_comes_without_tokens_is_recorded_all_the_same,
                        fixture) {
  for (const auto& line : http::routes())
    static_cast<void>(ask(line, ""));
  BOOST_TEST_REQUIRE(daemon.acted->which.by != nullptr);
  BOOST_TEST(daemon.acted->which.by->who == "loopback");
  BOOST_TEST(daemon.acted->which.by->sees.is_all());
  BOOST_TEST(daemon.secret_put->by->action == "putSecret");
  BOOST_TEST(daemon.token_made->by->action == "createToken");
  BOOST_TEST((daemon.read->which.by == nullptr));
}

BOOST_FIXTURE_TEST_CASE(keys_of_one_credential_are_not_those_of_another,
                        fixture) {
  const auto one = make({bound(role::admin, "a")});
  const auto other = make({bound(role::admin, "a")});
  const http::route* start = nullptr;
  for (const auto& line : http::routes())
    if (line.operation == "startInstance")
      start = &line;
  std::set<std::string> scopes;
  for (const auto& token : {one, other}) {
    auto door = daemon.door();
    door.admit = [this](const auto& peer, const auto& field) {
      return guard.admit(peer, field, now);
    };
    const auto authorization = "Bearer " + token;
    http::request message{"POST",
                          "/v1/instances",
                          {{"Host", "localhost"},
                           {"Content-Type", "application/json"},
                           {"Idempotency-Key", "k"},
                           {"Authorization", authorization}},
                          body_of(*start)};
    const auto where = http::parse_target("/v1/instances").value();
    auto todo = http::dispatch({finder, door, options}, message, where,
                               {true, "127.0.0.1", {}}, {});
    std::get<http::order>(todo.what).send([](const auto&) {});
    scopes.insert(daemon.started->once->scope);
  }
  BOOST_TEST(scopes.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(refusals_of_changes_are_told_for_the_audit_log,
                        fixture) {
  const auto viewer = make({bound(role::viewer, "a")});
  for (const auto& line : http::routes()) {
    refused.clear();
    static_cast<void>(ask(line, viewer));
    const bool told = line.method != "GET" && line.needs != access::need::open;
    BOOST_TEST(refused.size() == (told ? 1U : 0U), line.operation);
    if (told) {
      BOOST_TEST(refused[0].first.action == line.operation);
      BOOST_TEST(refused[0].first.who.starts_with("token:"));
      BOOST_TEST(refused[0].second == 403U);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(bad_tokens_are_told_to_wait, fixture) {
  make({bound(role::admin, "*")});
  const auto& line = http::routes()[0];
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(ask(line, "pawl_wrong").status == 401U);
  const auto late = ask(line, "pawl_wrong");
  BOOST_TEST(late.status == 429U);
  BOOST_TEST(late.body.find("too-many-bad-tokens") != std::string::npos);
  int waits = 0;
  for (const auto& [name, value] : late.fields)
    if (name == "Retry-After") {
      ++waits;
      BOOST_TEST(std::stoi(value) > 30);
    }
  BOOST_TEST(waits == 1);
}

BOOST_FIXTURE_TEST_CASE(a_worker_gets_through_to_his_queue_alone, fixture) {
  // No such route is built yet; this one is made for the rule.
  const http::route lease{"POST", "/v1/queues/{queue}/leases", "lease",
                          [](const http::call&) -> http::outcome {
                            return http::json_response(200, "{}");
                          },
                          access::need::work};
  const http::router small{{&lease, 1}};
  const auto token = make({bound(role::worker, "a")});
  const auto status = [&](const char* path) {
    auto door = daemon.door();
    door.admit = [this](const auto& peer, const auto& field) {
      return guard.admit(peer, field, now);
    };
    door.note_refusal = [](const auto&, auto) {};
    const auto authorization = "Bearer " + token;
    const http::request message{
      "POST",
      path,
      {{"Host", "localhost"}, {"Authorization", authorization}},
      {}};
    auto todo = http::dispatch({small, door, options}, message,
                               http::parse_target(path).value(),
                               {true, "127.0.0.1", {}}, {});
    return std::get<http::response>(todo.what).status;
  };
  BOOST_TEST(status("/v1/queues/q/leases") == 200U);
  BOOST_TEST(status("/v1/queues/other/leases") == 403U);
}

BOOST_FIXTURE_TEST_CASE(metrics_may_be_opened, fixture) {
  make({bound(role::admin, "*")});
  for (const auto& line : http::routes())
    if (line.operation == "metrics") {
      BOOST_TEST(ask(line, "").status == 401U);
      options.metrics_open = true;
      BOOST_TEST(ask(line, "").status == 200U);
    }
}
