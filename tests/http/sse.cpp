#define BOOST_TEST_MODULE http.sse

#include "http/server.hpp"
#include "tests/http/fake_daemon.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace pawl;
using test::http_client;
using namespace std::chrono_literals;

namespace {

// One instance's journal, followed over a real socket.
struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  std::unique_ptr<http::server> server;

  fixture() { options.listen = {"127.0.0.1:0"}; }

  http_client client() {
    if (!server)
      server = http::server::start(options, daemon.door()).value();
    return http_client{server->port()};
  }
  http_client follow(const std::string& query = "",
                     const std::string& fields = "") {
    auto c = client();
    c.send("GET /v1/instances/x/events" + query
           + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
    return c;
  }
};

// The sequences in the ids of a stream.
std::vector<sequence> ids(std::string_view stream) {
  std::vector<sequence> out;
  for (auto at = stream.find("id: "); at != std::string_view::npos;
       at = stream.find("id: ", at + 1))
    out.push_back(std::stoull(std::string{stream.substr(at + 4, 20)}));
  return out;
}

std::vector<sequence> upto(sequence first, sequence last) {
  std::vector<sequence> out;
  for (auto n = first; n <= last; ++n)
    out.push_back(n);
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sse, fixture)

BOOST_AUTO_TEST_CASE(sends_the_journal_and_ends_with_the_instance) {
  daemon.commit("instance.created");
  daemon.commit("instance.completed", true);
  auto c = follow();
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 200);
  BOOST_TEST(said.field("Content-Type") == "text/event-stream");
  BOOST_TEST(said.field("Cache-Control") == "no-store");
  BOOST_TEST(said.complete);
  BOOST_TEST(said.body
             == "id: 1\nevent: instance.created\n"
                "data: {\"sequence\":1,\"type\":\"instance.created\"}\n\n"
                "id: 2\nevent: instance.completed\n"
                "data: {\"sequence\":2,\"type\":\"instance.completed\"}\n\n");
  BOOST_TEST(c.hangs_up(5s));
  BOOST_TEST(daemon.watcher_count() == 0U);
}

BOOST_AUTO_TEST_CASE(resumes_where_the_client_was) {
  for (int i = 0; i < 4; ++i)
    daemon.commit("task.started");
  daemon.commit("instance.completed", true);
  BOOST_TEST((ids(follow("?after=3").read_answer().body) == upto(4, 5)));
  BOOST_TEST(
    (ids(follow("", "Last-Event-ID: 2\r\n").read_answer().body) == upto(3, 5)));
  // The field is newer than the URL that a browser repeats.
  BOOST_TEST((ids(follow("?after=1", "Last-Event-ID: 4\r\n").read_answer().body)
              == upto(5, 5)));
  BOOST_TEST(follow("", "Last-Event-ID: 5\r\n").read_answer().status == 204);
  BOOST_TEST(follow("?after=5").read_answer().status == 200);
  BOOST_TEST(follow("?after=x").read_answer().status == 400);
  BOOST_TEST(follow("", "Last-Event-ID: x\r\n").read_answer().status == 400);
}

BOOST_AUTO_TEST_CASE(leaves_no_gap_while_facts_are_committed) {
  constexpr sequence facts = 2000;
  std::vector<http_client> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(follow());
  std::thread busy{[&] {
    for (sequence n = 1; n <= facts; ++n)
      daemon.commit("task.started", n == facts);
  }};
  for (auto& c : clients) {
    const auto said = c.read_answer();
    BOOST_TEST(said.complete);
    BOOST_TEST((ids(said.body) == upto(1, facts)));
  }
  busy.join();
}

