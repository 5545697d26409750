#define BOOST_TEST_MODULE http.websocket

#include "http/server.hpp"
#include "tests/http/fake_daemon.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>

using namespace pawl;
using test::http_client;
using namespace std::chrono_literals;

namespace {

constexpr unsigned char text_kind = 1;
constexpr unsigned char close_kind = 8;
constexpr unsigned char ping_kind = 9;

// A frame as a client sends it, masked with zeros.
std::string frame(unsigned char kind, const std::string& data) {
  std::string out{static_cast<char>(0x80 | kind)};
  if (data.size() < 126) {
    out.push_back(static_cast<char>(0x80 | data.size()));
  } else {
    out.push_back(static_cast<char>(0x80 | 126));
    out.push_back(static_cast<char>(data.size() >> 8));
    out.push_back(static_cast<char>(data.size() & 0xff));
  }
  return out + std::string(4, '\0') + data;
}

// A server of a fake daemon, and clients that shake hands with it.
struct fixture {
  test::fake_daemon daemon;
  http::server_options options;
  std::vector<std::size_t> counted;
  std::mutex lock;
  std::condition_variable changed; // What is counted.
  std::unique_ptr<http::server> server;

  fixture() { options.listen = {"127.0.0.1:0"}; }

  http_client client() {
    if (!server) {
      http::observer watching;
      watching.streams = [this](std::size_t open) {
        {
          const std::lock_guard hold{lock};
          counted.push_back(open);
        }
        changed.notify_all();
      };
      server = http::server::start(options, daemon.door(), watching).value();
    }
    return http_client{server->port()};
  }
  http_client ask(const std::string& query = "",
                  const std::string& fields = "") {
    auto c = client();
    c.send("GET /v1/ws" + query
           + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           + fields + "\r\n");
    return c;
  }
  // All that comes until the server hangs up, behind its first answer.
  static std::string rest(http_client& c) {
    c.read_until("\r\n\r\n");
    return c.read_until("never");
  }
  // The code of the last frame, if it closes.
  static int close_code(const std::string& all) {
    for (auto at = all.size(); at-- > 0;)
      if (static_cast<unsigned char>(all[at]) == (0x80 | close_kind)
          && at + 4 <= all.size()
          && at + 2 + static_cast<unsigned char>(all[at + 1]) == all.size())
        return static_cast<unsigned char>(all[at + 2]) << 8
               | static_cast<unsigned char>(all[at + 3]);
    return 0;
  }
  std::size_t open_streams() {
    const std::lock_guard hold{lock};
    return counted.empty() ? 0 : counted.back();
  }
  // Whether it comes true of what was counted so far.
  template <class Condition>
  bool comes_true(Condition condition) {
    std::unique_lock hold{lock};
    return changed.wait_for(hold, 5s, [&] { return condition(counted); });
  }
  void one_has_begun() {
    BOOST_TEST(comes_true([](const auto& seen) {
      return std::any_of(seen.begin(), seen.end(),
                         [](std::size_t open) { return open > 0; });
    }));
  }
  void all_end() {
    BOOST_TEST(comes_true(
      [](const auto& seen) { return seen.empty() || seen.back() == 0; }));
    BOOST_TEST(daemon.watcher_count() == 0U);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket, fixture)

BOOST_AUTO_TEST_CASE(shakes_hands_as_the_standard_shows) {
  auto c = ask("", "Sec-WebSocket-Protocol: other, pawl.v1\r\n");
  const auto head = c.read_head();
  BOOST_TEST(head.status == 101);
  BOOST_TEST(head.field("Sec-WebSocket-Accept")
             == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  BOOST_TEST(head.field("Sec-WebSocket-Protocol") == "pawl.v1");
  BOOST_TEST(ask().read_head().field("Sec-WebSocket-Protocol") == "");
}

BOOST_AUTO_TEST_CASE(sends_a_journal_and_closes_behind_its_end) {
  daemon.commit("instance.created");
  daemon.commit("instance.completed", true);
  auto c = ask("?instance=x&after=1");
  const auto all = rest(c);
  BOOST_TEST(all.substr(2, 40).starts_with(R"({"sequence":2,)"));
  BOOST_TEST(all.find("\"sequence\":1") == std::string::npos);
  BOOST_TEST(close_code(all) == 1000);
  all_end();
}

BOOST_AUTO_TEST_CASE(numbers_the_lifecycle_and_tells_of_new_ones) {
  auto c = ask();
  BOOST_TEST(c.read_head().status == 101);
  daemon.commit("one");
  const auto text = R"({"streamid":"1","sequence":1,"type":"one"})";
  BOOST_TEST(c.read_until("}").find(text) != std::string::npos);
  c.send(frame(close_kind, "\x03\xe8"));
  BOOST_TEST(close_code(c.read_until("never")) == 1000);
  all_end();
}

BOOST_AUTO_TEST_CASE(answers_pings_and_drops_messages_within_bounds) {
  options.stream_keepalive = 1s;
  auto c = ask();
  c.read_until("\r\n\r\n");
  c.send(frame(text_kind, "hello") + frame(ping_kind, "there?"));
  BOOST_TEST(c.read_until("there?").find("there?") != std::string::npos);
  c.send(frame(text_kind, std::string(5000, 'x')));
  BOOST_TEST(close_code(c.read_until("never")) == 1009);
  auto flood = ask();
  flood.read_until("\r\n\r\n");
  std::string many;
  for (int i = 0; i < 1200; ++i)
    many += frame(text_kind, "x");
  flood.send(many);
  BOOST_TEST(close_code(flood.read_until("never")) == 1008);
  auto unmasked = ask();
  unmasked.read_until("\r\n\r\n");
  unmasked.send("\x81\x01x");
  BOOST_TEST(close_code(unmasked.read_until("never")) == 1002);
  all_end();
}

BOOST_AUTO_TEST_CASE(cuts_who_answers_no_ping) {
  options.stream_keepalive = 50ms;
  auto c = ask();
  const auto all = rest(c);
  BOOST_TEST(all.find(static_cast<char>(0x80 | ping_kind))
             != std::string::npos);
  all_end();
}

BOOST_AUTO_TEST_CASE(cuts_who_does_not_read) {
  options.write_deadline = 50ms;
  const std::string large(400'000, 'x');
  for (int i = 0; i < 100; ++i)
    daemon.commit(large);
  auto c = ask("?instance=x");
  one_has_begun();
  all_end();
  BOOST_TEST(client().ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(forgets_who_left_without_a_word) {
  {
    auto c = ask();
    c.read_until("\r\n\r\n");
    BOOST_TEST(open_streams() == 1U);
    c.reset();
  }
  all_end();
}

BOOST_AUTO_TEST_CASE(goes_away_when_the_server_stops) {
  auto polite = ask();
  auto rude = ask(); // It never answers the close.
  polite.read_until("\r\n\r\n");
  rude.read_until("\r\n\r\n");
  std::thread stops{[&] { server->stop(10s); }};
  const auto all = polite.read_until("again.");
  BOOST_TEST(all.find("\x03\xe9") != std::string::npos); // 1001
  polite.send(frame(close_kind, "\x03\xe9"));
  stops.join();
  BOOST_TEST(close_code(rude.read_until("never")) == 1001);
  daemon.commit("late"); // A bell that rings after the end.
}

BOOST_AUTO_TEST_CASE(bounds_them_with_the_other_streams) {
  options.streams_max = 1;
  auto first = ask();
  first.read_until("\r\n\r\n");
  const auto no = ask().read_answer();
  BOOST_TEST(no.status == 503);
  BOOST_TEST(no.field("Content-Type") == "application/problem+json");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_handshake) {
  auto plain = client();
  const auto said = plain.ask("GET", "/v1/ws");
  BOOST_TEST(said.status == 426);
  BOOST_TEST(said.field("Upgrade") == "websocket");
  BOOST_TEST(said.body.find("upgrade-required") != std::string::npos);
  BOOST_TEST(plain.ask("GET", "/livez").status == 200); // Still a connection.
  BOOST_TEST(ask("?odd=1").read_answer().status == 422);
  BOOST_TEST(ask("?instance=x&type=y").read_answer().status == 422);
  BOOST_TEST(ask("?instance=..").read_answer().status == 404);
  BOOST_TEST(ask("", "Sec-WebSocket-Protocol: soap\r\n").read_answer().status
             == 400);
  BOOST_TEST(ask("", "Origin: http://evil.test\r\n").read_answer().status
             == 403);
  daemon.no_history = actors::refusal{
    {errc::not_found, "There is no such instance.", {}}, {}, {}, {}};
  auto c = ask("?instance=x");
  BOOST_TEST(c.read_answer().status == 404);
  BOOST_TEST(c.ask("GET", "/livez").status == 200);
}

BOOST_AUTO_TEST_CASE(refuses_what_comes_before_the_answer) {
  auto c = client();
  c.send("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
         + frame(text_kind, "early"));
  BOOST_TEST(c.read_answer().status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
