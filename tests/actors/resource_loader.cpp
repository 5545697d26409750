#define BOOST_TEST_MODULE actors.resource_loader
#include "actors/steps/resource_loader.hpp"

#include "tests/support/daemon_process.hpp"
#include "tests/support/http_server.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <future>
#include <sys/stat.h>

using namespace pawl;
using namespace pawl::actors;
using pawl::test::http_server;

namespace {

/// A server that says what the test wants, a clock that stands, a loader.
struct world {
  resource_loader::outcome load(resource_call what) {
    std::promise<resource_loader::outcome> promise;
    auto future = promise.get_future();
    loader.load(std::move(what),
                [&](auto o) { promise.set_value(std::move(o)); });
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds{20})
                  == std::future_status::ready);
    return future.get();
  }
  std::string text(const std::string& uri) {
    const auto got = load({.uri = uri});
    if (const auto* why = std::get_if<no_resource>(&got))
      return "no: " + why->detail;
    return std::get<resource_ptr>(got)->text;
  }
  std::string text() { return text(server.url("/doc")); }

  std::string body = "one";
  std::string fields;
  int status = 200;
  http_server::request seen;
  http_server server{[this](const auto& r) {
    seen = r;
    if (r.headers.contains("if-none-match") && status == 200
        && fields.find(r.headers.at("if-none-match")) != std::string::npos)
      return http_server::answer(304, "", fields);
    return http_server::answer(status, body, fields);
  }};
  timestamp now = from_unix_ms(0);
  http_client http{{}};
  resource_limits limits{
    .size_max = 1000, .fresh_for = duration{1000}, .cache_bytes_max = 2000};
  resource_loader loader{http, limits, [this] { return now; }};
};

/// Some files below an allowed directory, and some beside it.
struct tree {
  tree() {
    std::filesystem::create_directories(root / "inner");
    put(root / "a.yaml", "a: 1");
    put(root / "inner" / "b c.json", "{}");
    put(scratch.path() / "secret", "secret");
    put(scratch.path() / "root-not", "secret");
    std::filesystem::create_symlink("../secret", root / "out");
    std::filesystem::create_directory_symlink("..", root / "up");
    std::filesystem::create_symlink("inner/b c.json", root / "in");
    mkfifo((root / "pipe").c_str(), 0600);
  }
  static void put(const std::filesystem::path& where, std::string_view text) {
    std::ofstream{where} << text;
  }
  [[nodiscard]] std::string read(const std::string& path,
                                 std::uint64_t most = 1000) const {
    const auto got
      = read_file_resource("file://" + path, {root.string()}, most);
    if (const auto* why = std::get_if<no_resource>(&got)) {
      BOOST_TEST((why->kind == error_kind::configuration));
      const auto colon = why->detail.find(" cannot be read: ");
      return "no: " + why->detail.substr(colon + 17);
    }
    const auto& file = *std::get<resource_ptr>(got);
    return file.media_type + ' ' + file.text;
  }

  test::temporary_directory scratch;
  std::filesystem::path root = scratch.path() / "root";
};

constexpr const char* outside
  = "no: it is not below a directory that the option resources.file_roots "
    "names";

} // namespace

BOOST_FIXTURE_TEST_CASE(keeps_what_is_fresh, world) {
  BOOST_TEST(text() == "one");
  body = "two";
  now += duration{999};
  BOOST_TEST(text() == "one");
  BOOST_TEST(server.requests() == 1);
  now += duration{1};
  BOOST_TEST(text() == "two");
  BOOST_TEST(server.requests() == 2);
  BOOST_TEST(seen.method == "GET");
}

BOOST_FIXTURE_TEST_CASE(asks_whether_it_has_changed, world) {
  fields = "ETag: \"v1\"\r\nContent-Type: Application/YAML; charset=utf-8\r\n";
  BOOST_TEST(text() == "one");
  body = "not sent";
  now += duration{1000};
  BOOST_TEST(text() == "one");
  BOOST_TEST(seen.headers["if-none-match"] == "\"v1\"");
  now += duration{999};
  BOOST_TEST(text() == "one");
  BOOST_TEST(server.requests() == 2);
  now += duration{1};
  fields = "ETag: \"v2\"\r\n";
  body = "new";
  BOOST_TEST(text() == "new");
  BOOST_TEST(server.requests() == 3);
  const auto got = load({.uri = server.url("/doc")});
  BOOST_TEST(std::get<resource_ptr>(got)->media_type == "");
}

BOOST_FIXTURE_TEST_CASE(heeds_what_the_server_says_about_keeping, world) {
  fields = "Cache-Control: public, max-age=0\r\nLast-Modified: then\r\n";
  BOOST_TEST(text() == "one");
  BOOST_TEST(text() == "one");
  BOOST_TEST(seen.headers["if-modified-since"] == "then");
  fields = "Cache-Control: no-store\r\nETag: \"x\"\r\n";
  BOOST_TEST(text(server.url("/other")) == "one");
  BOOST_TEST(text(server.url("/other")) == "one");
  BOOST_TEST(server.requests() == 4);
  fields = "Cache-Control: max-age=999999999\r\n";
  BOOST_TEST(text(server.url("/third")) == "one");
  now += duration{1000}; // Not longer than the option allows.
  BOOST_TEST(text(server.url("/third")) == "one");
  BOOST_TEST(server.requests() == 6);
}

