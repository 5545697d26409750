#define BOOST_TEST_MODULE workflow.parse_resources

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

namespace {

parsed_definition read_with(const std::string& text,
                            const resource_map& resources) {
  auto got = parse_definition(std::string{header} + text, resources);
  BOOST_TEST_REQUIRE(static_cast<bool>(got), got.error().detail);
  return std::move(*got);
}

error refusal(const std::string& text, const resource_map& resources) {
  const auto got = parse_definition(std::string{header} + text, resources);
  BOOST_TEST_REQUIRE(!got);
  return got.error();
}

constexpr std::string_view catalog = R"(
use:
  secrets: [token]
  catalogs:
    mine:
      endpoint:
        uri: https://github.com/me/functions/tree/main/all
        authentication: {bearer: {token: '${ $secrets.token }'}}
do:
  - a: {call: 'greet:1.0.0@mine', with: {name: you}}
)";
constexpr std::string_view greet_uri
  = "https://raw.githubusercontent.com/me/functions/main/all/functions/greet/"
    "1.0.0/function.yaml";

} // namespace

BOOST_AUTO_TEST_CASE(asks_for_functions_of_catalogs) {
  const auto got = read_with(std::string{catalog}, {});
  BOOST_TEST(!got.made);
  BOOST_REQUIRE_EQUAL(got.wanted.size(), 1U);
  const auto& want = got.wanted[0];
  BOOST_TEST(want.uri == greet_uri);
  BOOST_TEST_REQUIRE(want.access.has_value());
  BOOST_TEST(std::holds_alternative<late_expression>(
    member(want.access->with, "token").form));
  BOOST_TEST(want.at.pointer == "/do/0/a/call");
  BOOST_TEST(want.at.line == 11U);
  BOOST_TEST(want.at.detail
             == "the resource " + std::string{greet_uri}
                  + " is needed, but is not at hand");
}

BOOST_AUTO_TEST_CASE(makes_functions_of_catalogs_a_part_of_the_definition) {
  const resource_map resources{
    {std::string{greet_uri}, "input: {schema: {document: {required: [name]}}}\n"
                             "do: [{say: {set: '${ \"Hello \" + .name }'}}]\n"},
    {"https://elsewhere", "not read"}};
  const auto got = read_with(std::string{catalog}, resources);
  BOOST_TEST_REQUIRE(static_cast<bool>(got.made));
  const auto& d = *got.made;
  BOOST_REQUIRE_EQUAL(d.tasks.size(), 3U);
  BOOST_TEST(d.tasks[1].name == "greet");
  BOOST_TEST(d.tasks[1].pointer == "/use/catalogs/mine/functions/greet:1.0.0");
  BOOST_TEST(d.tasks[2].pointer
             == "/use/catalogs/mine/functions/greet:1.0.0/do/0/say");
  BOOST_TEST(as<tasks::call_function>(d).function == 1U);
  BOOST_TEST(d.resources.size() == 1U);
  auto other = resources;
  other[std::string{greet_uri}] += "# Another text, another digest.\n";
  BOOST_TEST(read_with(std::string{catalog}, other).made->digest != d.digest);
  BOOST_TEST(read_with(std::string{catalog}, d.resources).made->digest
             == d.digest);
}

BOOST_AUTO_TEST_CASE(asks_for_what_resources_need_in_turn) {
  const std::string text = "do: [{a: {call: 'file:///f.yaml'}}]";
  resource_map have;
  have["file:///f.yaml"]
    = "input: {schema: {resource: {endpoint: 'https://x/schema.json'}}}\n"
      "call: https://x/g/function.yaml\n";
  auto got = read_with(text, have);
  BOOST_REQUIRE_EQUAL(got.wanted.size(), 2U);
  BOOST_TEST(got.wanted[0].uri == "https://x/schema.json");
  BOOST_TEST(got.wanted[0].at.pointer == "/do/0/a/call");
  BOOST_TEST(
    got.wanted[0].at.detail.starts_with("in file:///f.yaml, line 1, column 39: "
                                        "the resource https://x/schema.json"));
  BOOST_TEST(got.wanted[1].uri == "https://x/g/function.yaml");
  have["https://x/schema.json"] = R"({"type": "object"})";
  have["https://x/g/function.yaml"] = "set: {a: 1}\n";
  got = read_with(text, have);
  BOOST_TEST_REQUIRE(static_cast<bool>(got.made));
  BOOST_TEST(got.made->resources.size() == 3U);
  BOOST_TEST(got.made->tasks[1].input.schema->check(json::value(1)).size()
             == 1U);
  BOOST_TEST(got.made->tasks[2].pointer
             == "/use/functions/https:~1~1x~1g~1function.yaml");
}

BOOST_AUTO_TEST_CASE(asks_for_schemas_once) {
  const auto got = read_with(
    "input: {schema: {resource: {endpoint: 'https://x/s'}}}\n"
    "output: {schema: {resource: {name: s, endpoint: {uri: 'https://x/s'}}}}\n"
    "do: []",
    {});
  BOOST_TEST(got.wanted.size() == 1U);
}

