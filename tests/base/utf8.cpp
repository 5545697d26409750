#define BOOST_TEST_MODULE base.utf8
#include "base/utf8.hpp"

#include <boost/test/unit_test.hpp>

using pawl::repaired_utf8;

namespace {
const std::string mark = "\xef\xbf\xbd";
} // namespace

BOOST_AUTO_TEST_SUITE(utf8_suite)

BOOST_AUTO_TEST_CASE(what_is_well_formed_stays) {
  using namespace std::string_literals;
  for (const auto& text :
       {""s, "plain\0text\x7f"s, "\xc2\x80\xdf\xbf"s,
        "\xe0\xa0\x80\xed\x9f\xbf"s, "\xee\x80\x80\xef\xbf\xbf"s,
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"s})
    BOOST_TEST(repaired_utf8(text) == text);
}

BOOST_AUTO_TEST_CASE(each_stray_byte_is_marked) {
  BOOST_TEST(repaired_utf8("a\x80z") == "a" + mark + "z");
  BOOST_TEST(repaired_utf8("\xff\xfe") == mark + mark);
  BOOST_TEST(repaired_utf8("\xe2\x82") == mark + mark); // Cut short.
  BOOST_TEST(repaired_utf8("\xe2\x82|") == mark + mark + "|");
}

BOOST_AUTO_TEST_CASE(
  overlong_forms_surrogates_and_what_lies_beyond_are_marked) {
  BOOST_TEST(repaired_utf8("\xc0\xaf") == mark + mark);
  BOOST_TEST(repaired_utf8("\xe0\x80\xaf") == mark + mark + mark);
  BOOST_TEST(repaired_utf8("\xed\xa0\x80") == mark + mark + mark);
  BOOST_TEST(repaired_utf8("\xf4\x90\x80\x80") == mark + mark + mark + mark);
}

BOOST_AUTO_TEST_SUITE_END()
