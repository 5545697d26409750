#define BOOST_TEST_MODULE http.target

#include "http/target.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using http::parse_target;

namespace {

std::string joined(const std::vector<std::string>& segments) {
  std::string out;
  for (const auto& s : segments)
    out += "[" + s + "]";
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(target)

BOOST_AUTO_TEST_CASE(takes_paths_apart) {
  const std::pair<const char*, const char*> table[] = {
    {"/", "[]"},
    {"/v1/a", "[v1][a]"},
    {"/v1/a/", "[v1][a][]"},
    {"//a", "[][a]"},
    {"/a%20b/%C3%A9", "[a b][\xC3\xA9]"},
    {"/a%2Fb", "[a/b]"},
    {"/a+b", "[a+b]"},
    {"/..", "[..]"},
    {"/a?b/c", "[a]"},
    {"http://x:1/a/b?c", "[a][b]"},
    {"http://x", "[]"},
    {"/a#frag", "[a]"},
  };
  for (const auto& [text, wanted] : table)
    BOOST_TEST(joined(parse_target(text).value().segments) == wanted, text);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_path) {
  for (const std::string_view text :
       {"", "*", "a", "host:80", "/%", "/%1", "/%zz", "/%00", "/%ff", "/%c0%af",
        "/%ed%a0%80", "/a b", "/\xC3\xA9", "/\x01", "/?a=%", "/?%f0=1"})
    BOOST_TEST((parse_target(text).has_error()
                && parse_target(text).error().code == errc::malformed),
               text);
}

BOOST_AUTO_TEST_CASE(decodes_queries) {
  const auto q = parse_target("/x?a=1&b=x+y%26z&c&&d==&label.k=%C3%A9").value();
  const std::vector<std::pair<std::string, std::string>> wanted{
    {"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"d", "="}, {"label.k", "\xC3\xA9"}};
  BOOST_TEST((q.parameters == wanted));
  BOOST_TEST(q.path == "/x");
}

BOOST_AUTO_TEST_CASE(encodes_what_it_decodes) {
  const std::string all = "a-Z_0.~ /?%&=+\xC3\xA9";
  const auto text = http::percent_encoded(all);
  BOOST_TEST(text == "a-Z_0.~%20%2F%3F%25%26%3D%2B%C3%A9");
  BOOST_TEST(http::percent_decoded(text).value() == all);
}

BOOST_AUTO_TEST_SUITE_END()
