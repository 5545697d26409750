#define BOOST_TEST_MODULE cli.server

#include "cli/server.hpp"

#include "cli/commands/documents.hpp"
#include "cli/commands/wait_option.hpp"
#include "cli/prefix.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

using namespace pawl::cli;

namespace {

/// A machine that has what the test says.
struct machine {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  std::set<std::string> sockets;

  [[nodiscard]] surroundings view() const {
    auto look = [](const std::map<std::string, std::string>& in,
                   const std::string& key) -> std::optional<std::string> {
      auto found = in.find(key);
      if (found == in.end())
        return std::nullopt;
      return found->second;
    };
    return {[=, this](const std::string& n) { return look(variables, n); },
            [=, this](const std::string& p) { return look(files, p); },
            [=, this](const std::string& p) { return sockets.contains(p); }};
  }
};

const std::string config = "/users/u/.config/pawl/config.toml";

} // namespace

BOOST_AUTO_TEST_SUITE(server)

BOOST_AUTO_TEST_CASE(reads_the_subset_of_toml) {
  struct {
    const char* text;
    const char* url; ///< "-" for none, "!" for refused.
  } cases[] = {
    {"", "-"},
    {"# nothing\n\n", "-"},
    {"url = \"http://a:1\"\n", "http://a:1"},
    {"url='http://a:1' # mine\r\n", "http://a:1"},
    {"  url\t=\t\"http://a#b\"", "http://a#b"},
    {"url = http://a\n", "!"},
    {"url = \"a\" b\n", "!"},
    {"url = \"a\\n\"\n", "!"},
    {"url = \"a\n", "!"},
    {"url = \"a\"\nurl = \"b\"\n", "!"},
    {"[server]\nurl = \"a\"\n", "!"},
    {"token = \"a\"\n", "!"},
    {"nonsense\n", "!"},
  };
  for (const auto& c : cases) {
    auto got = parse_client_config(c.text, "f");
    std::string text = !got ? "!" : got->url.value_or("-");
    BOOST_TEST(text == c.url, c.text);
  }
}

BOOST_AUTO_TEST_CASE(says_the_line_of_a_fault) {
  auto got = parse_client_config("# one\nurl = 7\n", "f.toml");
  BOOST_TEST(got.error().text.starts_with("f.toml:2: "));
}

BOOST_AUTO_TEST_CASE(reads_urls) {
  struct {
    const char* text;
    const char* base; ///< "!" for refused.
    const char* socket;
  } cases[] = {
    {"http://h:1", "http://h:1", ""},
    {"http://h:1/", "http://h:1", ""},
    {"http://h:1/v1/", "http://h:1", ""},
    {"https://h/p", "https://h/p", ""},
    {"unix:/run/p.sock", "http://localhost", "/run/p.sock"},
    {"unix:///run/p.sock", "http://localhost", "/run/p.sock"},
    {"unix:p.sock", "!", ""},
    {"h:1", "!", ""},
    {"ftp://h", "!", ""},
    {"http://", "!", ""},
    {"", "!", ""},
  };
  for (const auto& c : cases) {
    auto got = parse_server_url(c.text);
    BOOST_TEST((got ? got->base : "!") == c.base, c.text);
    if (got)
      BOOST_TEST(got->socket == c.socket);
  }
}

BOOST_AUTO_TEST_CASE(prefers_the_option_then_the_variable_then_the_file) {
  machine m{{{"HOME", "/users/u"}, {"PAWL_URL", "http://env:1"}},
            {{config, "url = \"http://file:1\"\n"}},
            {"/run/pawl/pawl.sock"}};
  BOOST_TEST(find_servers({.url = "http://opt:1"}, m.view()).value()[0].base
             == "http://opt:1");
  BOOST_TEST(find_servers({}, m.view()).value()[0].base == "http://env:1");
  m.variables.erase("PAWL_URL");
  auto found = find_servers({}, m.view()).value();
  BOOST_TEST(found.size() == 1U);
  BOOST_TEST(found[0].base == "http://file:1");
}

