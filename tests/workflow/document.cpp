#define BOOST_TEST_MODULE workflow.document

#include "workflow/document.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

/// The document as canonical JSON, or its one fault as "line:column pointer
/// detail".
std::string read(std::string_view text) {
  const auto got = read_document(text);
  if (got)
    return to_canonical_text(got->value);
  const auto faults = got.error().faults;
  if (faults.size() != 1)
    return got.error().detail;
  return std::to_string(faults[0].line) + ':' + std::to_string(faults[0].column)
         + ' ' + faults[0].pointer + ' ' + faults[0].detail;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(resolves_scalars_by_the_core_schema) {
  struct row {
    std::string_view scalar, expected;
  };
  constexpr row rows[] = {
    {"012", "12"},
    {"0o14", "12"},
    {"0x1F", "31"},
    {"0b11", R"("0b11")"},
    {"1_000", R"("1_000")"},
    {"-7", "-7"},
    {"+7", "7"},
    {"0", "0"},
    {"-0", "0"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", "9223372036854775808"},
    {"18446744073709551615", "18446744073709551615"},
    {"1.5", "1.5"},
    {".5", "0.5"},
    {"5.", "5"},
    {"1e3", "1000"},
    {"-1.5E-1", "-0.15"},
    {"+2.5", "2.5"},
    {"1e-999", "0"},
    {".", R"(".")"},
    {"-x", R"("-x")"},
    {"1.2.3", R"("1.2.3")"},
    {"1e", R"("1e")"},
    {"yes", R"("yes")"},
    {"no", R"("no")"},
    {"on", R"("on")"},
    {"y", R"("y")"},
    {"true", "true"},
    {"True", "true"},
    {"FALSE", "false"},
    {"tRue", R"("tRue")"},
    {"null", "null"},
    {"~", "null"},
    {"NULL", "null"},
    {"", "null"},
    {"nil", R"("nil")"},
    {"2026-01-31", R"("2026-01-31")"},
    {"12:30:45", R"("12:30:45")"},
    {"'012'", R"("012")"},
    {"\"true\"", R"("true")"},
    {"!!str 12", R"("12")"},
    {"!!int 12", "12"},
    {"!!float 12", "12"},
    {"!!bool true", "true"},
    {"!!null ~", "null"},
    {"! 12", R"("12")"},
    {"inf", R"("inf")"},
    {"nan", R"("nan")"},
  };
  for (const auto& [scalar, expected] : rows)
    BOOST_TEST_CONTEXT(scalar)
  BOOST_TEST(read("a: " + std::string{scalar} + "\n")
             == "{\"a\":" + std::string{expected} + "}");
}

BOOST_AUTO_TEST_CASE(reads_escapes_as_characters) {
  const auto got
    = read_document("- \"a\\_b\\Nc\\u00e4\"\n- \xc3\xa0\xc2\xa0\xe2\x80\xa0\n");
  BOOST_REQUIRE(got);
  BOOST_TEST(got->value.at(0).as_string()
             == "a\xc2\xa0"
                "b\xc2\x85"
                "c\xc3\xa4");
  BOOST_TEST(got->value.at(1).as_string() == "\xc3\xa0\xc2\xa0\xe2\x80\xa0");
}

BOOST_AUTO_TEST_CASE(takes_plain_scalars_as_keys) {
  BOOST_TEST(read("1: a\ntrue: b\n1.0: c\nyes: d\n'': e")
             == R"({"":"e","1":"a","1.0":"c","true":"b","yes":"d"})");
}

BOOST_AUTO_TEST_CASE(reads_block_and_flow_alike) {
  constexpr std::string_view block = "a:\n  - b: 1\n    c: [x, {d: null}]\n"
                                     "  - |\n    two\n    lines\n";
  constexpr std::string_view flow
    = R"({"a":[{"b":1,"c":["x",{"d":null}]},"two\nlines\n"]})";
  BOOST_TEST(read(block) == flow);
  BOOST_TEST(read(flow) == flow);
  BOOST_TEST(read("{a: [{b: 1, c: [x, {d: ~}]}, \"two\\nlines\\n\"]}") == flow);
  BOOST_TEST(read("---\n" + std::string{block} + "...\n") == flow);
  BOOST_TEST(read("\xEF\xBB\xBF" + std::string{block}) == flow);
  BOOST_TEST(read("\xEF\xBB\xBF" + std::string{flow}) == flow);
}

BOOST_AUTO_TEST_CASE(takes_question_marks_in_texts_everywhere) {
  struct row {
    std::string_view text, expected;
  };
  constexpr row rows[] = {
    {"a: {uri: http://x/y?z=1&b=?}", R"({"a":{"uri":"http://x/y?z=1&b=?"}})"},
    {"[what?]", R"(["what?"])"},
    {"[what?, why??, ?x, a?b c? d, -?, :?]",
     R"(["what?","why??","?x","a?b c? d","-?",":?"])"},
    {"{what?: 1, b: c?}", R"({"b":"c?","what?":1})"},
    {"a: {b: .c?, d: [.e?]}", R"({"a":{"b":".c?","d":[".e?"]}})"},
    {"['a?', \"b?\", \"\\x3f\\u00FA\\xFA\"]",
     "[\"a?\",\"b?\",\"?\xC3\xBA\xC3\xBA\"]"},
    {"a: x? # really?\nb?: ?y\nc: |\n  ? d?\n  [?]\ne: >-\n  f?\n  ?g\n",
     R"({"a":"x?","b?":"?y","c":"? d?\n[?]\n","e":"f? ?g"})"},
    {"a: &x? [1?]\nb: [*x?]", R"({"a":["1?"],"b":[["1?"]]})"},
    {"? a\n: {? b : c, ? d?, ?e}", R"({"a":{"?e":null,"b":"c","d?":null}})"},
    {"?a\n", R"("?a")"},
    {"- a ? b\n- ? c?\n  : d\n", R"(["a ? b",{"c?":"d"}])"},
  };
  for (const auto& [text, expected] : rows)
    BOOST_TEST(read(text) == expected, text << " gives " << read(text));
}

BOOST_AUTO_TEST_CASE(names_a_question_mark_that_stands_alone) {
  struct row {
    std::string_view text, place;
  };
  constexpr row rows[] = {
    {"[what ?]", "1:7 "},
    {"a: 1\nb: [what ? yes]", "2:10 "},
    {"a: {b: ?}", "1:8 "},
    {"a: {b: c ? d}", "1:10 "},
    {"a: ? b\n", "1:4 "},
    {"[\xC3\xBC ?]", "1:4 "},
    {"a: [\n  b,\n  c ?\n]", "3:5 "},
  };
  for (const auto& [text, place] : rows)
    BOOST_TEST_CONTEXT(text << " gives " << read(text)) {
      BOOST_TEST(read(text).starts_with(place));
      BOOST_TEST(has(read(text), "a '?' that stands alone"));
      BOOST_TEST(has(read(text), "put the text in quotes"));
    }
  BOOST_TEST(has(read("a: \"\\?\""), "unknown escape character: ?"));
  BOOST_TEST(has(read("a: !b?c d"), "1:4"));
}

BOOST_AUTO_TEST_CASE(expands_anchors) {
  BOOST_TEST(read("a: &x {p: 1}\nb: *x\nc: [*x, *x]\n")
             == R"({"a":{"p":1},"b":{"p":1},"c":[{"p":1},{"p":1}]})");
  BOOST_TEST(read("a: &x k\n*x : v\n") == R"({"a":"k","k":"v"})");
  BOOST_TEST(read("a: &x 1\nb: &x 2\nc: *x\n") == R"({"a":1,"b":2,"c":2})");
}

BOOST_AUTO_TEST_CASE(tells_where_a_fault_is) {
  struct row {
    std::string text;
    std::string_view expected; ///< How the fault begins.
  };
  const row rows[] = {
    {"a: 1\nb:\n  c: 1\n  c: 2\n", "4:3 /b/c the key 'c' stands here"},
    {R"({"a":1,)"
     "\n \"a\":2}",
     "2:3 /a the key"},
    {"a: .inf\n", "1:4 /a .inf is not a finite number"},
    {"a: [1, -.Inf]\n", "1:8 /a/1 "},
    {"a: .nan\n", "1:4 /a .nan"},
    {"a: 1e999\n", "1:4 /a the number 1e999 is outside"},
    {"a: 0xFFFFFFFFFFFFFFFFFF\n", "1:4 /a the number"},
    {"a: {<<: 1}\n", "1:5 /a merge keys (<<)"},
    {"? [a]\n: 1\n", "1:3  a key must be text, not a list"},
    {"~: 1\n", "1:1  a key must be text; put it in quotes"},
    {"a: &x [*x]\n", "1:8 /a/0 an alias cannot stand within"},
    {"a: *x\n", "1:4  the YAML does not parse: the referenced anchor"},
    {"a: !own 1\n", "1:4 /a the tag '!own' is not supported"},
    {"a: !!int x\n", "1:4 /a the value does not fit its tag"},
    {"a: !!set {b}\n", "1:4 /a the tag "},
    {"a: 1\n---\nb: 2\n", "3:1  a second YAML document"},
    {"a: [1\nb: 2", "2:2  the YAML does not parse"},
    {"a:\n\tb: 1\n", "2:3  the YAML does not parse"},
    {"", "1:1  the document is empty"},
    {"\n  \n", "1:1  the document is empty"},
    {"# only a comment\n", "1:1  the document is empty"},
    {std::string{"a: b\0c", 6}, "1:5  a NUL character"},
    {"a: b\x01", "1:5  a control character"},
    {"a: \"\xC3\xBC\xFF\"", "1:6  the text is not valid UTF-8"},
    {"a: \xC0\xAF", "1:4  the text is not valid UTF-8"},
    {"a: \xED\xA0\x80", "1:4  the text is not valid UTF-8"},
    {"a: \xF5\x80\x80\x80", "1:4  the text is not valid UTF-8"},
    {"a: \xE2\x82", "1:4  the text is not valid UTF-8"},
    {"\xFF\xFE"
     "a\n",
     "1:1  the text is not valid UTF-8"},
  };
  for (const auto& [text, expected] : rows)
    BOOST_TEST_CONTEXT(text << " gives " << read(text))
  BOOST_TEST(read(text).starts_with(expected));
}

BOOST_AUTO_TEST_CASE(counts_columns_in_characters) {
  BOOST_TEST(read("\"\xC3\xBC\xC3\xBC\": {b: 1, b: 2}\n").starts_with("1:14 "));
}

BOOST_AUTO_TEST_CASE(knows_where_each_value_stands) {
  for (const std::string_view text : {"a:\n  - b: 1\n    c: [x,  y]\n",
                                      "{\"a\":\n [{\"b\": 1,\n\"c\": [\"x\", "
                                      "  \"y\"]}]}"}) {
    const auto got = read_document(text);
    BOOST_TEST_REQUIRE(static_cast<bool>(got));
    const auto& a = got->places.children.at(0);
    const auto& first = a.children.at(0);
    BOOST_TEST(first.children.size() == 2U);
    BOOST_TEST(first.children[1].children.size() == 2U);
    const bool yaml = text.front() == 'a';
    BOOST_TEST((a.key == (yaml ? place{1, 1} : place{1, 2})));
    BOOST_TEST((first.children[0].at == (yaml ? place{2, 8} : place{2, 9})));
    BOOST_TEST((first.children[1].key == (yaml ? place{3, 5} : place{3, 1})));
    BOOST_TEST((first.children[1].children[1].at
                == (yaml ? place{3, 13} : place{3, 14})));
  }
}

BOOST_AUTO_TEST_CASE(survives_any_depth) {
  for (const std::size_t levels : {65U, 1000U, 10'000U, 500'000U}) {
    for (const auto* open :
         {"[", "{\"a\":", "{a: ", "- ", "? ", "[[", "{a: ["}) {
      const auto text = repeated(open, levels).substr(0, 1'000'000);
      BOOST_TEST_CONTEXT(levels << " of " << open)
      BOOST_TEST(!read_document(text));
    }
    const auto closed = repeated("[", levels) + repeated("]", levels);
    if (closed.size() < document_limits::text_bytes)
      BOOST_TEST(has(read(closed), "64 levels"));
  }
  std::string stairs;
  for (std::size_t i = 0; i < 1000; ++i)
    stairs += std::string(i, ' ') + "a:\n";
  BOOST_TEST(has(read(stairs), "64 levels"));
}

BOOST_AUTO_TEST_CASE(allows_64_levels_and_no_more) {
  for (const bool json : {false, true}) {
    const auto* open = json ? "{\"a\":" : "{a: ";
    const auto deep = [&](std::size_t n) {
      return repeated(open, n) + "1" + repeated("}", n);
    };
    BOOST_TEST(static_cast<bool>(read_document(deep(64))));
    BOOST_TEST(!read_document(deep(65)));
  }
  // An alias brings its own levels along.
  const auto with_alias = [](std::size_t n) {
    return "a: &x [[[1]]]\nb: " + repeated("[", n) + "*x" + repeated("]", n);
  };
  BOOST_TEST(static_cast<bool>(read_document(with_alias(60))));
  BOOST_TEST(has(read(with_alias(61)), "64 levels"));
}

BOOST_AUTO_TEST_CASE(bounds_what_aliases_expand_to) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const auto before = std::string{"*"} + static_cast<char>(c - 1);
    bomb += std::string{c} + ": &" + c + " [" + before;
    for (int i = 0; i < 9; ++i)
      bomb += ", " + before;
    bomb += "]\n";
  }
  BOOST_TEST(has(read(bomb), "100,000 values"));
  const auto large = "a: &a \"" + std::string(500'000, 'x') + "\"\nb: ["
                     + repeated("*a, ", 50'000) + "]\n";
  BOOST_TEST(has(read(large), "8 MiB"));
}

BOOST_AUTO_TEST_CASE(bounds_values_text_and_keys) {
  BOOST_TEST(has(read("[" + repeated("1,", 100'000) + "]"), "100,000 values"));
  BOOST_TEST(
    has(read(R"({"a":[1)" + repeated(",1", 100'000) + "]}"), "100,000 values"));
  const std::string fits(document_limits::text_bytes, 'a');
  BOOST_TEST(static_cast<bool>(read_document(fits)));
  const auto over = read_document(fits + "a");
  BOOST_TEST_REQUIRE(!over);
  BOOST_TEST((over.error().code == errc::too_large));
  const std::string key(document_limits::key_bytes + 1, 'k');
  BOOST_TEST(has(read("? " + key + "\n: 1"), "1,024 bytes"));
  BOOST_TEST(has(read("{\"" + key + "\": 1}"), "1,024 bytes"));
}

BOOST_AUTO_TEST_CASE(survives_a_mebibyte_of_anything) {
  for (const std::string_view part :
       {"&a ", "*a ",      "!",          "!!str ", "%",    "\"",      "'",
        "|\n", ">",        "#",          ": ",     ", ",   "---\n",   "...\n",
        "]",   "[]",       "@",          "`",      "\\",   "\t",      "\r",
        "-",   "- &a x\n", "? a\n: b\n", "a:\n",   "a\n ", "\xC3\xBC"})
    BOOST_TEST_CONTEXT(part)
  BOOST_CHECK_NO_THROW(
    (void)read_document(repeated(part, 1'048'576 / part.size())));
}