BOOST_FIXTURE_TEST_CASE(does_not_keep_what_a_caller_got_by_name, world) {
  const auto uri = server.url("/doc");
  for (int i = 0; i < 2; ++i)
    (void)load({.uri = uri, .headers = {{"Authorization", "Bearer x"}}});
  BOOST_TEST(server.requests() == 2);
  BOOST_TEST(seen.headers["authorization"] == "Bearer x");
  BOOST_TEST(loader.kept() == 0U);
}

BOOST_FIXTURE_TEST_CASE(keeps_no_more_than_it_may, world) {
  body = std::string(900, 'x');
  for (const auto* path : {"/a", "/b"})
    BOOST_TEST(text(server.url(path)).size() == 900U);
  BOOST_TEST(text(server.url("/a")).size() == 900U); // Used last.
  BOOST_TEST(text(server.url("/c")).size() == 900U);
  BOOST_TEST(loader.kept() <= 2000U);
  BOOST_TEST(server.requests() == 3);
  (void)text(server.url("/a"));
  BOOST_TEST(server.requests() == 3);
  (void)text(server.url("/b"));
  BOOST_TEST(server.requests() == 4);
}

BOOST_FIXTURE_TEST_CASE(says_why_it_cannot_be_fetched, world) {
  status = 404;
  const auto uri = server.url("/doc");
  const auto got = load({.uri = uri});
  BOOST_REQUIRE(std::holds_alternative<no_resource>(got));
  BOOST_TEST(std::get<no_resource>(got).status == 404U);
  BOOST_TEST(std::get<no_resource>(got).detail
             == uri + " cannot be fetched: it was answered with status 404");
  status = 200;
  BOOST_TEST(text() == "one"); // A failure is not kept.
  body = std::string(1001, 'x');
  BOOST_TEST(text(server.url("/large"))
             == "no: " + server.url("/large")
                  + " cannot be fetched: it is larger than the option "
                    "resources.size_max");
  const auto other = load({.uri = "ftp://h/x"});
  BOOST_REQUIRE(std::holds_alternative<no_resource>(other));
  BOOST_TEST((std::get<no_resource>(other).kind == error_kind::configuration));
  BOOST_TEST(text("http://127.0.0.1:1/x")
               .starts_with("no: http://127.0.0.1:1/x cannot be fetched: "));
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_one_resource_share_a_request) {
  std::promise<void> opened;
  auto open = opened.get_future().share();
  http_server server{[&](const auto&) {
    open.wait();
    return http_server::answer(200, "one");
  }};
  http_client http{{}};
  resource_loader loader{http, {}};
  std::vector<std::promise<std::string>> all(20);
  for (auto& one : all)
    loader.load({.uri = server.url("/doc")}, [&one](auto got) {
      one.set_value(std::get<resource_ptr>(got)->text);
    });
  opened.set_value();
  for (auto& one : all)
    BOOST_TEST(one.get_future().get() == "one");
  BOOST_TEST(server.requests() == 1);
}

BOOST_FIXTURE_TEST_CASE(reads_files_below_the_roots, tree) {
  BOOST_TEST(read((root / "a.yaml").string()) == "application/yaml a: 1");
  BOOST_TEST(read((root / "inner/b%20c.json").string())
             == "application/json {}");
  BOOST_TEST(read("localhost" + (root / "in").string()) == "text/plain {}");
  BOOST_TEST(read((root / "up/root/a.yaml").string())
             == "application/yaml a: 1");
  BOOST_TEST(read((root / "a.yaml").string(), 3)
             == "no: it is larger than the option resources.size_max");
}

BOOST_FIXTURE_TEST_CASE(reads_no_other_file, tree) {
  for (const auto* path :
       {"out", "up/secret", "../secret", "inner/../../secret", "%2e%2e/secret",
        "../root-not", "../none"})
    BOOST_TEST(read((root / path).string()) == outside, path);
  BOOST_TEST(read("/etc/passwd") == outside);
  BOOST_TEST(read((root / "none").string()) == "no: No such file or directory");
  BOOST_TEST(read(root.string()) == "no: it is no regular file");
  BOOST_TEST(read((root / "pipe").string()) == "no: it is no regular file");
  for (const auto* path : {"", "relative", "other.host/etc/passwd", "/a%00b"})
    BOOST_TEST(read(path)
               == "no: a file is named by file:// and an absolute path");
}

BOOST_AUTO_TEST_CASE(without_roots_no_file_is_read) {
  const auto got = read_file_resource("file:///etc/hostname", {}, 1000);
  BOOST_TEST(
    std::get<no_resource>(got).detail
    == "file:///etc/hostname cannot be read: files are read only below "
       "the directories that the option resources.file_roots names, "
       "and it names none");
}
