#define BOOST_TEST_MODULE base.json
#include "base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace pawl;

namespace {

struct bad_text {
  std::string text;
  std::uint32_t line;
  std::uint32_t column;
  std::string pointer;
};

const bad_text bad_texts[] = {
  {"", 1, 1, ""},
  {"{", 1, 2, ""},
  {"[1,]", 1, 4, "/1"},
  {"{\"a\":1,}", 1, 8, "/a"},
  {"{\"a\":tru}", 1, 6, "/a"},
  {"01", 1, 2, ""},
  {"1 2", 1, 3, ""},
  {"{}\n x", 2, 2, ""},
  {"nul", 1, 4, ""},
  {"'a'", 1, 1, ""},
  {"[1]//x", 1, 4, ""},
  {"{\"a\":1,\n \"a\":2}", 2, 3, "/a"},
  {"{\"a\":1,\n \"\\u0061\":2}", 2, 12, "/a"},
  {"{\"x\":[0,{\"b/c\":1,\"b/c\":2}]}", 1, 19, "/x/1/b~1c"},
  {"[1e400]", 1, 2, "/0"},
  {"[\"\xC3\xA4\", -1e400]", 1, 7, "/1"},
  {"[\"a\nb\"]", 1, 4, "/0"},
  {"[\"\xFF\"]", 1, 3, "/0"},
  {"[\"\xED\xA0\x80\"]", 1, 3, "/0"},
  {"[\"\\ud800\"]", 1, 9, "/0"},
  {"[NaN]", 1, 2, "/0"},
  {"\xEF\xBB\xBF{}", 1, 1, ""},
};

json::value parsed(std::string_view text) {
  auto v = parse_json(text);
  BOOST_REQUIRE_MESSAGE(v, text);
  return *v;
}

} // namespace

BOOST_AUTO_TEST_CASE(refuses_bad_text_and_says_where) {
  for (const auto& row : bad_texts) {
    const auto v = parse_json(row.text);
    BOOST_REQUIRE_MESSAGE(!v, row.text);
    BOOST_CHECK(v.error().code == errc::malformed);
    BOOST_REQUIRE(v.error().faults.size() == 1);
    const auto fault = v.error().faults[0]; // error() gives a copy.
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(fault.line == row.line);
      BOOST_TEST(fault.column == row.column);
      BOOST_TEST(fault.pointer == row.pointer);
      BOOST_TEST(!fault.detail.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(nests_as_deep_as_allowed_and_no_deeper) {
  const auto nested
    = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  BOOST_TEST(bool(parse_json(nested(64))));
  BOOST_TEST(!parse_json(nested(65)));
  BOOST_TEST(bool(parse_json(nested(3), 3)));
  BOOST_TEST(!parse_json(nested(4), 3));
  BOOST_TEST(!parse_json(nested(100000)));
}

BOOST_AUTO_TEST_CASE(texts_come_back_as_they_went_in) {
  for (const std::string text : {"null",
                                 "true",
                                 "false",
                                 "0",
                                 "-1",
                                 "9223372036854775807",
                                 "-9223372036854775808",
                                 "18446744073709551615",
                                 "1.0",
                                 "-0.5",
                                 "1.5e-07",
                                 "0.1",
                                 "1e+300",
                                 "\"\"",
                                 "\"a\\\"b\\\\c\\n\\u0001\"",
                                 "[]",
                                 "{}",
                                 "[1,[2,{\"a\":[]}],\"x\"]",
                                 "{\"b\":1,\"a\":{\"c\":null}}",
                                 "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""})
    BOOST_TEST(to_text(parsed(text)) == text);
}

BOOST_AUTO_TEST_CASE(numbers_print_as_promised) {
  BOOST_TEST(to_text(json::value(1.0)) == "1.0");
  BOOST_TEST(to_text(json::value(-0.0)) == "-0.0");
  BOOST_TEST(to_text(json::value(100000.0)) == "100000.0");
  BOOST_TEST(to_text(parsed("1E0")) == "1.0");
  BOOST_TEST(to_text(parsed("1e-400")) == "0.0");
  BOOST_TEST(to_text(parsed("18446744073709551616"))
             == "1.8446744073709552e+19");
  BOOST_TEST(to_text(json::value(std::numeric_limits<double>::quiet_NaN()))
             == "null");
  BOOST_TEST(to_text(json::value(std::numeric_limits<double>::infinity()))
             == "null");
}

BOOST_AUTO_TEST_CASE(every_double_reads_back_the_same) {
  std::mt19937_64 random{42};
  for (int i = 0; i < 20000; ++i) {
    const auto d = std::bit_cast<double>(random());
    if (!std::isfinite(d))
      continue;
    const auto back = parsed(to_text(json::value(d)));
    BOOST_REQUIRE(back.is_double());
    BOOST_REQUIRE(std::bit_cast<std::uint64_t>(back.get_double())
                  == std::bit_cast<std::uint64_t>(d));
  }
}

BOOST_AUTO_TEST_CASE(long_strings_with_escapes_survive_the_parsers_parts) {
  std::string long_text;
  for (int i = 0; i < 5000; ++i)
    long_text += "ab\n\"\xE2\x82\xAC";
  json::value v{{long_text, json::string(long_text)}};
  BOOST_CHECK(parsed(to_text(v)) == v);
}

BOOST_AUTO_TEST_CASE(canonical_text_does_not_depend_on_the_writing) {
  const auto canonical
    = [](std::string_view text) { return to_canonical_text(parsed(text)); };
  BOOST_TEST(canonical("{ \"b\": 1.0, \"a\": [1e2, 0.5] }")
             == "{\"a\":[100,0.5],\"b\":1}");
  BOOST_TEST(canonical("{\"b\":1,\"a\":{\"d\":[],\"c\":{}}}")
             == "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}");
  BOOST_TEST(canonical("9007199254740993") == "9007199254740993");
  BOOST_TEST(canonical("9007199254740992.0") == "9007199254740992.0");
  BOOST_TEST(canonical("-0.0") == "0");
}

BOOST_AUTO_TEST_CASE(pointers_escape_tilde_and_slash) {
  BOOST_TEST(pointer_join("", "a") == "/a");
  BOOST_TEST(pointer_join("/a", "b/c~d") == "/a/b~1c~0d");
  BOOST_TEST(pointer_join("/a", "") == "/a/");
}

BOOST_AUTO_TEST_CASE(null_is_one_datum) {
  BOOST_TEST(null_datum().get() == null_datum().get());
  BOOST_TEST(null_datum()->is_null());
  BOOST_TEST(to_text(*make_datum({1, "x"})) == "[1,\"x\"]");
}
