#define BOOST_TEST_MODULE actors.http_client
#include "actors/steps/http_client.hpp"

#include "tests/support/http_server.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <latch>
#include <mutex>
#include <optional>
#include <set>

using namespace pawl;
using namespace pawl::actors;
using pawl::test::http_server;

namespace {

http_outcome call(http_client& client, http_call what) {
  std::promise<http_outcome> promise;
  auto future = promise.get_future();
  client.start(std::move(what),
               [&](http_outcome o) { promise.set_value(std::move(o)); });
  BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                == std::future_status::ready);
  return future.get();
}

http_call get(std::string uri) {
  return {.method = "GET", .uri = std::move(uri), .headers = {}, .body = {}};
}

/// Blocks the server's answer until the test lets it go.
struct gate {
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_client_suite)

BOOST_AUTO_TEST_CASE(sends_method_headers_and_body_and_reads_the_answer) {
  http_server::request seen;
  http_server server{[&](const auto& r) {
    seen = r;
    return http_server::answer(201, "made", "X-One: two\r\n");
  }};
  http_client client{{}};
  const auto out = call(client, {.method = "PUT",
                                 .uri = server.url("/a?b=c"),
                                 .headers = {{"Pawl-Attempt", "2"},
                                             {"Content-Type", "text/x"},
                                             {"Empty", ""}},
                                 .body = "payload"});
  BOOST_TEST(out.failure == "");
  BOOST_TEST(out.status == 201u);
  BOOST_TEST(out.body == "made");
  BOOST_TEST(seen.method == "PUT");
  BOOST_TEST(seen.target == "/a?b=c");
  BOOST_TEST(seen.body == "payload");
  BOOST_TEST(seen.headers["pawl-attempt"] == "2");
  BOOST_TEST(seen.headers["content-type"] == "text/x");
  BOOST_TEST(seen.headers["user-agent"] == "pawl");
  BOOST_TEST(seen.headers.count("empty") == 1u);
  bool found = false;
  for (const auto& [name, value] : out.headers)
    found = found || (name == "X-One" && value == "two");
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_challenge_takes_no_body_from_other_calls) {
  gate first;
  gate challenge;
  std::promise<void> asked;
  std::latch both{2}; // Calls at the same time, and so on two connections.
  std::mutex lock;
  std::multiset<std::string> bodies;
  http_server server{[&](const http_server::request& r) {
    if (r.target == "/first")
      first.open.wait();
    if (r.target == "/both")
      both.arrive_and_wait();
    if (r.target == "/asks" && r.headers.count("authorization") == 0) {
      asked.set_value();
      challenge.open.wait();
      return http_server::answer(
        401, "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
    }
    const std::lock_guard hold{lock};
    bodies.insert(r.body);
    return http_server::answer(200, "");
  }};
  http_client client{{}};
  const auto start = [&](const char* target, const char* body, bool digest) {
    auto told = std::make_shared<std::promise<http_outcome>>();
    client.start({.method = "POST",
                  .uri = server.url(target),
                  .headers = {},
                  .body = body,
                  .digest = digest ? std::optional{http_digest{"me", "word"}}
                                   : std::nullopt},
                 [told](http_outcome o) { told->set_value(std::move(o)); });
    return told->get_future();
  };
  // The challenge comes on the second connection, the answer to it goes out on
  // the first one, which is free again by then.
  auto slow = start("/first", "first", false);
  auto proven = start("/asks", "proven", true);
  asked.get_future().wait();
  first.opened.set_value();
  BOOST_TEST(slow.get().status == 200u);
  challenge.opened.set_value();
  BOOST_TEST(proven.get().status == 200u);
  auto one = start("/both", "later", false);
  auto other = start("/both", "later", false);
  BOOST_TEST(one.get().status == 200u);
  BOOST_TEST(other.get().status == 200u);
  BOOST_TEST(bodies.count("proven") == 1u);
  BOOST_TEST(bodies.count("later") == 2u);
}

BOOST_AUTO_TEST_CASE(claims_no_content_type_of_its_own) {
  http_server::request seen;
  http_server server{[&](const auto& r) {
    seen = r;
    return http_server::answer(200, "");
  }};
  http_client client{{}};
  call(client,
       {.method = "POST", .uri = server.url(), .headers = {}, .body = "x"});
  BOOST_TEST(seen.headers.count("content-type") == 0u);
  BOOST_TEST(seen.headers.count("expect") == 0u);
}

BOOST_AUTO_TEST_CASE(keeps_a_connection_for_the_next_call) {
  http_server server{[](const auto&) { return http_server::answer(200, "x"); }};
  http_client client{{}};
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(call(client, get(server.url())).status == 200u);
  BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(runs_many_calls_at_once) {
  http_server server{
    [](const auto& r) { return http_server::answer(200, r.target); }};
  http_client client{{.per_host_max = 16}};
  constexpr int count = 400;
  std::atomic<int> right = 0;
  std::promise<void> all;
  std::atomic<int> left = count;
  for (int i = 0; i < count; ++i) {
    const auto path = "/" + std::to_string(i);
    client.start(get(server.url(path)), [&, path](const http_outcome& o) {
      if (o.status == 200 && o.body == path)
        ++right;
      if (--left == 0)
        all.set_value();
    });
  }
  BOOST_REQUIRE(all.get_future().wait_for(std::chrono::seconds{20})
                == std::future_status::ready);
  BOOST_TEST(right == count);
  BOOST_TEST(server.connections() <= 16);
  BOOST_TEST(client.active() == 0u);
}

BOOST_AUTO_TEST_CASE(says_why_there_is_no_answer) {
  http_client client{{}};
  const auto refused = call(client, get("http://127.0.0.1:1/"));
  BOOST_TEST(refused.status == 0u);
  BOOST_TEST(refused.failure != "");
  BOOST_TEST(call(client, get("file:///etc/passwd")).failure != "");
  BOOST_TEST(call(client, get("not a uri")).failure != "");
  http_server hangs_up{[](const auto&) { return std::string{}; }};
  BOOST_TEST(call(client, get(hangs_up.url())).failure != "");
}

BOOST_AUTO_TEST_CASE(gives_a_slow_server_up_at_its_deadline) {
  gate g;
  http_server server{[&](const auto&) {
    g.open.wait();
    return http_server::answer(200, "late");
  }};
  http_client client{{.call_timeout = duration{50}}};
  const auto out = call(client, get(server.url()));
  BOOST_TEST(out.failure != "");
  g.opened.set_value();
}

BOOST_AUTO_TEST_CASE(refuses_an_answer_over_the_bound) {
  http_server server{[](const auto&) {
    return http_server::answer(200, std::string(200'000, 'x'));
  }};
  http_client client{{.response_max = 100'000}};
  const auto out = call(client, get(server.url()));
  BOOST_TEST(out.failure == "The answer is larger than the limit.");
  BOOST_TEST(out.body == "");
}

BOOST_AUTO_TEST_CASE(follows_redirects_only_if_asked) {
  http_server server{[](const auto& r) {
    return r.target == "/there"
             ? http_server::answer(200, "there")
             : http_server::answer(302, "", "Location: /there\r\n");
  }};
  http_client client{{}};
  BOOST_TEST(call(client, get(server.url("/here"))).status == 302u);
  auto following = get(server.url("/here"));
  following.redirect = true;
  const auto out = call(client, following);
  BOOST_TEST(out.status == 200u);
  BOOST_TEST(out.body == "there");
}

BOOST_AUTO_TEST_CASE(ends_a_circle_of_redirects) {
  http_server server{[](const auto&) {
    return http_server::answer(302, "", "Location: /again\r\n");
  }};
  http_client client{{.redirects_max = 3}};
  auto following = get(server.url());
  following.redirect = true;
  BOOST_TEST(call(client, following).failure != "");
  BOOST_TEST(server.requests() == 4);
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_is_not_reported) {
  gate g;
  std::promise<void> arrived;
  http_server server{[&](const auto& r) {
    if (r.target == "/slow") {
      arrived.set_value();
      g.open.wait();
    }
    return http_server::answer(200, "x");
  }};
  http_client client{{}};
  std::atomic<bool> reported = false;
  const auto ticket = client.start(
    get(server.url("/slow")), [&](const http_outcome&) { reported = true; });
  arrived.get_future().wait();
  client.cancel(ticket);
  // Orders are carried out one after the other, so after this it is cancelled.
  BOOST_TEST(call(client, get(server.url("/other"))).status == 200u);
  BOOST_TEST(client.active() == 0u);
  g.opened.set_value();
  BOOST_TEST(call(client, get(server.url("/other"))).status == 200u);
  BOOST_TEST(!reported);
}

BOOST_AUTO_TEST_CASE(ends_with_calls_still_out) {
  gate g;
  http_server server{[&](const auto&) {
    g.open.wait();
    return http_server::answer(200, "x");
  }};
  std::atomic<bool> reported = false;
  {
    http_client client{{}};
    for (int i = 0; i < 5; ++i)
      client.start(get(server.url()),
                   [&](const http_outcome&) { reported = true; });
  }
  BOOST_TEST(!reported);
  g.opened.set_value();
}

BOOST_AUTO_TEST_SUITE_END()
