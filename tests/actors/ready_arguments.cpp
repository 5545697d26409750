#define BOOST_TEST_MODULE actors.ready_arguments
#include "actors/steps/ready_arguments.hpp"

#include "base/bytes.hpp"
#include "tests/actors/token_world.hpp"

#include <filesystem>
#include <fstream>

using namespace pawl;
using namespace pawl::actors;
using pawl::test::token_world;

namespace {

/// Secrets as files, and a definition of which only the secrets and the late
/// expressions are there.
struct world : token_world {
  std::filesystem::path root;
  std::unique_ptr<storage::store> store;
  std::unique_ptr<secrets::vault> vault;
  std::shared_ptr<definition> flow = std::make_shared<definition>();

  world() {
    std::string name = std::filesystem::temp_directory_path() / "pawl-XXXXXX";
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    root = name;
    std::filesystem::create_directory(root / "files");
    storage::recovery_report found;
    store
      = std::move(*storage::store::open({.directory = root / "data"}, found));
    vault = std::make_unique<secrets::vault>(
      *store, secrets::places{root / "files", ""});
    flow->id.ns = "default";
  }
  ~world() {
    vault.reset();
    store.reset();
    std::filesystem::remove_all(root);
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  void secret(const std::string& name, const std::string& text) {
    std::ofstream{root / "files" / name} << text;
    flow->secrets.push_back(name);
    auto parsed = parse_json(text);
    secrets[name] = parsed ? std::move(*parsed) : json::value(text);
  }
  void late(const std::string& place, std::string_view text) {
    flow->late[place] = expression::compile(text, variable_names).value();
  }
  std::variant<ready_arguments, denied>
  ready(std::string_view arguments, std::string_view at = "/authentication") {
    std::promise<std::variant<ready_arguments, denied>> promise;
    auto future = promise.get_future();
    make_ready({*vault, access}, parse_json(arguments).value().get_object(),
               flow, at, [&](auto out) { promise.set_value(std::move(out)); });
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                  == std::future_status::ready);
    return future.get();
  }
  ready_arguments good(std::string_view arguments,
                       std::string_view at = "/authentication") {
    auto out = ready(arguments, at);
    if (const auto* why = std::get_if<denied>(&out))
      BOOST_FAIL(why->detail);
    return std::get<ready_arguments>(std::move(out));
  }
  denied bad(std::string_view arguments) {
    auto out = ready(arguments);
    BOOST_REQUIRE(std::holds_alternative<denied>(out));
    return std::get<denied>(std::move(out));
  }
};

std::string text(const json::object& o) {
  return to_text(json::value(o));
}

} // namespace

BOOST_AUTO_TEST_CASE(arguments_without_secrets_leave_as_they_are) {
  world w;
  const auto out = w.good(R"({"uri": "u", "headers": {}})");
  BOOST_TEST(text(out.arguments) == R"({"uri":"u","headers":{}})");
  BOOST_TEST(!out.access);
  BOOST_TEST(out.secrets.as_array().empty());
}

BOOST_AUTO_TEST_CASE(puts_secrets_in_and_says_what_to_hide) {
  world w;
  w.secret("api", "planted-1");
  w.secret("login", R"({"pass": "planted-2"})");
  w.late("/h", "\"k \" + $secrets.api");
  w.late("/b", "$secrets.login.pass");
  const auto out = w.good(R"({"headers": {"X": null}, "body": null, "late": [
    {"at": "/headers/X", "place": "/h"}, {"at": "/body", "place": "/b"}]})");
  BOOST_TEST(text(out.arguments)
             == R"({"headers":{"X":"k planted-1"},"body":"planted-2"})");
  BOOST_TEST(redact_text("planted-1 planted-2", out.secrets) == "*** ***");
}

BOOST_AUTO_TEST_CASE(an_authentication_is_known_to_the_rest) {
  world w;
  w.secret("word", "planted-3");
  w.late("/p", "$secrets.word");
  w.late("/b", "$authorization.scheme + \" \" + $authorization.parameter");
  const auto out = w.good(R"({"body": null,
    "authentication": {"scheme": "basic",
                       "with": {"username": "ann", "password": null}},
    "late": [{"at": "/authentication/with/password", "place": "/p"},
             {"at": "/body", "place": "/b"}]})");
  const auto credentials = to_base64("ann:planted-3");
  BOOST_TEST(out.arguments.at("body").as_string() == "Basic " + credentials);
  BOOST_REQUIRE(out.access.has_value());
  BOOST_TEST(out.access->headers[0].second == "Basic " + credentials);
  BOOST_TEST(redact_text("planted-3 " + credentials, out.secrets) == "*** ***");
}

BOOST_AUTO_TEST_CASE(fetches_a_token_with_a_secret) {
  world w;
  w.secret("policy",
           text({{"authority", w.server.url("")},
                 {"grant", "client_credentials"},
                 {"client", {{"id", "planted-id"}, {"secret", "planted-4"}}}}));
  w.late("/b", "$authorization.parameter");
  const auto out = w.good(R"({"body": null,
    "authentication": {"scheme": "oauth2", "use": "policy"},
    "late": [{"at": "/body", "place": "/b"}]})");
  BOOST_TEST(out.arguments.at("body").as_string() == "token-t1");
  BOOST_TEST(redact_text("token-t1 planted-4 planted-id", out.secrets)
             == "*** *** ***");
  // Another place may have another authentication.
  BOOST_TEST(!w.good(R"({"authentication": {"scheme": "bearer"}})", "").access);
  BOOST_TEST(w.good(R"({"document": {"authentication": {"scheme": "bearer",
                                      "with": {"token": "abcd"}}}})",
                    "/document/authentication")
               .access->headers[0]
               .second
             == "Bearer abcd");
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_not_named_is_forbidden) {
  world w;
  w.secret("api", "planted-5");
  w.flow->secrets.clear();
  w.late("/b", "$secrets.api");
  const auto read = w.bad(R"({"body": null,
                              "late": [{"at": "/body", "place": "/b"}]})");
  BOOST_TEST((read.kind == error_kind::authorization));
  BOOST_TEST(read.detail
             == "The workflow does not name the secret 'api' in "
                "`use.secrets`.");
  BOOST_TEST(
    (w.bad(R"({"authentication": {"scheme": "basic", "use": "api"}})").kind
     == error_kind::authorization));
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong_without_showing_it) {
  world w;
  w.secret("api", "planted-6");
  w.flow->secrets.emplace_back("gone");
  w.late("/gone", "$secrets.gone");
  w.late("/fails", "$secrets.api | error");
  const auto gone = w.bad(R"({"body": null,
                              "late": [{"at": "/body", "place": "/gone"}]})");
  BOOST_TEST((gone.kind == error_kind::authorization));
  BOOST_TEST(gone.detail == "There is no secret 'gone'.");
  const auto fails = w.bad(R"({"body": null,
                               "late": [{"at": "/body", "place": "/fails"}]})");
  BOOST_TEST((fails.kind == error_kind::expression));
  BOOST_TEST(fails.detail.find("planted") == std::string::npos);
  BOOST_TEST(
    (w.bad(R"({"authentication": 5})").kind == error_kind::authentication));
  w.instead
    = [](const auto&) { return test::http_server::answer(500, "planted-6"); };
  const auto no_token
    = w.bad(text({{"authentication", w.oauth2("client_credentials")}}));
  BOOST_TEST((no_token.kind == error_kind::authentication));
  BOOST_TEST(no_token.detail.find("planted") == std::string::npos);
}
