#define BOOST_TEST_MODULE http.session

#include "base/json.hpp"
#include "http/server.hpp"
#include "tests/http/fake_daemon.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <thread>

using namespace pawl;
using test::http_client;
using namespace std::chrono_literals;

namespace {

// Rude clients in front of a server. Deadlines are long, for loaded machines,
// but where a case waits for one.
struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  std::unique_ptr<http::server> server;

  fixture() {
    options.listen = {"127.0.0.1:0"};
    options.body_bytes_max = 100'000;
  }
  http_client client() {
    if (!server)
      server = http::server::start(options, daemon.door()).value();
    return http_client{server->port()};
  }
  test::http_answer raw(std::string_view bytes) {
    auto c = client();
    c.send(bytes);
    return c.read_answer();
  }
  bool alive() { return client().ask("GET", "/livez").status == 200; }
};

std::string code(const test::http_answer& from) {
  const auto body = parse_json(from.body);
  return body ? std::string{body->at("code").as_string()} : "no problem";
}

const std::string head = "POST /v1/instances HTTP/1.1\r\nHost: localhost\r\n"
                         "Content-Type: application/json\r\n";

} // namespace

BOOST_FIXTURE_TEST_SUITE(session, fixture)

BOOST_AUTO_TEST_CASE(answers_what_is_not_http_with_a_problem) {
  const std::string requests[] = {
    "hello\r\n\r\n",
    "GET\r\n\r\n",
    "GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: localhost\r\nA: \x01\r\n\r\n",
    "GET /livez HTTP/1.1\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "GET livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    head + "Content-Length: x\r\n\r\n",
    head + "Content-Length: -1\r\n\r\n",
    head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    head + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const auto& bytes : requests) {
    const auto said = raw(bytes);
    BOOST_TEST(said.status == 400, bytes << said.status);
    BOOST_TEST(said.field("Connection") == "close", bytes);
    BOOST_TEST(said.complete, bytes);
  }
  BOOST_TEST(code(raw("GET /livez HTTP/2.0\r\nHost: a\r\n\r\n"))
             == "version-not-supported");
  BOOST_TEST(alive());
}

BOOST_AUTO_TEST_CASE(refuses_a_large_body_before_reading_it) {
  auto c = client();
  c.send(head + "Content-Length: 1073741824\r\n\r\n");
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 413);
  BOOST_TEST(code(said) == "too-large");
  BOOST_TEST(said.body.find("\"instance\":\"/v1/instances\"")
             != std::string::npos);
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(refuses_a_large_body_that_never_said_so) {
  auto c = client();
  c.send(head + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, ' ') + "\r\n";
  for (int i = 0; i < 20; ++i)
    c.send(chunk);
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 413);
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(lets_a_client_that_sends_on_read_the_refusal) {
  auto c = client();
  c.send(head + "Content-Length: 3000000\r\n\r\n");
  c.send(std::string(3'000'000, 'x'));
  BOOST_TEST(c.read_answer().status == 413);
}

