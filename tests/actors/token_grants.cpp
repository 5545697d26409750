// What an authority is asked, for each grant and each way of a client to prove
// itself.
#define BOOST_TEST_MODULE actors.token_grants
#include "base/bytes.hpp"
#include "secrets/jwt.hpp"
#include "tests/actors/token_world.hpp"

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace pawl;
using pawl::test::token_world;
using form = std::map<std::string, std::string>;

namespace {

constexpr auto jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr auto assertion_type
  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string rsa_key() {
  static const std::string pem = [] {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      EVP_RSA_gen(2048), EVP_PKEY_free};
    const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()),
                                                        BIO_free};
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                             nullptr);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return std::string{data, static_cast<std::size_t>(size)};
  }();
  return pem;
}

json::object client(const std::string& how, const std::string& secret) {
  return {
    {"client", {{"id", "me"}, {"secret", secret}, {"authentication", how}}}};
}

void same(const form& is, const form& wanted) {
  for (const auto& [name, value] : wanted)
    BOOST_TEST((is.contains(name) && is.at(name) == value),
               name << " is " << (is.contains(name) ? is.at(name) : "absent"));
  for (const auto& [name, value] : is)
    BOOST_TEST(wanted.contains(name), name << " is too much");
}

} // namespace

BOOST_AUTO_TEST_CASE(asks_with_client_credentials) {
  token_world w;
  const auto out
    = w.good(w.oauth2("client_credentials", {{"scopes", {"read", "write"}},
                                             {"audiences", {"a", "b c"}}}));
  same(w.form(), {{"grant_type", "client_credentials"},
                  {"client_id", "me"},
                  {"client_secret", "hunter2"},
                  {"scope", "read write"},
                  {"audience", "a,b c"}});
  BOOST_TEST(w.asked[0].method == "POST");
  BOOST_TEST(w.asked[0].target == "/oauth2/token");
  BOOST_TEST(w.asked[0].headers["content-type"]
             == "application/x-www-form-urlencoded");
  BOOST_TEST(out.headers[0].first == "Authorization");
  BOOST_TEST(out.headers[0].second == "Bearer token-t1");
  BOOST_TEST(to_text(out.authorization)
             == R"({"scheme":"Bearer","parameter":"token-t1"})");
  BOOST_TEST(to_text(json::value(out.secrets)) == R"(["token-t1","hunter2"])");
}

BOOST_AUTO_TEST_CASE(asks_with_a_password) {
  token_world w;
  w.good(w.oauth2("password", {{"username", "ann"}, {"password", "p&w=%"}}));
  same(w.form(), {{"grant_type", "password"},
                  {"username", "ann"},
                  {"password", "p&w=%"},
                  {"client_id", "me"},
                  {"client_secret", "hunter2"}});
}

BOOST_AUTO_TEST_CASE(exchanges_a_token) {
  token_world w;
  const auto kind = "urn:ietf:params:oauth:grant-type:token-exchange";
  w.good(w.oauth2(kind, {{"subject", {{"token", "sub-tok"}, {"type", "s:t"}}},
                         {"actor", {{"token", "act-tok"}, {"type", "a:t"}}}}));
  same(w.form(), {{"grant_type", kind},
                  {"subject_token", "sub-tok"},
                  {"subject_token_type", "s:t"},
                  {"actor_token", "act-tok"},
                  {"actor_token_type", "a:t"},
                  {"client_id", "me"},
                  {"client_secret", "hunter2"}});
}

BOOST_AUTO_TEST_CASE(follows_a_refresh_token_as_it_rotates) {
  token_world w;
  const auto what = w.oauth2(
    "refresh_token", {{"subject", {{"token", "first"}, {"type", "r"}}}});
  w.more = R"(,"refresh_token":"second")";
  w.good(what);
  same(w.form(), {{"grant_type", "refresh_token"},
                  {"refresh_token", "first"},
                  {"client_id", "me"},
                  {"client_secret", "hunter2"}});
  w.now_s += 3600;
  w.more = "";
  w.good(what);
  BOOST_TEST(w.form()["refresh_token"] == "second");
  // One that was not replaced stays good.
  w.now_s += 3600;
  w.good(what);
  BOOST_TEST(w.form()["refresh_token"] == "second");
  // If it is void, the policy's own is tried once more.
  w.now_s += 3600;
  w.instead = [](const auto& r) -> std::string {
    if (test::read_form(r.body)["refresh_token"] == "second")
      return test::http_server::answer(400, R"({"error":"invalid_grant"})");
    return "token";
  };
  w.good(what);
  BOOST_TEST(w.form()["refresh_token"] == "first");
  BOOST_TEST(w.asks() == 5u);
}

