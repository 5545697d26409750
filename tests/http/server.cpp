#define BOOST_TEST_MODULE http.server

#include "http/server.hpp"

#include "base/json.hpp"
#include "tests/http/fake_daemon.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <thread>

using namespace pawl;
using test::http_client;
using namespace std::chrono_literals;

namespace {

// A server on a free port in front of a daemon of lambdas.
struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  std::mutex lock;
  std::vector<std::pair<std::string, unsigned>> seen;
  std::unique_ptr<http::server> server; // Last, so that it ends first.

  fixture() { options.listen = {"127.0.0.1:0"}; }

  http_client client() {
    if (!server)
      server = http::server::start(options, daemon.door(), watching()).value();
    return http_client{server->port()};
  }
  http::observer watching() {
    http::observer out;
    out.answered = [this](const http::exchange& e) {
      const std::lock_guard hold{lock};
      seen.emplace_back(e.route, e.status);
    };
    return out;
  }
};

// A member of the answer's JSON body, as text.
std::string member(const test::http_answer& from, std::string_view name) {
  const auto body = parse_json(from.body).value();
  return std::string{body.at(name).as_string()};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(server, fixture)

BOOST_AUTO_TEST_CASE(answers_and_keeps_the_connection) {
  auto c = client();
  for (int i = 0; i < 3; ++i) {
    const auto said = c.ask("GET", "/livez");
    BOOST_TEST(said.status == 200);
    BOOST_TEST(said.body == R"({"status":"alive"})");
    BOOST_TEST(said.field("Server") == "pawl");
    BOOST_TEST(said.field("Connection") == "");
    BOOST_TEST(said.field("Date").ends_with(" GMT"));
  }
}

BOOST_AUTO_TEST_CASE(says_404_and_405_as_problems_and_goes_on) {
  auto c = client();
  const auto lost = c.ask("GET", "/v1/nothing");
  BOOST_TEST(lost.status == 404);
  BOOST_TEST(lost.field("Content-Type") == "application/problem+json");
  BOOST_TEST(member(lost, "type") == "/problems/not-found");
  BOOST_TEST(member(lost, "instance") == "/v1/nothing");
  const auto wrong = c.ask("PATCH", "/v1/instances");
  BOOST_TEST(wrong.status == 405);
  BOOST_TEST(wrong.field("Allow") == "POST, GET, HEAD");
  BOOST_TEST(c.ask("GET", "/version").status == 200);
}

BOOST_AUTO_TEST_CASE(tells_who_counts_route_and_status) {
  auto c = client();
  c.ask("GET", "/v1/instances/x");
  c.ask("GET", "/nothing");
  c.ask("GET", "/livez"); // What came before has been told now.
  const std::lock_guard hold{lock};
  BOOST_REQUIRE(seen.size() >= 2);
  BOOST_TEST(seen[0].first == "/v1/instances/{id}");
  BOOST_TEST(seen[0].second == 200U);
  BOOST_TEST(seen[1].first == "");
  BOOST_TEST(seen[1].second == 404U);
}

BOOST_AUTO_TEST_CASE(answers_head_with_length_and_no_body) {
  auto c = client();
  const auto said = c.ask("HEAD", "/livez");
  BOOST_TEST(said.status == 200);
  BOOST_TEST(said.field("Content-Length") == "18");
  BOOST_TEST(c.ask("GET", "/livez").body == R"({"status":"alive"})");
}

BOOST_AUTO_TEST_CASE(answers_pipelined_requests_in_order) {
  auto c = client();
  std::string many;
  for (int i = 0; i < 50; ++i)
    many += "GET /v1/none" + std::to_string(i)
            + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  c.send(many);
  for (int i = 0; i < 50; ++i)
    BOOST_TEST(member(c.read_answer(), "instance")
               == "/v1/none" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(answers_a_client_that_has_closed_its_side) {
  auto c = client();
  c.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  c.half_close();
  BOOST_TEST(c.read_answer().status == 200);
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(closes_when_asked_and_with_http_1_0) {
  auto c = client();
  const auto said = c.ask("GET", "/livez", {}, "Connection: close\r\n");
  BOOST_TEST(said.field("Connection") == "close");
  BOOST_TEST(c.hangs_up(5s));
  auto old = client();
  old.send("GET /livez HTTP/1.0\r\n\r\n");
  BOOST_TEST(old.read_answer().status == 200);
  BOOST_TEST(old.hangs_up(5s));
}

BOOST_AUTO_TEST_CASE(lets_a_client_that_expects_it_send_its_body) {
  auto c = client();
  c.send("POST /v1/instances HTTP/1.1\r\nHost: localhost\r\nExpect: "
         "100-continue\r\nContent-Type: application/json\r\nContent-Length: "
         "43\r\n\r\n");
  BOOST_TEST(c.read_head().status == 100);
  c.send(R"({"workflow":{"namespace":"a","name":"bcd"}})");
  BOOST_TEST(c.read_answer().status == 200);
  BOOST_TEST(daemon.started->workflow.name == "bcd");
}

BOOST_AUTO_TEST_CASE(refuses_before_an_expected_body_is_sent) {
  auto c = client();
  c.send("POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nExpect: "
         "100-continue\r\nContent-Length: 100000\r\n\r\n");
  BOOST_TEST(c.read_answer().status == 404);
  BOOST_TEST(c.hangs_up(5s));
  auto other = client();
  other.send("POST /v1/instances HTTP/1.1\r\nHost: localhost\r\nExpect: "
             "tea\r\nContent-Length: 10\r\n\r\n");
  BOOST_TEST(other.read_answer().status == 417);
}

BOOST_AUTO_TEST_CASE(serves_a_unix_socket_and_removes_it) {
  const auto path = (std::filesystem::temp_directory_path()
                     / ("pawl-http-" + std::to_string(::getpid()) + ".sock"))
                      .string();
  options.listen = {"unix:" + path};
  server = http::server::start(options, daemon.door()).value();
  http_client c{path};
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
  // Served, so a second one is refused; it does not take the place away.
  BOOST_TEST(
    (http::server::start(options, daemon.door()).error().code == errc::in_use));
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
  server.reset();
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(says_why_it_cannot_listen) {
  auto c = client();
  auto again = options;
  again.listen = {"127.0.0.1:" + std::to_string(server->port())};
  const auto taken = http::server::start(again, daemon.door());
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == errc::in_use));
  BOOST_TEST(taken.error().detail.find(again.listen[0]) != std::string::npos);
  for (const auto* place : {"", "nowhere", "1.2.3.4", "1.2.3.4:x", "unix:"}) {
    again.listen = {place};
    BOOST_TEST((http::server::start(again, daemon.door()).error().code
                == errc::invalid_request));
  }
}

BOOST_AUTO_TEST_CASE(says_504_when_the_daemon_is_late_and_survives_its_answer) {
  options.answer_deadline = 50ms;
  daemon.silent = true;
  auto c = client();
  const auto said = c.ask("GET", "/v1/instances/x");
  BOOST_TEST(said.status == 504);
  BOOST_TEST(member(said, "code") == "timed-out");
  daemon.kept()(actors::answer{});
  daemon.kept()(actors::answer{});
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
  server.reset();
  daemon.kept()(actors::answer{}); // Even after the server is gone.
}

BOOST_AUTO_TEST_CASE(takes_answers_from_other_threads) {
  daemon.silent = true;
  auto c = client();
  c.send("GET /v1/instances/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::thread{[&] { daemon.kept()(daemon.next); }}.join();
  BOOST_TEST(c.read_answer().body == R"({"ok":true})");
}

BOOST_AUTO_TEST_CASE(lets_requests_in_hand_end_when_it_stops) {
  daemon.silent = true;
  auto c = client();
  auto idle = client();
  BOOST_TEST(idle.ask("GET", "/livez").status == 200);
  c.send("GET /v1/instances/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto done = daemon.kept();
  std::thread stopping{[&] { server->stop(10s); }};
  BOOST_TEST(idle.hangs_up(5s));
  done(daemon.next);
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 200);
  BOOST_TEST(said.field("Connection") == "close");
  stopping.join();
}

BOOST_AUTO_TEST_CASE(cuts_what_outlives_the_grace) {
  daemon.silent = true;
  auto c = client();
  c.send("GET /v1/instances/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto done = daemon.kept();
  server->stop(10ms);
  BOOST_TEST(c.hangs_up(5s));
  server.reset();
  done(daemon.next);
}

BOOST_AUTO_TEST_SUITE_END()
