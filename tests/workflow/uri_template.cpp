#define BOOST_TEST_MODULE workflow.uri_template

#include "workflow/uri_template.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

const json::value& data() {
  static const auto value = *parse_json(R"({
    "id": 7, "name": "a b/c?d=e&f", "pet.id": "p1", "yes": true, "none": null,
    "half": 0.5, "umlaut": "\u00fc", "list": [1], "object": {}, "empty": "",
    "plain": "A-z_0.9~", "percent": "%41", "big": 9007199254740993})");
  return value;
}

} // namespace

BOOST_AUTO_TEST_CASE(expands_members_of_the_data) {
  struct row {
    std::string_view text, expected;
  };
  constexpr row rows[] = {
    {"https://x/pets/{id}", "https://x/pets/7"},
    {"https://x/{name}", "https://x/a%20b%2Fc%3Fd%3De%26f"},
    {"{pet.id}/{pet.id}", "p1/p1"},
    {"{yes}-{half}-{big}", "true-0.5-9007199254740993"},
    {"[{none}][{missing}][{empty}]", "[][][]"},
    {"{umlaut}", "%C3%BC"},
    {"{plain}", "A-z_0.9~"},
    {"{percent}", "%2541"},
    {"{id,yes}", "7,true"},
    {"{none,id,missing,yes}", "7,true"},
    {"{empty,id}", ",7"},
    {"no variables?q=1#f", "no variables?q=1#f"},
    {"", ""},
  };
  for (const auto& [text, expected] : rows) {
    BOOST_TEST_CONTEXT(text) {
      const auto got = expand_uri_template(text, data());
      BOOST_TEST_REQUIRE(static_cast<bool>(got));
      BOOST_TEST(*got == expected);
      BOOST_TEST(static_cast<bool>(check_uri_template(text)));
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_broken_templates) {
  for (const std::string_view text :
       {"{", "}", "{}", "a{b", "a}b", "{a{b}}", "{+id}", "{#id}", "{/id}",
        "{.id}", "{;id}", "{?id}", "{&id}", "{id*}", "{id:3}", "{id,}", "{,id}",
        "{a b}", "{a}}"}) {
    BOOST_TEST_CONTEXT(text) {
      const auto checked = check_uri_template(text);
      BOOST_TEST_REQUIRE(!checked);
      BOOST_TEST((checked.error().code == errc::malformed));
      BOOST_TEST(!expand_uri_template(text, data()));
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_structures_as_values) {
  for (const std::string_view text : {"{list}", "{object}", "x{id,list}"}) {
    const auto got = expand_uri_template(text, data());
    BOOST_TEST_REQUIRE(!got);
    BOOST_TEST((got.error().code == errc::invalid_input));
  }
}

BOOST_AUTO_TEST_CASE(finds_nothing_in_data_that_is_no_object) {
  for (const auto* text : {"null", "3", "[1]", "\"id\""})
    BOOST_TEST(*expand_uri_template("<{id}>", *parse_json(text)) == "<>");
}

BOOST_AUTO_TEST_CASE(bounds_what_it_makes) {
  const json::value large{{"x", std::string(40'000, '/')}};
  BOOST_TEST(
    (expand_uri_template("{x}", large).error().code == errc::too_large));
  const std::string longer(70'000, 'a');
  BOOST_TEST(
    (expand_uri_template(longer, large).error().code == errc::too_large));
}