BOOST_AUTO_TEST_CASE(tries_the_sockets_that_exist_before_the_port) {
  machine m{{{"XDG_RUNTIME_DIR", "/run/user/1"}}, {}, {"/run/pawl/pawl.sock"}};
  std::vector<server_address> expected{
    {"http://localhost", "/run/pawl/pawl.sock"}, {"http://127.0.0.1:7295", ""}};
  BOOST_TEST((find_servers({}, m.view()).value() == expected));
  m.sockets.insert("/run/user/1/pawl/pawl.sock");
  BOOST_TEST(find_servers({}, m.view()).value().size() == 3U);
  m.sockets.clear();
  BOOST_TEST(find_servers({}, m.view()).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(shows_a_token_to_whom_it_is_meant_for) {
  const std::string a = "pawl_a";
  machine m{{{"HOME", "/users/u"}},
            {{config, "url = 'http://file:1'\ntoken_file = '/t'\n"
                      "ca_file = '/ca'\n"},
             {"/t", a + "\n"},
             {"/other", "pawl_b"},
             {"/bad", "pawl_b\r\nHost: x"}},
            {}};
  auto first = [&](const server_options& o) {
    return find_servers(o, m.view()).value()[0];
  };
  BOOST_TEST(first({}).token == a);
  BOOST_TEST(first({}).ca_file == "/ca");
  BOOST_TEST(first({.token_file = "/other"}).token == "pawl_b");
  // The file's token is for the file's server.
  BOOST_TEST(first({.url = "http://opt:1"}).token == "");
  BOOST_TEST(first({.url = "http://opt:1"}).ca_file == "");
  BOOST_TEST(first({.url = "http://o", .token_file = "/other"}).token
             == "pawl_b");
  m.variables["PAWL_TOKEN"] = "pawl_c";
  BOOST_TEST(first({.url = "http://opt:1"}).token == "pawl_c");
  BOOST_TEST(first({.token_file = "/other"}).token == "pawl_b");
  for (const auto* file : {"/none", "/bad"})
    BOOST_TEST(!find_servers({.token_file = file}, m.view()).has_value(), file);
  m.variables["PAWL_TOKEN"] = "secret";
  BOOST_TEST(!find_servers({}, m.view()).has_value());
}

BOOST_AUTO_TEST_CASE(chooses_the_id_that_a_prefix_means) {
  std::vector<std::string> ids{"01AB", "01AC", "02", "02X"};
  BOOST_TEST(choose_id("01AB", ids).value() == "01AB");
  BOOST_TEST(choose_id("02", ids).value() == "02");
  BOOST_TEST(choose_id("02X", ids).value() == "02X");
  BOOST_TEST((choose_id("9", ids).error().code == exit_code::not_found));
  auto many = choose_id("01", ids).error();
  BOOST_TEST((many.code == exit_code::usage));
  BOOST_TEST(many.text.find("01AB") != many.text.npos);
  BOOST_TEST(many.text.find("01AC") != many.text.npos);
}

BOOST_AUTO_TEST_CASE(keeps_the_value_of_wait_apart_from_what_follows) {
  using commands::join_wait_value;
  using list = std::vector<std::string>;
  struct {
    list in;
    list out;
  } cases[] = {
    {{"run", "--wait", "f.yaml"}, {"run", "--wait=forever", "f.yaml"}},
    {{"run", "f", "--wait", "30"}, {"run", "f", "--wait=30"}},
    {{"run", "f", "--wait"}, {"run", "f", "--wait=forever"}},
    {{"run", "--wait=5", "f"}, {"run", "--wait=5", "f"}},
    {{"run", "--", "--wait"}, {"run", "--", "--wait"}},
  };
  for (const auto& c : cases)
    BOOST_TEST(join_wait_value(c.in) == c.out,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reads_references) {
  auto full = commands::parse_reference("a/b@1.0.0-rc.1").value();
  BOOST_TEST(full.ns == "a");
  BOOST_TEST(full.name == "b");
  BOOST_TEST(full.version == "1.0.0-rc.1");
  BOOST_TEST(commands::parse_reference("a/b").value().version.empty());
  BOOST_TEST(commands::parse_reference("a/b/2.0.0").value().version == "2.0.0");
  for (const auto* bad : {"", "a", "/b", "a/", "a/b@"})
    BOOST_TEST(!commands::parse_reference(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()
