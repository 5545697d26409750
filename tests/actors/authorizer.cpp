#define BOOST_TEST_MODULE actors.authorizer
#include "actors/steps/authorizer.hpp"

#include "base/bytes.hpp"
#include "tests/actors/token_world.hpp"

using namespace pawl;
using namespace pawl::actors;
using pawl::test::http_server;
using pawl::test::token_world;

namespace {

json::object plain(const char* scheme, const json::object& with) {
  return {{"scheme", scheme}, {"with", with}};
}

http_outcome call(http_client& client, http_call what) {
  std::promise<http_outcome> promise;
  auto future = promise.get_future();
  client.start(std::move(what),
               [&](http_outcome o) { promise.set_value(std::move(o)); });
  BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                == std::future_status::ready);
  return future.get();
}

std::string quoted(const std::string& header, const std::string& name) {
  const auto at = header.find(name + "=\"");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 2;
  return header.substr(from, header.find('"', from) - from);
}

} // namespace

BOOST_AUTO_TEST_CASE(makes_basic_credentials) {
  token_world w;
  const auto out
    = w.good(plain("basic", {{"username", "ann"}, {"password", "hunter2:x"}}));
  const auto credentials = to_base64("ann:hunter2:x");
  BOOST_REQUIRE(out.headers.size() == 1u);
  BOOST_TEST(out.headers[0].second == "Basic " + credentials);
  BOOST_TEST(out.authorization.at("scheme").as_string() == "Basic");
  BOOST_TEST(out.authorization.at("parameter").as_string() == credentials);
  BOOST_TEST(to_text(json::value(out.secrets))
             == "[\"hunter2:x\",\"" + credentials + "\"]");
  BOOST_TEST(!w.access.renew(out));
}

BOOST_AUTO_TEST_CASE(hands_a_bearer_token_on) {
  token_world w;
  const auto out = w.good(plain("bearer", {{"token", "abcd"}}));
  BOOST_TEST(out.headers[0].second == "Bearer abcd");
  BOOST_TEST(!w.access.renew(out));
}

BOOST_AUTO_TEST_CASE(answers_a_digest_challenge) {
  token_world w;
  std::atomic<int> challenges = 0;
  std::string posted;
  // Wants MD5 as RFC 2617 has it, which is what all clients know.
  http_server server{[&](const http_server::request& r) {
    const auto found = r.headers.find("authorization");
    if (found == r.headers.end() || quoted(found->second, "nonce") != "n0nce") {
      ++challenges;
      return http_server::answer(401, "no",
                                 "WWW-Authenticate: Digest realm=\"here\", "
                                 "nonce=\"n0nce\", qop=\"auth\", "
                                 "algorithm=SHA-256\r\n");
    }
    const auto& h = found->second;
    const auto hash
      = [](const std::string& text) { return to_hex(sha256(text)); };
    const auto nc_at = h.find("nc=") + 3;
    const auto expected
      = hash(hash("ann:here:hunter2")
             + ":n0nce:" + h.substr(nc_at, h.find(',', nc_at) - nc_at) + ':'
             + quoted(h, "cnonce") + ":auth:" + hash("POST:/x"));
    posted = r.body;
    return http_server::answer(quoted(h, "response") == expected ? 200 : 403,
                               "in");
  }};
  const auto out
    = w.good(plain("digest", {{"username", "ann"}, {"password", "hunter2"}}));
  BOOST_TEST(out.headers.empty());
  BOOST_TEST(out.authorization.at("scheme").as_string() == "Digest");
  BOOST_REQUIRE(out.digest.has_value());
  http_call what{.method = "POST",
                 .uri = server.url("/x"),
                 .headers = {},
                 .body = "payload",
                 .digest = out.digest};
  auto answer = call(w.http, what);
  BOOST_TEST(answer.status == 200u);
  BOOST_TEST(answer.body == "in");
  BOOST_TEST(posted == "payload");
  BOOST_TEST(challenges == 1);
  // The same handle, used again without, knows nothing of it.
  what.digest.reset();
  answer = call(w.http, what);
  BOOST_TEST(answer.status == 401u);
  BOOST_TEST(answer.body == "no");
  what.digest = {"ann", "wrong"};
  BOOST_TEST(call(w.http, what).status == 403u);
}