BOOST_AUTO_TEST_CASE(tells_faults_of_resources_where_they_are_referred_to) {
  const auto why
    = refusal("do: [{a: {call: 'https://x/f'}}]",
              {{"https://x/f", "\n  set: {x: '${ .a + }'}\n  tehn: end\n"}});
  BOOST_REQUIRE_EQUAL(why.faults.size(), 2U);
  for (const auto& each : why.faults) {
    BOOST_TEST(each.pointer == "/do/0/a/call");
    BOOST_TEST(each.line == 2U);
    BOOST_TEST(each.column == 17U);
  }
  BOOST_TEST(why.faults[0].detail.starts_with(
               "in https://x/f, line 2, column 21: the expression does not"),
             why.faults[0].detail);
  BOOST_TEST(why.faults[1].detail.starts_with(
               "in https://x/f, line 3, column 3: a task has no member 'tehn'"),
             why.faults[1].detail);
  const auto schema
    = refusal("input: {schema: {resource: {endpoint: 'https://x/s'}}}\ndo: []",
              {{"https://x/s", "{\"type\": \"objct\"}"}});
  BOOST_TEST(schema.faults.at(0).pointer == "/input/schema/resource/endpoint");
  BOOST_TEST(schema.faults[0].detail.starts_with(
               "in https://x/s, line 1, column 10: a type is one of"),
             schema.faults[0].detail);
  const auto broken
    = refusal("do: [{a: {call: 'https://x/f'}}]", {{"https://x/f", "set: ["}});
  BOOST_TEST(
    broken.detail.starts_with("the resource https://x/f cannot be read: "),
    broken.detail);
}

BOOST_AUTO_TEST_CASE(tells_faults_before_it_asks) {
  const auto why
    = refusal("do: [{a: {call: 'https://x/f'}}, {b: {wat: 1}}]", {});
  BOOST_TEST(why.faults.size() == 1U);
  BOOST_TEST(why.faults[0].pointer == "/do/1/b");
}

BOOST_AUTO_TEST_CASE(finds_recursion_through_resources) {
  const auto why = refusal("do: [{a: {call: 'https://x/f'}}]",
                           {{"https://x/f", "call: https://x/g"},
                            {"https://x/g", "call: https://x/f"}});
  BOOST_TEST(why.detail.find("the function 'https://x/f' calls itself")
               != std::string::npos,
             why.detail);
}

BOOST_AUTO_TEST_CASE(bounds_the_number_of_resources) {
  std::string text = "do:\n";
  for (int i = 0; i < 65; ++i)
    text += "  - t" + std::to_string(i) + ": {call: 'https://x/"
            + std::to_string(i) + "'}\n";
  const auto why = refusal(text, {});
  BOOST_TEST(why.detail == "a workflow is made of at most 64 resources");
}

BOOST_AUTO_TEST_CASE(needs_resources_that_are_asked_for_if_none_can_be_given) {
  const auto got = parse_definition(std::string{header}
                                    + "do: [{a: {call: 'https://x/f'}}]");
  BOOST_TEST_REQUIRE(!got);
  BOOST_TEST((got.error().code == errc::invalid_definition));
  BOOST_TEST(got.error().faults.at(0).pointer == "/do/0/a/call");
}

BOOST_AUTO_TEST_CASE(knows_where_the_files_of_repositories_are) {
  const std::pair<std::string, std::string> uris[] = {
    {"https://github.com/a/b", "https://raw.githubusercontent.com/a/b/HEAD"},
    {"https://github.com/a/b/tree/v1/c/d",
     "https://raw.githubusercontent.com/a/b/v1/c/d"},
    {"https://github.com/a/b/blob/v1/c.yaml",
     "https://raw.githubusercontent.com/a/b/v1/c.yaml"},
    {"https://gitlab.com/g/h/b/-/tree/main/c",
     "https://gitlab.com/g/h/b/-/raw/main/c"},
    {"https://gitlab.com/g/b/-/blob/main/c.yaml",
     "https://gitlab.com/g/b/-/raw/main/c.yaml"},
    {"https://github.com/a/b/x/y", "https://github.com/a/b/x/y"},
    {"https://example.com/a/b/tree/main", "https://example.com/a/b/tree/main"},
  };
  for (const auto& [page, raw] : uris) {
    const auto got = read_with(
      "do: []\ninput: {schema: {resource: {endpoint: '" + page + "'}}}", {});
    BOOST_TEST(got.wanted.at(0).uri == raw);
  }
}

BOOST_AUTO_TEST_CASE(lets_registration_read_nothing_but_secrets) {
  const auto why = refusal(R"(use:
  catalogs:
    c: {endpoint: {uri: 'https://x', authentication: {bearer: {token: '${ $context.t }'}}}}
do: []
)",
                           {});
  BOOST_TEST(why.detail
             == "the variable $context cannot be used here; what can be used "
                "is 'secrets'");
  const auto named = refusal(R"(use:
  authentications: {me: {bearer: {token: '${ $context.t }'}}}
  catalogs: {c: {endpoint: {uri: 'https://x', authentication: {use: me}}}}
do: []
)",
                             {});
  BOOST_TEST(named.faults.at(0).pointer
             == "/use/authentications/me/bearer/token");
}
