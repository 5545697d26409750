// Secrets over the API and the command line of a real daemon: what is stored,
// shown, refused, and nowhere to be found.
#define BOOST_TEST_MODULE system.secrets
#include "base/json.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace pawl;
using pawl::test::http_answer;

namespace {

const std::string hex_key(64, 'a');

struct world {
  test::temporary_directory scratch;
  std::string url;

  world() {
    std::filesystem::create_directory(scratch.path() / "files");
    write("key", hex_key);
    write("files/from-file", "abc");
  }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = scratch.path() / name;
    std::ofstream{path} << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read
                                         | std::filesystem::perms::owner_write);
    return path;
  }
  std::string path(const std::string& name) const {
    return scratch.path() / name;
  }

  /// A daemon with the key in `key` ("" for none).
  std::unique_ptr<test::daemon_process>
  daemon(const std::string& key, const std::vector<std::string>& more = {}) {
    std::vector<std::string> options{"--set",
                                     "secrets.directory=" + path("files")};
    if (!key.empty())
      options.insert(options.end(), {"--set", "secrets.key_file=" + path(key)});
    options.insert(options.end(), more.begin(), more.end());
    auto out = std::make_unique<test::daemon_process>(scratch.path() / "data",
                                                      options);
    out->start();
    BOOST_REQUIRE(out->wait_ready());
    url = "http://127.0.0.1:" + std::to_string(out->port());
    return out;
  }

  /// Whether `text` is in any file below the scratch directory but the key's.
  bool is_anywhere(const std::string& text) const {
    for (const auto& e :
         std::filesystem::recursive_directory_iterator{scratch.path()}) {
      if (!e.is_regular_file())
        continue;
      std::stringstream all;
      all << std::ifstream{e.path(), std::ios::binary}.rdbuf();
      if (all.str().find(text) != std::string::npos)
        return true;
    }
    return false;
  }
};

http_answer ask(const test::daemon_process& of, const std::string& method,
                const std::string& target, const std::string& body = {},
                const std::string& fields = {}) {
  test::http_client client{of.port()};
  return client.ask(method, target, body,
                    (body.empty() ? "" : "Content-Type: application/json\r\n")
                      + fields);
}

std::string code_of(const http_answer& a) {
  return std::string{parse_json(a.body).value().at("code").as_string()};
}

} // namespace

BOOST_AUTO_TEST_CASE(stores_lists_replaces_and_removes) {
  world w;
  const auto d = w.daemon("key");
  const auto made
    = ask(*d, "PUT", "/v1/secrets/api-key", R"({"value":"planted-1"})");
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.field("Location") == "/v1/secrets/api-key");
  BOOST_TEST(made.body.find("planted") == std::string::npos);
  BOOST_TEST(ask(*d, "PUT", "/v1/secrets/api-key",
                 R"({"value":{"a":"planted-2"}})", "Idempotency-Key: k\r\n")
               .status
             == 200);
  // A repeat of the key with another body is no conflict: nothing is kept.
  BOOST_TEST(ask(*d, "PUT", "/v1/secrets/api-key", R"({"value":"planted-3"})",
                 "Idempotency-Key: k\r\n")
               .status
             == 200);
  ask(*d, "PUT", "/v1/secrets/zz", R"({"value":"planted-4"})");
  const auto all = ask(*d, "GET", "/v1/secrets");
  const auto items = parse_json(all.body).value().at("items").as_array();
  BOOST_REQUIRE(items.size() == 3u);
  BOOST_TEST(items[0].at("name") == "api-key");
  BOOST_TEST(items[0].at("source") == "store");
  BOOST_TEST(items[1].at("name") == "from-file");
  BOOST_TEST(items[1].at("source") == "file");
  BOOST_TEST(all.body.find("planted") == std::string::npos);
  const auto page = parse_json(ask(*d, "GET", "/v1/secrets?limit=2").body);
  BOOST_TEST(page->at("nextCursor") == "from-file");
  const auto rest
    = parse_json(ask(*d, "GET", "/v1/secrets?limit=2&cursor=from-file").body);
  BOOST_TEST(rest->at("items").as_array().size() == 1u);
  BOOST_TEST(rest->at("nextCursor").is_null());
  BOOST_TEST(ask(*d, "DELETE", "/v1/secrets/zz").status == 204);
  BOOST_TEST(ask(*d, "DELETE", "/v1/secrets/zz").status == 404);
  BOOST_TEST(ask(*d, "GET", "/metrics").body.find("planted")
             == std::string::npos);
  BOOST_TEST(d->stop() == 0);
  BOOST_TEST(!w.is_anywhere("planted"));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_secret) {
  world w;
  const auto d = w.daemon("key");
  const auto put = [&](const std::string& name, const std::string& body) {
    const auto out = ask(*d, "PUT", "/v1/secrets/" + name, body);
    BOOST_TEST(out.body.find("planted") == std::string::npos, out.body);
    return out;
  };
  BOOST_TEST(put("a", R"({"value":5})").status == 422);
  BOOST_TEST(put("a", R"({"value":["planted"]})").status == 422);
  BOOST_TEST(put("a", R"({"value":null})").status == 422);
  BOOST_TEST(put("a", R"({})").status == 422);
  BOOST_TEST(put("a", R"({"value":"planted","x":1})").status == 422);
  BOOST_TEST(put("a", "\"planted").status == 400);
  BOOST_TEST(put("a", R"("planted")").status == 422);
  BOOST_TEST(put("a%20b", R"({"value":"planted"})").status == 422);
  BOOST_TEST(put("..", R"({"value":"planted"})").status >= 400);
  BOOST_TEST(put("a", R"({"value":")" + std::string(70'000, 'x') + "\"}").status
             == 413);
  const auto file = put("from-file", R"({"value":"planted"})");
  BOOST_TEST(file.status == 409);
  BOOST_TEST(code_of(file) == "invalid-state");
  BOOST_TEST(ask(*d, "DELETE", "/v1/secrets/from-file").status == 409);
  BOOST_TEST(ask(*d, "GET", "/v1/secrets/from-file").status == 405);
  d->stop();
  BOOST_TEST(!w.is_anywhere("planted"));
}