BOOST_AUTO_TEST_CASE(resumes_without_gap_or_repeat_while_facts_are_committed) {
  constexpr sequence facts = 500;
  client();
  std::thread busy{[&] {
    for (sequence n = 1; n <= facts; ++n) {
      daemon.commit("task.started", n == facts);
      std::this_thread::sleep_for(100us); // So that clients leave midway.
    }
  }};
  std::vector<sequence> seen;
  // Each client leaves after one event; the next goes on behind it.
  while (seen.size() < facts) {
    auto c = follow("?after=" + std::to_string(seen.size()));
    const auto found = ids(c.read_until("\n\n"));
    BOOST_REQUIRE(found.size() == 1);
    seen.push_back(found[0]);
  }
  busy.join();
  BOOST_TEST((seen == upto(1, facts)));
}

BOOST_AUTO_TEST_CASE(keeps_quiet_streams_alive_by_comments) {
  options.stream_keepalive = 20ms;
  auto c = follow();
  BOOST_TEST(c.read_until(":\n\n").find("200 OK") != std::string::npos);
  BOOST_TEST(c.read_until(":\n\n").size() > 0U);
  daemon.commit("instance.completed", true);
  BOOST_TEST(c.read_until("0\r\n\r\n").find("id: 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_with_a_problem_before_it_streams) {
  daemon.no_history = actors::refusal{
    {errc::not_found, "There is no such instance.", {}}, {}, {}, {}};
  auto c = follow();
  const auto said = c.read_answer();
  BOOST_TEST(said.status == 404);
  BOOST_TEST(said.field("Content-Type") == "application/problem+json");
  BOOST_TEST(c.ask("GET", "/livez").status == 200); // Still a connection.
}

BOOST_AUTO_TEST_CASE(bounds_the_streams) {
  options.streams_max = 2;
  daemon.commit("task.started");
  auto first = follow();
  auto second = follow();
  first.read_until("id: 1");
  second.read_until("id: 1");
  const auto third = follow().read_answer();
  BOOST_TEST(third.status == 503);
  BOOST_TEST(third.field("Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(cuts_a_client_that_does_not_read) {
  options.write_deadline = 100ms;
  const std::string large(400'000, 'x');
  for (int i = 0; i < 100; ++i)
    daemon.commit(large); // The type stands twice in an event.
  auto c = follow();
  for (int i = 0; i < 100 && daemon.watcher_count() == 0; ++i)
    std::this_thread::sleep_for(1ms);
  // The server leaves by itself, though we never read and never close.
  bool left = false;
  for (int i = 0; i < 500 && !left; ++i) {
    std::this_thread::sleep_for(10ms);
    left = daemon.watcher_count() == 0;
  }
  BOOST_TEST(left);
  BOOST_TEST(client().ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(forgets_a_client_that_left) {
  options.stream_keepalive = 10ms;
  {
    auto c = follow();
    c.read_until(":\n\n");
    BOOST_TEST(daemon.watcher_count() == 1U);
  }
  for (int i = 0; i < 500 && daemon.watcher_count() > 0; ++i)
    std::this_thread::sleep_for(10ms);
  BOOST_TEST(daemon.watcher_count() == 0U);
}

BOOST_AUTO_TEST_CASE(cuts_streams_unended_when_it_stops) {
  daemon.commit("task.started");
  auto c = follow();
  c.read_until("id: 1");
  server->stop(10s);
  BOOST_TEST(c.read_until("0\r\n\r\n").find("0\r\n\r\n") == std::string::npos);
  daemon.commit("task.started"); // A bell that rings after the end.
}

BOOST_AUTO_TEST_CASE(speaks_to_http_1_0_without_chunks) {
  daemon.commit("instance.completed", true);
  auto c = client();
  c.send("GET /v1/instances/x/events HTTP/1.0\r\n\r\n");
  const auto all = c.read_until("never");
  BOOST_TEST(all.find("chunked") == std::string::npos);
  BOOST_TEST(all.ends_with("\n\n"));
}

BOOST_AUTO_TEST_CASE(answers_head_without_streaming) {
  daemon.commit("task.started");
  auto c = client();
  const auto said = c.ask("HEAD", "/v1/instances/x/events");
  BOOST_TEST(said.status == 200);
  BOOST_TEST(c.hangs_up(5s));
}

BOOST_AUTO_TEST_SUITE_END()