BOOST_AUTO_TEST_CASE(reads_chunked_bodies_and_stays) {
  auto c = client();
  c.send(
    head
    + "Transfer-Encoding: chunked\r\n\r\n"
      "a;x=y\r\n{\"workflow\r\n"
      "1f\r\n\":{\"namespace\":\"n\",\"name\":\"w\"}}\r\n0\r\nA: b\r\n\r\n");
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 200, said.body);
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(refuses_large_headers) {
  const std::string large(20'000, 'x');
  auto said = raw("GET /" + large + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  BOOST_TEST(said.status == 431);
  said
    = raw("GET /livez HTTP/1.1\r\nHost: localhost\r\nA: " + large + "\r\n\r\n");
  BOOST_TEST(said.status == 431);
  BOOST_TEST(code(said) == "header-too-large");
  BOOST_TEST(alive());
}

BOOST_AUTO_TEST_CASE(cuts_slow_headers) {
  options.header_deadline = 100ms;
  auto silent = client();
  auto slow = client();
  slow.send("GET /livez HT");
  BOOST_TEST(slow.read_answer().status == 408);
  BOOST_TEST(slow.hangs_up(5s));
  BOOST_TEST(silent.read_answer().status == 0); // Nothing to answer.
}

BOOST_AUTO_TEST_CASE(cuts_idle_clients) {
  options.idle_timeout = 100ms;
  auto c = client();
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(cuts_slow_bodies) {
  options.body_grace = 100ms; // It is the rate that cuts here.
  auto c = client();
  c.send(head + "Content-Length: 1000\r\n\r\n{");
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 408);
  BOOST_TEST(code(said) == "request-timeout");
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(gives_a_body_that_is_fast_enough_its_time) {
  options.body_bytes_per_second_min = 50;
  options.body_grace = 100ms;
  auto c = client();
  // 300 bytes buy 6 s beyond the grace; the rest comes in time.
  c.send(head + "Content-Length: 400\r\n\r\n" + std::string(300, ' '));
  std::this_thread::sleep_for(200ms);
  c.send(std::string(100, ' '));
  BOOST_TEST(c.read_answer().status == 400); // Spaces are not JSON, but whole.
}

BOOST_AUTO_TEST_CASE(answers_bodies_that_end_too_early) {
  auto c = client();
  c.send(head + "Content-Length: 100\r\n\r\n{");
  c.half_close();
  BOOST_TEST(c.read_answer().status == 400);
  auto gone = client();
  gone.send(head + "Content-Length: 100\r\n\r\n{");
  gone.reset();
  BOOST_TEST(alive());
}

BOOST_AUTO_TEST_CASE(keeps_the_connection_after_errors_that_are_understood) {
  auto c = client();
  BOOST_TEST(
    c.ask("POST", "/v1/instances", "{", "Content-Type: application/json\r\n")
      .status
    == 400);
  BOOST_TEST(c.ask("POST", "/v1/instances", "a=b").status == 415);
  BOOST_TEST(c.ask("POST", "/nothing", std::string(90'000, 'x')).status == 404);
  BOOST_TEST(c.ask("DELETE", "/livez").status == 405);
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(answers_hostile_bodies_and_lives) {
  const std::string bodies[] = {
    std::string(90'000, '['),
    std::string(45'000, '{') + std::string(45'000, '}'),
    "{\"a\":\"\xff\xfe\"}",
    "{\"a\":" + std::string(50'000, '9') + "}",
    std::string(90'000, '\0'),
    R"({"workflow":{"namespace":"\u0000","name":"\ud800"}})",
  };
  auto c = client();
  for (const auto& body : bodies) {
    const auto said = c.ask("POST", "/v1/instances", body,
                            "Content-Type: application/json\r\n");
    BOOST_TEST(said.status == 400, body.substr(0, 20) << said.body);
  }
}

BOOST_AUTO_TEST_CASE(tells_the_client_too_many_that_it_is) {
  options.connections_max = 3;
  std::vector<http_client> friends;
  for (int i = 0; i < 3; ++i) {
    friends.push_back(client());
    BOOST_TEST(friends.back().ask("GET", "/livez").status == 200);
  }
  auto more = client();
  const auto said = more.read_answer();
  BOOST_TEST(said.status == 503);
  BOOST_TEST(code(said) == "too-many-connections");
  BOOST_TEST(said.field("Retry-After") == "1");
  BOOST_TEST(more.hangs_up(5s));
  BOOST_TEST(friends[0].ask("GET", "/livez").status == 200);
  friends.clear();
  // Places free up; how soon is the server's business.
  bool served = false;
  for (int i = 0; i < 500 && !served; ++i)
    served = client().ask("GET", "/livez").status == 200;
  BOOST_TEST(served);
}

BOOST_AUTO_TEST_CASE(survives_clients_that_reset_in_every_state) {
  daemon.silent = true;
  for (int i = 0; i < 20; ++i) {
    auto c = client();
    if (i % 4 > 0)
      c.send("GET /v1/instances/x HTTP/1.1\r\n");
    if (i % 4 > 1)
      c.send("Host: localhost\r\n\r\n");
    c.reset();
  }
  BOOST_TEST(alive());
  server->stop(0ms);
}

BOOST_AUTO_TEST_CASE(cuts_a_client_that_does_not_read) {
  options.write_deadline = 100ms;
  daemon.next
    = actors::answer{200, std::string(20'000'000, 'x'), "", {}, false};
  std::promise<void> left;
  http::observer watching;
  watching.connections = [&, told = false](std::size_t open) mutable {
    if (open == 0 && !std::exchange(told, true))
      left.set_value();
  };
  server = http::server::start(options, daemon.door(), watching).value();
  {
    http_client c{server->port()};
    c.send("GET /v1/instances/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // We neither read nor leave; the server must do it.
    BOOST_REQUIRE(
      (left.get_future().wait_for(10s) == std::future_status::ready));
    BOOST_TEST(!c.read_answer().complete);
  }
  BOOST_TEST(alive());
  server.reset(); // It calls what stands on this frame.
}

BOOST_AUTO_TEST_CASE(sends_large_answers_whole) {
  const std::string large(5'000'000, 'x');
  daemon.next = actors::answer{200, large, "", {}, false};
  auto c = client();
  for (int i = 0; i < 3; ++i)
    BOOST_TEST((c.ask("GET", "/v1/instances/x").body == large));
}

BOOST_AUTO_TEST_CASE(contains_what_the_daemon_throws) {
  auto door = daemon.door();
  door.read = [](auto, auto) { throw std::runtime_error{"broken"}; };
  door.metrics = []() -> std::string { throw std::runtime_error{"broken"}; };
  server = http::server::start(options, door).value();
  auto c = client();
  BOOST_TEST(code(c.ask("GET", "/v1/instances/x")) == "internal");
  BOOST_TEST(c.ask("GET", "/metrics").status == 500);
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(serves_on_several_threads) {
  options.threads = 3;
  std::vector<http_client> clients;
  for (int i = 0; i < 9; ++i)
    clients.push_back(client());
  for (int round = 0; round < 20; ++round)
    for (auto& c : clients)
      BOOST_TEST(c.ask("GET", "/v1/instances/x").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