BOOST_AUTO_TEST_CASE(signs_as_a_service_account) {
  token_world w;
  w.good(w.oauth2(jwt_bearer,
                  {{"client", {{"id", "robot@x"}, {"secret", rsa_key()}}},
                   {"scopes", {"a", "b"}}}));
  auto sent = w.form();
  const auto token = sent["assertion"];
  BOOST_TEST(sent.size() == 2u);
  BOOST_TEST(sent["grant_type"] == jwt_bearer);
  BOOST_TEST(secrets::claim_of(token, "iss").as_string() == "robot@x");
  BOOST_TEST(secrets::claim_of(token, "sub").as_string() == "robot@x");
  BOOST_TEST(secrets::claim_of(token, "scope").as_string() == "a b");
  BOOST_TEST(secrets::claim_of(token, "aud").as_string()
             == w.server.url("/oauth2/token"));
  BOOST_TEST(secrets::claim_of(token, "iat").as_int64() == 1'000'000);
  BOOST_TEST(secrets::claim_of(token, "exp").as_int64() == 1'000'300);
  BOOST_TEST(secrets::claim_of(token, "jti").as_string().size() == 20u);
}

BOOST_AUTO_TEST_CASE(signs_for_somebody_else_and_another_audience) {
  token_world w;
  w.good(
    w.oauth2(jwt_bearer, {{"client", {{"id", "robot"}, {"secret", rsa_key()}}},
                          {"username", "ann"},
                          {"audiences", {"https://login.example"}}}));
  const auto token = w.form()["assertion"];
  BOOST_TEST(secrets::claim_of(token, "sub").as_string() == "ann");
  BOOST_TEST(secrets::claim_of(token, "aud").as_string()
             == "https://login.example");
}

BOOST_AUTO_TEST_CASE(hands_a_ready_assertion_on) {
  token_world w;
  w.good(w.oauth2(jwt_bearer,
                  {{"client", {{"assertion", "a.b.c"}}}, {"scopes", {"s"}}}));
  same(w.form(),
       {{"grant_type", jwt_bearer}, {"assertion", "a.b.c"}, {"scope", "s"}});
}

BOOST_AUTO_TEST_CASE(a_client_proves_itself_by_basic_authentication) {
  token_world w;
  w.good(w.oauth2("client_credentials", client("client_secret_basic", "a:b")));
  same(w.form(), {{"grant_type", "client_credentials"}});
  BOOST_TEST(w.asked[0].headers["authorization"]
             == "Basic " + to_base64("me:a%3Ab"));
}

BOOST_AUTO_TEST_CASE(a_client_proves_itself_by_a_shared_key) {
  token_world w;
  w.good(w.oauth2("client_credentials", client("client_secret_jwt", "shared")));
  auto sent = w.form();
  const auto token = sent["client_assertion"];
  const auto dot = token.rfind('.');
  BOOST_TEST(sent["client_assertion_type"] == assertion_type);
  BOOST_TEST(sent["client_id"] == "me");
  BOOST_TEST(!sent.contains("client_secret"));
  BOOST_TEST(secrets::claim_of(token, "iss").as_string() == "me");
  BOOST_TEST(secrets::claim_of(token, "aud").as_string()
             == w.server.url("/oauth2/token"));
  BOOST_TEST(token.size() - dot - 1 == 43u); // 32 bytes of HMAC.
}

