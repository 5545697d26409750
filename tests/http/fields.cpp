#define BOOST_TEST_MODULE http.fields

#include "http/fields.hpp"

#include "http/origin.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

http::request with(std::initializer_list<http::field> fields) {
  http::request out;
  out.fields = fields;
  return out;
}

// -1: absent, -2: malformed.
template <class T>
long number(const result<std::optional<T>>& found) {
  if (!found)
    return found.error().code == errc::malformed ? -2 : -3;
  if (!*found)
    return -1;
  if constexpr (std::is_same_v<T, std::chrono::seconds>)
    return static_cast<long>((*found)->count());
  else
    return static_cast<long>(**found);
}

std::string tags_text(const result<std::optional<actors::tags>>& found) {
  if (!found)
    return std::string{slug(found.error().code)};
  if (!*found)
    return "-";
  std::string out{(*found)->any ? "*" : ""};
  for (const auto one : (*found)->listed)
    out += std::to_string(one) + ' ';
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fields)

BOOST_AUTO_TEST_CASE(reads_prefer_wait) {
  const std::pair<const char*, long> table[] = {
    {"wait=20", 20},
    {"WAIT=20", 20},
    {"respond-async, wait=5", 5},
    {"wait = 7", 7},
    {"wait=\"9\"", 9},
    {"wait=3; foo=bar", 3},
    {"return=minimal", -1},
    {"", -1},
    {"wait", -2},
    {"wait=", -2},
    {"wait=-1", -2},
    {"wait=1.5", -2},
    {"wait=99999999999", -2},
    {"waiting=3", -1},
  };
  for (const auto& [text, wanted] : table)
    BOOST_TEST(number(http::prefer_wait(with({{"prefer", text}}))) == wanted,
               text);
  BOOST_TEST(number(http::prefer_wait(
               with({{"Prefer", "handling=strict"}, {"Prefer", "wait=4"}})))
             == 4);
}

BOOST_AUTO_TEST_CASE(reads_lists_of_entity_tags) {
  const std::tuple<const char*, const char*, const char*> table[] = {
    // If-Match, If-None-Match; "-": no field, or `*` where all do.
    {"\"42\"", "42 ", "42 "},
    {" \"0\" ", "0 ", "0 "},
    {"W/\"42\"", "", "42 "},
    {"*", "-", "*"},
    {" * ", "-", "*"},
    {"\"1\", \"2\"", "1 2 ", "1 2 "},
    {"\"1\",\"2\" , W/\"3\"", "1 2 ", "1 2 3 "},
    {",, \"1\" ,,", "1 ", "1 "},
    {"\"a,b\", \"7\"", "7 ", "7 "},
    {"\"\"", "", ""},
    {"\"x\"", "", ""},
    {"\"-1\"", "", ""},
    {"\"99999999999999999999\"", "", ""},
    {"42", "malformed", "malformed"},
    {"\"", "malformed", "malformed"},
    {"\"1\" \"2\"", "malformed", "malformed"},
    {"\"1\", *", "malformed", "malformed"},
    {"w/\"1\"", "malformed", "malformed"},
    {"\"a b\"", "malformed", "malformed"},
    {"", "malformed", "malformed"},
    {",", "malformed", "malformed"},
  };
  for (const auto& [text, match, none] : table) {
    BOOST_TEST(tags_text(http::if_match(with({{"If-Match", text}}))) == match,
               text);
    BOOST_TEST(tags_text(http::if_none_match(with({{"if-none-match", text}})))
                 == none,
               text);
  }
  BOOST_TEST(tags_text(http::if_match(with({}))) == "-");
  // Several fields of the name are one list.
  const auto two = with({{"If-Match", "\"1\""}, {"If-Match", "\"2\""}});
  BOOST_TEST(tags_text(http::if_match(two)) == "1 2 ");
  const auto all = with({{"If-Match", "\"1\""}, {"If-Match", "*"}});
  BOOST_TEST(tags_text(http::if_match(all)) == "malformed");
}

