#define BOOST_TEST_MODULE http.openapi

#include "base/json.hpp"
#include "http/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace pawl;

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

const json::value& document() {
  static const auto parsed = parse_json(http::openapi_json()).value();
  return parsed;
}

// Follows `{"$ref": "#/a/b"}`.
const json::value& resolved(const json::value& at) {
  const auto* ref = at.as_object().if_contains("$ref");
  if (ref == nullptr)
    return at;
  const std::string_view target = ref->as_string();
  return document().at_pointer(target.substr(1));
}

std::set<std::string> words(std::string_view list) {
  std::set<std::string> out;
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    out.emplace(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

std::set<std::string> query_parameters(const json::value& operation) {
  std::set<std::string> out;
  if (const auto* list = operation.as_object().if_contains("parameters"))
    for (const auto& item : list->as_array())
      if (const auto& p = resolved(item); p.at("in") == "query")
        out.emplace(p.at("name").as_string());
  return out;
}

// Every `$ref` of the document leads somewhere.
void check_references(const json::value& at) {
  if (const auto* list = at.if_array())
    for (const auto& item : *list)
      check_references(item);
  if (const auto* members = at.if_object()) {
    BOOST_CHECK_NO_THROW(resolved(at));
    for (const auto& member : *members)
      check_references(member.value());
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi)

BOOST_AUTO_TEST_CASE(describes_every_route_as_it_is) {
  for (const auto& line : http::routes()) {
    BOOST_TEST_CONTEXT(line.method << " " << line.pattern) {
      const auto& paths = document().at("paths").as_object();
      BOOST_REQUIRE(paths.contains(line.pattern));
      const auto& path = paths.at(line.pattern).as_object();
      BOOST_REQUIRE(path.contains(lower(line.method)));
      const auto& operation = path.at(lower(line.method));
      BOOST_TEST(std::string_view{operation.at("operationId").as_string()}
                 == line.operation);
      BOOST_TEST(query_parameters(operation) == words(line.parameters),
                 boost::test_tools::per_element());
      BOOST_TEST(operation.as_object().contains("requestBody")
                 == (line.body != http::body_kind::none));
    }
  }
}

BOOST_AUTO_TEST_CASE(describes_nothing_else) {
  std::size_t operations = 0;
  for (const auto& path : document().at("paths").as_object())
    for (const auto& member : path.value().as_object())
      operations += member.key() == "parameters" ? 0 : 1;
  BOOST_TEST(operations == http::routes().size());
}

BOOST_AUTO_TEST_CASE(declares_the_names_in_every_path) {
  for (const auto& path : document().at("paths").as_object()) {
    const std::string_view pattern = path.key();
    const auto wanted = std::count(pattern.begin(), pattern.end(), '{');
    const auto* declared = path.value().as_object().if_contains("parameters");
    const auto found = declared == nullptr ? 0U : declared->as_array().size();
    BOOST_TEST(static_cast<std::size_t>(wanted) == found, pattern);
  }
}

BOOST_AUTO_TEST_CASE(refers_only_to_what_there_is) {
  check_references(document());
  BOOST_TEST(document().at("openapi") == "3.1.0");
}

BOOST_AUTO_TEST_SUITE_END()