BOOST_AUTO_TEST_CASE(a_client_proves_itself_by_a_private_key) {
  token_world w;
  auto members = client("private_key_jwt", rsa_key());
  members["client"].as_object()["keyId"] = "k7";
  w.good(w.oauth2("client_credentials", members));
  const auto token = w.form()["client_assertion"];
  BOOST_TEST(token.size() - token.rfind('.') - 1 == 342u); // 256 bytes of RSA.
  BOOST_TEST(token.starts_with(
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Ims3In0.")); // ... kid k7
}

BOOST_AUTO_TEST_CASE(a_client_without_a_proof_names_itself) {
  token_world w;
  w.good(w.oauth2("client_credentials", client("none", "")));
  same(w.form(), {{"grant_type", "client_credentials"}, {"client_id", "me"}});
}

BOOST_AUTO_TEST_CASE(asks_in_json) {
  token_world w;
  w.good(w.oauth2("client_credentials",
                  {{"request", {{"encoding", "application/json"}}},
                   {"audiences", {"a", "b", "c"}}}));
  BOOST_TEST(w.asked[0].headers["content-type"] == "application/json");
  BOOST_TEST(w.asked[0].body
             == R"({"grant_type":"client_credentials",)"
                R"("audience":["a","b","c"],)"
                R"("client_secret":"hunter2","client_id":"me"})");
}

BOOST_AUTO_TEST_CASE(asks_where_the_policy_says) {
  token_world w;
  w.good(w.oauth2("client_credentials", {{"endpoints", {{"token", "tok"}}}}));
  BOOST_TEST(w.asked.back().target == "/tok");
  w.good(
    w.oauth2("client_credentials", {{"authority", w.server.url("/realm/")}}));
  BOOST_TEST(w.asked.back().target == "/realm/oauth2/token");
  w.good(w.oauth2("client_credentials",
                  {{"authority", "http://127.0.0.1:1"},
                   {"endpoints", {{"token", w.server.url("/abs")}}}}));
  BOOST_TEST(w.asked.back().target == "/abs");
}

BOOST_AUTO_TEST_CASE(asks_where_the_authority_says) {
  token_world w;
  auto what = w.oauth2("client_credentials");
  what["scheme"] = "oidc";
  w.good(what);
  BOOST_TEST(w.asked.back().target == "/discovered");
}

BOOST_AUTO_TEST_CASE(takes_no_configuration_of_another_issuer) {
  token_world w;
  w.issuer = "https://evil.example";
  auto what = w.oauth2("client_credentials");
  what["scheme"] = "oidc";
  BOOST_TEST(w.bad(what).detail.find("another issuer") != std::string::npos);
  BOOST_TEST(w.asks() == 0u);
  what["with"].as_object()["issuers"] = {"https://evil.example"};
  w.good(what);
}

BOOST_AUTO_TEST_CASE(takes_no_token_of_another_issuer) {
  token_world w;
  const auto token = secrets::make_jwt({{"iss", "https://b"}},
                                       secrets::signing::shared_secret, "k", "")
                       .value();
  w.instead = [&](const auto&) {
    return test::http_server::answer(200,
                                     R"({"access_token":")" + token + "\"}");
  };
  const auto issuers = [&](const char* one) {
    return w.oauth2("client_credentials", {{"issuers", json::array{one}}});
  };
  BOOST_TEST(w.bad(issuers("https://a")).detail.find("issuer")
             != std::string::npos);
  w.good(issuers("https://b"));
}

BOOST_AUTO_TEST_CASE(says_what_a_policy_lacks) {
  token_world w;
  const auto why = [&](std::string_view grant, const json::object& members) {
    return w.bad(w.oauth2(grant, members)).detail;
  };
  const auto has = [](const std::string& text, const char* part) {
    BOOST_TEST(text.find(part) != std::string::npos, text);
  };
  has(why("authorization_code", {}), "`grant`");
  has(why("password", {}), "`username`");
  has(why("refresh_token", {}), "`subject.token`");
  has(why("urn:ietf:params:oauth:grant-type:token-exchange", {}), "`subject`");
  has(why("client_credentials", {{"authority", ""}}), "`authority`");
  has(why("client_credentials", {{"client", json::object{}}}), "`client.id`");
  has(why("client_credentials", {{"client", 5}}), "`client`");
  has(why("client_credentials", {{"scopes", "x"}}), "`scopes`");
  has(why("client_credentials", {{"request", {{"encoding", "xml"}}}}),
      "`request.encoding`");
  has(why("client_credentials", client("client_secret_basic", "")),
      "`client.secret`");
  has(why("client_credentials", client("private_key_jwt", "no key")),
      "private key");
  BOOST_TEST(w.asks() == 0u);
}