BOOST_AUTO_TEST_CASE(a_redirect_takes_no_credentials_to_another_server) {
  token_world w;
  std::string seen = "never asked";
  http_server there{[&](const auto& r) {
    const auto found = r.headers.find("authorization");
    seen = found == r.headers.end() ? "" : found->second;
    return http_server::answer(200, "");
  }};
  http_server here{[&](const auto&) {
    return http_server::answer(302, "", "Location: " + there.url() + "\r\n");
  }};
  const auto out = w.good(plain("bearer", {{"token", "abcd"}}));
  call(w.http, {.method = "GET",
                .uri = here.url(),
                .headers = out.headers,
                .body = {},
                .redirect = true});
  BOOST_TEST(seen == "");
}

BOOST_AUTO_TEST_CASE(takes_the_members_of_a_secret) {
  token_world w;
  w.secrets["login"] = {{"username", "ann"}, {"password", "hunter2"}};
  w.secrets["word"] = "hunter2";
  const auto out = w.good({{"scheme", "basic"}, {"use", "login"}});
  BOOST_TEST(out.headers[0].second == "Basic " + to_base64("ann:hunter2"));
  // All of it is secret then.
  BOOST_TEST(to_text(json::value(out.secrets)).find("\"ann\"")
             != std::string::npos);
  const auto text = w.bad({{"scheme", "basic"}, {"use", "word"}});
  BOOST_TEST((text.kind == error_kind::authentication));
  BOOST_TEST(text.detail.find("hunter2") == std::string::npos);
  // Of a bearer there is nothing but the token.
  const auto token = w.good({{"scheme", "bearer"}, {"use", "word"}});
  BOOST_TEST(token.headers[0].second == "Bearer hunter2");
  const auto missing = w.bad({{"scheme", "basic"}, {"use", "none"}});
  BOOST_TEST((missing.kind == error_kind::authorization));
  BOOST_TEST(missing.detail == "There is no secret 'none'.");
}

