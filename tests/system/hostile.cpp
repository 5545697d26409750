// Bad input never crashes, hangs or grows the daemon: each gets its problem,
// and the next client is served.
#define BOOST_TEST_MODULE system.hostile
#include "tests/system/daemon_fixture.hpp"

#include <boost/json/array.hpp>

#include <fstream>
#include <vector>

using namespace pawl;

namespace {

struct hostile_input {
  const char* what;
  std::string type;
  std::string body;
  std::vector<int> statuses;
};

std::string repeated(const std::string& part, int times) {
  std::string all;
  all.reserve(part.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i)
    all += part;
  return all;
}

std::string alias_bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before
            + repeated(", " + before, 9) + "]\n";
  }
  return text;
}

std::vector<hostile_input> definitions() {
  const std::string yaml = "application/yaml";
  const std::string json_type = "application/json";
  return {
    {"an empty body", yaml, "", {400, 422}},
    {"an alias bomb", yaml, alias_bomb(), {400, 413, 422}},
    {"deep YAML", yaml, repeated("[", 10'000), {400, 422}},
    {"deep JSON", json_type, repeated("[", 10'000), {400, 422}},
    {"deep maps", json_type, repeated("{\"a\":", 10'000), {400, 422}},
    {"indented YAML",
     yaml,
     [] {
       std::string text;
       for (int i = 0; i < 1000; ++i)
         text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
       return text;
     }(),
     {400, 422}},
    {"invalid UTF-8", yaml, "document: \"\xff\xfe\"\n", {400, 422}},
    {"a zero byte", yaml, std::string("document:\0 x", 12), {400, 422}},
    {"a huge number", json_type, R"({"document": 1e999999})", {400, 422}},
    {"a number of a million digits",
     json_type,
     "{\"document\": " + std::string(900'000, '9') + "}",
     {400, 422}},
    {"unknown fields",
     json_type,
     R"({"document": {"what": 1}, "why": 2})",
     {422}},
    {"half a document", json_type, R"({"document": {"dsl": )", {400}},
    {"a list", json_type, "[]", {400, 422}},
    {"duplicate keys", json_type, R"({"do": [], "do": []})", {400, 422}},
  };
}

std::size_t resident_kib(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:"))
      return std::stoul(line.substr(6));
  return 0;
}

struct fixture : test::daemon_fixture {
  ~fixture() {
    BOOST_TEST(daemon.exit_code() == -1, "the daemon has ended");
    BOOST_TEST(get("/livez").status == 200);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(hostile, fixture)

BOOST_AUTO_TEST_CASE(hostile_definitions_get_their_problem) {
  for (const auto& input : definitions()) {
    test::http_client client{daemon.port()};
    const auto answer = client.ask("POST", "/v1/definitions", input.body,
                                   "Content-Type: " + input.type + "\r\n");
    BOOST_TEST_CONTEXT(input.what << ": " << answer.status << " "
                                  << answer.body.substr(0, 300)) {
      BOOST_TEST(
        (std::find(input.statuses.begin(), input.statuses.end(), answer.status)
         != input.statuses.end()));
      BOOST_TEST(answer.field("content-type") == "application/problem+json");
    }
  }
  BOOST_TEST(resident_kib(daemon.pid()) < 512U * 1024);
}

BOOST_AUTO_TEST_CASE(unknown_ids_are_not_found) {
  for (const auto* path :
       {"/v1/instances/nobody", "/v1/instances/nobody/history",
        "/v1/instances/nobody/events", "/v1/definitions/a/b/1.0.0",
        "/v1/nothing", "/v1/instances/%00", "/v1/instances/..%2f.."}) {
    const auto answer = get(path);
    BOOST_TEST((answer.status == 404 || answer.status == 400),
               path << " gave " << answer.status);
    BOOST_TEST(answer.field("content-type") == "application/problem+json");
  }
}

BOOST_AUTO_TEST_CASE(a_body_of_a_gibibyte_is_refused_before_it_is_read) {
  test::http_client client{daemon.port()};
  client.send("POST /v1/definitions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
              "Content-Type: application/json\r\n"
              "Content-Length: 1073741824\r\n\r\n");
  BOOST_TEST(client.read_answer().status == 413);
}

BOOST_AUTO_TEST_CASE(noise_is_answered_or_cut) {
  const std::vector<std::string> noises{
    std::string(4096, '\0'),
    "GET\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET / HTTP/9.9\r\n\r\n",
    "POST /v1/instances HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Transfer-Encoding: chunked\r\n\r\nzzz\r\n",
    "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n"};
  for (const auto& noise : noises) {
    test::http_client client{daemon.port()};
    client.send(noise);
    client.half_close();
    const auto answer = client.read_answer();
    BOOST_TEST((answer.status == 0 || answer.status >= 400),
               "answered " << answer.status);
  }
}

BOOST_AUTO_TEST_CASE(a_runaway_expression_costs_its_own_task_an_error) {
  define("runaway", "do: [{s: {set: '${ [range(1e12)] | length }'}}]");
  define("endless", "do: [{s: {set: '${ def f: f; f }'}}]");
  define("bomb", "do: [{s: {set: '${ [limit(1e9; repeat(\"xxxxxxxxxxxxxxxx\"))]"
                 " | length }'}}]");
  define("fine", "do: [{s: {set: '${ [1, 2] | length }'}}]");
  for (const auto* name : {"runaway", "endless", "bomb"})
    BOOST_REQUIRE_EQUAL(start(name, name).status, 201);
  for (int i = 0; i < 64; ++i) {
    const auto answer = start("fine", "fine" + std::to_string(i));
    BOOST_REQUIRE_EQUAL(answer.status, 201);
    BOOST_TEST(parse_json(answer.body).value().at("status").as_string()
               == "completed");
  }
  for (const auto* name : {"runaway", "endless", "bomb"}) {
    BOOST_TEST(becomes(name, "faulted"), name << " is " << status(name));
    const auto type
      = std::string{instance(name).at("error").at("type").as_string()};
    BOOST_TEST(type.ends_with("/errors/expression"), type);
  }
}

BOOST_AUTO_TEST_CASE(a_loop_without_end_can_be_cancelled) {
  define("loop", "do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}, then: a}}]");
  BOOST_REQUIRE_EQUAL(start("loop", "loop").status, 201);
  const auto answer = post("/v1/instances/loop/cancel");
  BOOST_TEST(answer.status == 200, answer.body);
  BOOST_TEST(status("loop") == "cancelled");
}

BOOST_AUTO_TEST_SUITE_END()