BOOST_AUTO_TEST_CASE(without_a_key_says_how_to_get_one) {
  world w;
  const auto d = w.daemon("");
  const auto no = ask(*d, "PUT", "/v1/secrets/a", R"({"value":"planted"})");
  BOOST_TEST(no.status == 409);
  BOOST_TEST(code_of(no) == "no-secret-key");
  BOOST_TEST(no.body.find("secrets.key_file") != std::string::npos);
  BOOST_TEST(ask(*d, "GET", "/v1/secrets").status == 200);
}

BOOST_AUTO_TEST_CASE(secrets_outlive_kill_9_and_a_change_of_keys) {
  world w;
  auto d = w.daemon("key");
  BOOST_TEST(ask(*d, "PUT", "/v1/secrets/a", R"({"value":"planted"})").status
             == 201);
  d->kill();
  w.write("new-key", std::string(64, 'b'));
  d = w.daemon("new-key", {"--set", "secrets.old_key_files=" + w.path("key")});
  BOOST_TEST(ask(*d, "PUT", "/v1/secrets/a", R"({"value":"other"})").status
             == 200);
  BOOST_TEST(d->stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_none_stops_the_start) {
  world w;
  w.write("bad", "not a key");
  for (const auto& options : std::vector<std::vector<std::string>>{
         {"--set", "secrets.key_file=" + w.path("bad")},
         {"--set", "secrets.key_file=" + w.path("missing")},
         {"--set", "secrets.old_key_files=" + w.path("key")}}) {
    test::daemon_process d{w.scratch.path() / "data2", options};
    d.start();
    BOOST_TEST(!d.wait_ready());
    BOOST_TEST(d.exit_code() == 78);
  }
}

BOOST_AUTO_TEST_CASE(the_command_line_never_shows_a_value) {
  world w;
  const auto d = w.daemon("key");
  using program::run_pawl;
  const auto set = run_pawl(w.url, {"secret", "set", "text"}, "planted-a\n");
  BOOST_TEST(set.code == 0);
  BOOST_TEST(set.out + set.err == "stored text\n");
  const auto file = w.write("object.json", R"({"x": "planted-b"})");
  BOOST_TEST(
    run_pawl(w.url, {"secret", "set", "object", "--from-file", file}).code
    == 0);
  std::filesystem::remove(file);
  const auto names = run_pawl(w.url, {"secret", "ls", "-o", "name"});
  BOOST_TEST(names.out == "from-file\nobject\ntext\n");
  BOOST_TEST(run_pawl(w.url, {"secret", "ls"}).out.find("store")
             != std::string::npos);
  BOOST_TEST(run_pawl(w.url, {"secret", "rm", "text", "object"}).code == 0);
  BOOST_TEST(run_pawl(w.url, {"secret", "rm", "text"}).code == 3);
  BOOST_TEST(run_pawl(w.url, {"secret", "rm", "from-file"}).code == 4);
  // A value as an argument would be seen by every user of the machine.
  BOOST_TEST(run_pawl(w.url, {"secret", "set", "text", "value"}).code == 2);
  d->stop();
  BOOST_TEST(!w.is_anywhere("planted"));
}