BOOST_AUTO_TEST_CASE(says_what_is_missing) {
  token_world w;
  for (const auto& what :
       {plain("basic", {{"username", "ann"}}),
        plain("basic", {{"username", "a:b"}, {"password", "x"}}),
        plain("digest", {{"password", "hunter2"}}), plain("bearer", {}),
        plain("bearer", {{"token", "hunter2\r\nX-Evil: 1"}}),
        plain("certificate", {}), json::object{{"scheme", "basic"}}}) {
    const auto why = w.bad(what);
    BOOST_TEST((why.kind == error_kind::authentication));
    BOOST_TEST(why.detail != "");
    BOOST_TEST(why.detail.find("hunter2") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(keeps_a_token_until_shortly_before_it_expires) {
  token_world w;
  const auto what = w.oauth2("client_credentials");
  BOOST_TEST(w.good(what).token == "token-t1");
  w.now_s += 3539;
  BOOST_TEST(w.good(what).token == "token-t1");
  BOOST_TEST(w.asks() == 1u);
  // A minute before its end it is good still, but another one is asked for.
  w.now_s += 1;
  BOOST_TEST(w.good(what).token == "token-t1");
  for (int i = 0; i < 500 && w.good(what).token == "token-t1"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  BOOST_TEST(w.good(what).token == "token-t2");
  BOOST_TEST(w.asks() == 2u);
  w.now_s += 3600;
  BOOST_TEST(w.good(what).token == "token-t3");
}

BOOST_AUTO_TEST_CASE(a_good_token_outlives_a_failing_renewal) {
  token_world w;
  const auto what = w.oauth2("client_credentials");
  w.good(what);
  w.now_s += 3550;
  w.instead = [](const auto&) { return http_server::answer(500, ""); };
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(w.good(what).token == "token-t1");
  w.now_s += 45; // Five seconds before its end nobody uses it any more.
  BOOST_TEST(w.bad(what).detail
             == "The token endpoint answers with status 500.");
  w.instead = nullptr;
  w.good(what);
}

BOOST_AUTO_TEST_CASE(asks_once_however_many_wait) {
  token_world w;
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
  w.instead = [open](const auto&) -> std::string {
    open.wait();
    return "token";
  };
  constexpr int callers = 32;
  const auto what = w.oauth2("client_credentials");
  std::vector<std::promise<authorizer::outcome>> answers(callers);
  {
    std::vector<std::thread> threads;
    for (auto& each : answers)
      threads.emplace_back([&] {
        w.access.authorize(what, "default",
                           [&](auto out) { each.set_value(std::move(out)); });
      });
    for (auto& t : threads)
      t.join();
  }
  opened.set_value();
  for (auto& each : answers) {
    auto future = each.get_future();
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                  == std::future_status::ready);
    BOOST_TEST(std::get<authorized>(future.get()).token == "token-t1");
  }
  BOOST_TEST(w.asks() == 1u);
}

BOOST_AUTO_TEST_CASE(all_who_wait_are_told_of_a_failure) {
  token_world w;
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
  w.instead = [open](const auto&) {
    open.wait();
    return http_server::answer(401, R"({"error":"invalid_client",
                                 "error_description":"hunter2 is wrong"})");
  };
  std::atomic<int> told = 0;
  std::promise<void> all;
  for (int i = 0; i < 8; ++i)
    w.access.authorize(
      w.oauth2("client_credentials"), "default", [&](const auto& out) {
        BOOST_TEST(std::get<denied>(out).detail
                   == "The token endpoint answers with status 401 "
                      "(invalid_client).");
        if (++told == 8)
          all.set_value();
      });
  opened.set_value();
  BOOST_REQUIRE(all.get_future().wait_for(std::chrono::seconds{20})
                == std::future_status::ready);
  BOOST_TEST(w.asks() == 1u);
  BOOST_TEST(w.access.kept() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_replaced_once) {
  token_world w;
  const auto what = w.oauth2("client_credentials");
  const auto first = w.good(what);
  const auto second_user = w.good(what);
  BOOST_TEST(w.access.renew(first));
  BOOST_TEST(w.good(what).token == "token-t2");
  // The other one was refused with the old token as well, and comes later.
  BOOST_TEST(w.access.renew(second_user));
  BOOST_TEST(w.good(what).token == "token-t2");
  BOOST_TEST(w.asks() == 2u);
}

BOOST_AUTO_TEST_CASE(tokens_are_shared_by_what_is_the_same_in_all) {
  token_world w;
  const auto what = w.oauth2("client_credentials");
  w.good(what);
  w.good(w.oauth2("client_credentials"));
  BOOST_TEST(w.asks() == 1u);
  w.good(w.oauth2("client_credentials", {{"scopes", {"more"}}}));
  BOOST_TEST(w.asks() == 2u);
  w.authorize(what, "other-namespace");
  BOOST_TEST(w.asks() == 3u);
  auto other = what;
  other["with"].as_object()["client"].as_object()["secret"] = "changed";
  w.good(other);
  BOOST_TEST(w.asks() == 4u);
}

BOOST_AUTO_TEST_CASE(keeps_no_more_tokens_than_it_may) {
  token_world w; // Four.
  const auto with_scope = [&](int n) {
    return w.oauth2("client_credentials",
                    {{"scopes", json::array{std::to_string(n)}}});
  };
  for (int i = 0; i < 6; ++i) {
    w.good(with_scope(i));
    w.good(with_scope(0)); // Is used all along, so it stays.
  }
  BOOST_TEST(w.access.kept() == 4u);
  BOOST_TEST(w.asks() == 6u);
}

BOOST_AUTO_TEST_CASE(no_answer_of_an_authority_is_taken_blindly) {
  token_world w;
  const std::string answers[]
    = {http_server::answer(200, ""),
       http_server::answer(200, "[]"),
       http_server::answer(200, R"({"token_type":"Bearer"})"),
       http_server::answer(200, R"({"access_token":""})"),
       http_server::answer(200, R"({"access_token":5})"),
       http_server::answer(200, R"({"access_token":"a\r\nb"})"),
       http_server::answer(200, R"({"access_token":"hunter2x",
                                    "token_type":"mac"})"),
       http_server::answer(302, "", "Location: /elsewhere\r\n"),
       http_server::answer(400, R"({"error":"hunter2"})"),
       http_server::answer(400, "hunter2"),
       std::string{}};
  for (const auto& a : answers) {
    w.instead = [&](const auto&) { return a; };
    const auto why = w.bad(w.oauth2("client_credentials"));
    BOOST_TEST((why.kind == error_kind::authentication));
    BOOST_TEST(why.detail.find("hunter2") == std::string::npos, why.detail);
  }
}

BOOST_AUTO_TEST_CASE(reads_lifetimes_as_they_are_said) {
  const std::pair<std::string, int> cases[] = {{R"("expires_in":"100")", 95},
                                               {R"("expires_in":100.0)", 95},
                                               {R"("x":1)", 295},
                                               {R"("expires_in":null)", 295},
                                               {R"("expires_in":-5)", 0},
                                               {R"("expires_in":1e30)", 295}};
  for (const auto& [member, seconds] : cases) {
    token_world w;
    w.instead = [&](const auto&) {
      return http_server::answer(200,
                                 R"({"access_token":"abcd",)" + member + "}");
    };
    const auto what = w.oauth2("client_credentials");
    w.good(what);
    w.now_s += seconds;
    w.good(what); // Has expired.
    BOOST_TEST(w.asks() == 2u, member);
  }
}