BOOST_AUTO_TEST_CASE(bounds_idempotency_keys) {
  const std::string longest(255, 'k');
  const auto key = [](std::string_view text) {
    return http::idempotency_key(with({{"Idempotency-Key", text}}));
  };
  BOOST_TEST((key(longest).value() == longest));
  BOOST_TEST(key(longest + "k").has_error());
  BOOST_TEST(key("").has_error());
  BOOST_TEST(key("a\tb").has_error());
  BOOST_TEST(key("\xC3\xA9").has_error());
  BOOST_TEST(!http::idempotency_key(with({})).value().has_value());
  BOOST_TEST(http::idempotency_key(
               with({{"Idempotency-Key", "a"}, {"idempotency-key", "b"}}))
               .has_error());
}

BOOST_AUTO_TEST_CASE(tells_media_types) {
  BOOST_TEST(http::media_type("Application/JSON ; charset=utf-8")
             == "Application/JSON");
  for (const auto* type :
       {"application/json", "APPLICATION/JSON", "application/vnd.x+json"})
    BOOST_TEST(http::is_json_type(type), type);
  for (const auto* type :
       {"", "text/json", "application/jsonx", "application/yaml", "+json"})
    BOOST_TEST(!http::is_json_type(type), type);
  for (const auto* type :
       {"application/yaml", "text/yaml", "application/x-yaml"})
    BOOST_TEST(http::is_yaml_type(type), type);
}

BOOST_AUTO_TEST_CASE(weighs_accept) {
  for (const auto* yes :
       {"application/yaml", "text/yaml", "application/yaml, */*",
        "application/json;q=0.5, application/yaml;q=0.8"})
    BOOST_TEST(http::prefers_yaml(yes), yes);
  for (const auto* no : {"", "*/*", "application/json",
                         "application/yaml;q=0.1, application/json",
                         "application/yaml;q=0", "text/html"})
    BOOST_TEST(!http::prefers_yaml(no), no);
}

BOOST_AUTO_TEST_CASE(answers_on_loopback_only_to_its_own_names) {
  const http::listening_place loopback{true, "127.0.0.1", {"pawl.test"}};
  const http::listening_place open{false, "0.0.0.0", {}};
  const auto asks = [](const http::listening_place& at, const char* host) {
    return !http::check_origin(with({{"Host", host}}), at);
  };
  for (const auto* host :
       {"localhost", "LocalHost:7295", "127.0.0.1:7295", "127.1.2.3",
        "[::1]:7295", "a.localhost", "pawl.test:1"})
    BOOST_TEST(asks(loopback, host), host);
  for (const auto* host :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
        "192.168.0.1", "127.1", "0.0.0.0", "[::2]", "evil.example:7295"}) {
    BOOST_TEST(!asks(loopback, host), host);
    BOOST_TEST(asks(open, host), host);
  }
  const http::listening_place v6{true, "::1", {}};
  BOOST_TEST(asks(v6, "[::1]:7295"));
}

BOOST_AUTO_TEST_CASE(refuses_pages_of_other_sites) {
  const http::listening_place at{true, "127.0.0.1", {}};
  const auto asks = [&](const char* host, const char* origin) {
    return !http::check_origin(with({{"Host", host}, {"Origin", origin}}), at);
  };
  BOOST_TEST(asks("localhost:7295", "http://localhost:7295"));
  BOOST_TEST(!asks("localhost:7295", "http://localhost:3000"));
  BOOST_TEST(!asks("localhost:7295", "https://evil.example"));
  BOOST_TEST(!asks("localhost:7295", "null"));
  BOOST_TEST(!asks("localhost:7295", ""));
  // A unix socket has no address, but a page is a page.
  const http::listening_place file{};
  BOOST_TEST(http::check_origin(
               with({{"Host", "x"}, {"Origin", "http://evil.example"}}), file)
               .has_value());
}

BOOST_AUTO_TEST_SUITE_END()
