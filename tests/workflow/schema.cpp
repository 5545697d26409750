#define BOOST_TEST_MODULE workflow.schema

#include "workflow/schema.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

json::value value_of(std::string_view text) {
  auto got = parse_json(text, 200);
  BOOST_TEST_REQUIRE(static_cast<bool>(got), text);
  return *got;
}

/// The schema that `text` is; its faults fail the test.
schema_ptr compiled(std::string_view text) {
  auto got = compile_schema(value_of(text));
  BOOST_TEST_REQUIRE(static_cast<bool>(got),
                     text << ": " << got.error().detail);
  return *got;
}

/// The first fault of a schema that must not compile, as "pointer: detail".
std::string refusal(std::string_view text) {
  const auto got = compile_schema(value_of(text));
  if (got)
    return "accepted";
  BOOST_TEST((got.error().code == errc::invalid_definition));
  const auto first = got.error().faults.at(0);
  return first.pointer + ": " + first.detail;
}

/// One schema, and values that it must accept and refuse.
struct row {
  std::string_view schema;
  std::vector<std::string_view> good;
  std::vector<std::string_view> bad;
};

void check_rows(const std::vector<row>& rows) {
  for (const auto& [text, good, bad] : rows) {
    const auto made = compiled(text);
    for (const auto value : good)
      BOOST_TEST_CONTEXT(text << " with " << value)
    BOOST_TEST(made->check(value_of(value)).empty());
    for (const auto value : bad)
      BOOST_TEST_CONTEXT(text << " with " << value)
    BOOST_TEST(!made->check(value_of(value)).empty());
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(checks_values_of_any_type) {
  check_rows({
    {"true", {"1", "null", "{}"}, {}},
    {"false", {}, {"1", "null", "{}"}},
    {"{}", {"1", "null", "[]"}, {}},
    {R"({"type":"integer"})", {"1", "1.0", "-5"}, {"1.5", R"("1")", "null"}},
    {R"({"type":"number"})", {"1", "1.5"}, {R"("1")", "true"}},
    {R"({"type":["string","null"]})", {R"("")", "null"}, {"1", "[]"}},
    {R"({"type":"object"})", {"{}"}, {"[]", "null"}},
    {R"({"type":"array"})", {"[]"}, {"{}"}},
    {R"({"type":"boolean"})", {"true", "false"}, {"0", "null"}},
    {R"({"enum":[1,"a",null,[1,{"x":2}]]})",
     {"1", "1.0", R"("a")", "null", R"([1.0,{"x":2}])"},
     {"2", R"("b")", "[1]", "false"}},
    {R"({"const":{"a":[1]}})", {R"({"a":[1]})"}, {R"({"a":[2]})", "{}"}},
    {R"({"const":false})", {"false"}, {"0", "null"}},
    {R"({"const":9007199254740993})",
     {"9007199254740993"},
     {"9007199254740992"}},
  });
}

BOOST_AUTO_TEST_CASE(checks_numbers) {
  check_rows({
    {R"({"minimum":1,"maximum":3})", {"1", "2.5", "3"}, {"0.9", "3.1"}},
    {R"({"exclusiveMinimum":1,"exclusiveMaximum":3})",
     {"1.1", "2"},
     {"1", "3", "3.0"}},
    {R"({"multipleOf":2})", {"4", "0", "-2", "4.0"}, {"3", "2.5"}},
    {R"({"multipleOf":0.0001})", {"0.0075", "1"}, {"0.00751"}},
    {R"({"multipleOf":0.01})", {"19.99", "0.07"}, {"0.005"}},
    {R"({"minimum":9007199254740993})",
     {"9007199254740993"},
     {"9007199254740992"}},
    {R"({"maximum":18446744073709551615})",
     {"18446744073709551615", "-1"},
     {"1e20"}},
    {R"({"minimum":-0.5})", {"0", "-0.5"}, {"-1"}},
    {R"({"minimum":5})", {R"("text")", "null"}, {}},
  });
}

BOOST_AUTO_TEST_CASE(checks_strings) {
  check_rows({
    {R"({"minLength":2,"maxLength":3})",
     {R"("ab")", R"("\u00fc\u00fc\u00fc")", R"("\ud83d\ude00\ud83d\ude00")"},
     {R"("a")", R"("abcd")", R"("\ud83d\ude00")"}},
    {R"({"pattern":"^a+$"})", {R"("aaa")", "5"}, {R"("b")", R"("a\n")"}},
    {R"({"pattern":"b"})", {R"("abc")"}, {R"("ac")"}},
    {R"({"maxLength":2.0})", {R"("ab")"}, {R"("abc")"}},
  });
}

BOOST_AUTO_TEST_CASE(checks_arrays) {
  check_rows({
    {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]"}, {"[]", "[1,2,3]"}},
    {R"({"items":{"type":"integer"}})", {"[]", "[1,2]"}, {R"([1,"a"])"}},
    {R"({"prefixItems":[{"type":"integer"}],"items":{"type":"string"}})",
     {"[]", "[1]", R"([1,"a","b"])"},
     {R"(["a"])", "[1,2]"}},
    {R"({"items":[{"type":"integer"}],"additionalItems":{"type":"string"}})",
     {"[1]", R"([1,"a"])"},
     {"[1,2]"}},
    {R"({"additionalItems":false,"items":[{}]})", {"[1]"}, {"[1,2]"}},
    {R"({"additionalItems":false})", {"[1,2]"}, {}},
    {R"({"uniqueItems":true})",
     {"[1,2]", R"([{"a":1},{"a":2}])", R"([1,"1"])", "[1,true]"},
     {"[1,1]", "[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[],[]]"}},
    {R"({"uniqueItems":false})", {"[1,1]"}, {}},
    {R"({"contains":{"const":1}})", {"[2,1]", "5"}, {"[]", "[2]"}},
    {R"({"contains":{"const":1},"minContains":2,"maxContains":3})",
     {"[1,1]", "[1,0,1,1]"},
     {"[1]", "[1,1,1,1]"}},
    {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {}},
  });
}

BOOST_AUTO_TEST_CASE(checks_objects) {
  check_rows({
    {R"({"properties":{"a":{"type":"integer"}},"required":["a"]})",
     {R"({"a":1})", R"({"a":1,"b":2})", "3"},
     {"{}", R"({"a":"x"})"}},
    {R"({"properties":{"a":{}},"patternProperties":{"^x-":{"type":"string"}},
        "additionalProperties":false})",
     {R"({"a":1,"x-1":"y"})"},
     {R"({"x-1":2})", R"({"b":1})"}},
    {R"({"additionalProperties":{"type":"integer"}})",
     {R"({"q":1})"},
     {R"({"q":"1"})"}},
    {R"({"propertyNames":{"pattern":"^[a-z]+$"}})",
     {R"({"ab":1})"},
     {R"({"A":1})"}},
    {R"({"minProperties":1,"maxProperties":1})",
     {R"({"a":1})"},
     {"{}", R"({"a":1,"b":1})"}},
    {R"({"dependentRequired":{"a":["b"]}})",
     {R"({"a":1,"b":1})", "{}", R"({"b":1})"},
     {R"({"a":1})"}},
    {R"({"dependentSchemas":{"a":{"required":["b"]}}})",
     {R"({"a":1,"b":1})", "{}"},
     {R"({"a":1})"}},
    {R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})",
     {"{}", R"({"a":1,"b":1})", R"({"c":1,"d":1})"},
     {R"({"a":1})", R"({"c":1})"}},
  });
}

BOOST_AUTO_TEST_CASE(combines_schemas) {
  check_rows({
    {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"}},
    {R"({"anyOf":[{"type":"string"},{"minimum":3}]})", {R"("a")", "3"}, {"2"}},
    {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})",
     {"2", "3"},
     {"6", "5"}},
    {R"({"not":{"type":"string"}})", {"1"}, {R"("a")"}},
    {R"({"if":{"minimum":10},"then":{"multipleOf":10},
        "else":{"multipleOf":2}})",
     {"20", "4"},
     {"15", "3"}},
    {R"({"then":false,"else":false})", {"1"}, {}},
  });
}

BOOST_AUTO_TEST_CASE(follows_references_within_the_document) {
  check_rows({
    {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"integer"}}})",
     {"1"},
     {R"("x")"}},
    {R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
     {R"({"next":{"next":{}}})"},
     {R"({"next":{"other":1}})"}},
    {R"({"items":{"$ref":"#/definitions/a~1b%25"},
        "definitions":{"a/b%":{"type":"null"}}})",
     {"[null]"},
     {"[1]"}},
    {R"({"$ref":"#here","$defs":{"x":{"$anchor":"here","minimum":3}}})",
     {"3"},
     {"2"}},
    {R"({"$id":"https://e.com/root.json","$ref":"sub/leaf.json",
        "$defs":{"x":{"$id":"sub/leaf.json","$ref":"#/$defs/y",
                      "$defs":{"y":{"minimum":3}}}}})",
     {"3"},
     {"2"}},
    {R"({"$id":"urn:example:root","$ref":"#/$defs/a",
        "$defs":{"a":{"maximum":1}}})",
     {"1"},
     {"2"}},
    {R"({"$ref":"#/$defs/a","maximum":5,"$defs":{"a":{"minimum":3}}})",
     {"4"},
     {"2", "6"}},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#",
        "items":[{"$ref":"#name"}],
        "definitions":{"n":{"$id":"#name","type":"integer"}}})",
     {"[1]"},
     {R"(["a"])"}},
  });
}

BOOST_AUTO_TEST_CASE(knows_what_no_schema_has_looked_at) {
  check_rows({
    {R"({"allOf":[{"properties":{"a":{}}}],"properties":{"b":{}},
        "unevaluatedProperties":false})",
     {"{}", R"({"a":1,"b":2})"},
     {R"({"c":1})"}},
    {R"({"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},
                  {"properties":{"b":{"const":2}},"required":["b"]}],
        "unevaluatedProperties":false})",
     {R"({"a":1})", R"({"a":1,"b":2})"},
     {R"({"a":1,"b":3})"}},
    {R"({"if":{"properties":{"k":{"const":"x"}},"required":["k"]},
        "then":{"properties":{"x":{}}},"unevaluatedProperties":false})",
     {R"({"k":"x","x":1})"},
     {R"({"x":1})", R"({"k":"y"})"}},
    {R"({"$ref":"#/$defs/a","unevaluatedProperties":{"type":"integer"},
        "$defs":{"a":{"properties":{"s":{"type":"string"}}}}})",
     {R"({"s":"","n":1})"},
     {R"({"n":"x"})"}},
    {R"({"prefixItems":[{}],"unevaluatedItems":false})", {"[1]"}, {"[1,2]"}},
    {R"({"allOf":[{"contains":{"type":"string"}}],"unevaluatedItems":
        {"type":"integer"}})",
     {R"(["a",1])"},
     {R"(["a",null])"}},
    {R"({"not":{"properties":{"a":{}}},"unevaluatedProperties":false})",
     {},
     {R"({"a":1})"}},
  });
}

BOOST_AUTO_TEST_CASE(asserts_formats) {
  struct format_row {
    std::string_view name;
    std::vector<std::string_view> good, bad;
  };
  const format_row rows[] = {
    {"date-time",
     {"2026-01-31T23:59:59Z", "2026-01-31t23:59:59.123z",
      "2024-02-29T00:00:00+05:30", "1998-12-31T23:59:60Z"},
     {"2026-02-30T00:00:00Z", "2026-01-31", "2026-01-31T24:00:00Z",
      "2026-01-31 10:00:00Z", "2026-01-31T10:00:00", "1998-12-31T22:59:60Z"}},
    {"date", {"2024-02-29"}, {"2026-02-29", "2026-1-1", "20260101"}},
    {"time", {"10:00:00Z", "10:00:00.5+01:00"}, {"10:00:00", "25:00:00Z"}},
    {"duration", {"P1D", "PT1H30M", "P4W"}, {"1D", "P", "P1W2D", "PT"}},
    {"email",
     {"a@example.com", "a.b+c@x.y", "\\\"a b\\\"@x.y", "a@[127.0.0.1]"},
     {"a", "@x", "a@", ".a@x.y", "a..b@x.y", "a@[300.0.0.1]"}},
    {"hostname", {"example.com", "a-b.c"}, {"-a.com", "a..b", "", "a_b"}},
    {"ipv4", {"127.0.0.1"}, {"256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"}},
    {"ipv6",
     {"::1", "::", "2001:db8::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8"},
     {"1::2::3", "12345::", "1:2:3", "::1.2.3", "1:2:3:4:5:6:7:8:9"}},
    {"uuid",
     {"2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
     {"2eb8aa08-aa98-11ea-b4aa73b441d16380", "x"}},
    {"uri",
     {"https://a/b?c#d", "urn:x:y", "mailto:a@b", "http://[::1]/"},
     {"/a", "a b:c", "http://a/{x}", "http://a%zz", "://x"}},
    {"uri-reference", {"/a", "#x", "", "https://a"}, {"a b", "\\\\\\\\x"}},
    {"json-pointer", {"", "/a/~0~1"}, {"a", "/~2", "/~"}},
    {"regex", {"^a+$"}, {"(", "(?=a)"}},
    {"int32", {"anything"}, {}},
  };
  for (const auto& [name, good, bad] : rows) {
    const auto made = compiled(R"({"format":")" + std::string{name} + "\"}");
    BOOST_TEST(made->check(value_of("5")).empty());
    const auto check = [&](std::string_view text) {
      return made->check(value_of('"' + std::string{text} + '"')).empty();
    };
    for (const auto text : good)
      BOOST_TEST_CONTEXT(name << " " << text)
    BOOST_TEST(check(text));
    for (const auto text : bad)
      BOOST_TEST_CONTEXT(name << " " << text)
    BOOST_TEST(!check(text));
  }
}

BOOST_AUTO_TEST_CASE(ignores_annotations) {
  check_rows({{R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
      "$comment":"c","title":"t","description":"d","default":1,"examples":[1],
      "deprecated":true,"readOnly":true,"writeOnly":false,
      "contentMediaType":"application/json","contentEncoding":"base64"})",
               {"1", "null"},
               {}}});
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong_and_where) {
  struct fault_row {
    std::string_view schema, value, pointer, detail;
  };
  constexpr fault_row rows[] = {
    {R"({"properties":{"a":{"items":{"type":"integer"}}}})", R"({"a":[1,"x"]})",
     "/a/1", R"(it must be an integer, not "x")"},
    {R"({"required":["name"]})", "{}", "", "the member 'name' is missing"},
    {R"({"properties":{"o":{"additionalProperties":false}}})",
     R"({"o":{"a/b":1}})", "/o/a~1b", "the member 'a/b' is not allowed"},
    {R"({"enum":["a","b"]})", R"("c")", "",
     R"("c" is not one of the allowed values: "a", "b")"},
    {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1", "",
     "it matches none of the 2 alternatives of 'anyOf': it must be a string, "
     "not 1; it must be null, not 1"},
    {R"({"oneOf":[{},{}]})", "1", "",
     "it matches 2 of the 2 alternatives of 'oneOf', but must match exactly "
     "one"},
    {R"({"minLength":3})", R"("ab")", "", "it must have at least 3 characters"},
    {R"({"exclusiveMaximum":3})", "3", "", "it must be less than 3"},
  };
  for (const auto& [schema, value, pointer, detail] : rows) {
    BOOST_TEST_CONTEXT(schema) {
      const auto faults = compiled(schema)->check(value_of(value));
      BOOST_TEST_REQUIRE(faults.size() == 1U);
      BOOST_TEST(faults[0].pointer == pointer);
      BOOST_TEST(faults[0].detail == detail);
      BOOST_TEST(faults[0].line == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(tells_all_faults_up_to_32) {
  const auto made = compiled(R"({"items":{"type":"string"}})");
  BOOST_TEST(made->check(value_of("[1,2,3]")).size() == 3U);
  std::string many = "[0";
  for (int i = 0; i < 100; ++i)
    many += ",1";
  BOOST_TEST(made->check(value_of(many + "]")).size() == 32U);
}

BOOST_AUTO_TEST_CASE(refuses_what_it_cannot_honour) {
  struct refusal_row {
    std::string_view schema, begins;
  };
  constexpr refusal_row rows[] = {
    {R"({"requird":["a"]})",
     "/requird: the keyword 'requird' is not supported. Did you mean "
     "'required'?"},
    {R"({"own":1})", "/own: the keyword 'own' is not supported."},
    {R"({"$dynamicRef":"#a"})", "/$dynamicRef: the keyword '$dynamicRef'"},
    {R"({"$vocabulary":{}})", "/$vocabulary: the keyword"},
    {R"({"$schema":"http://json-schema.org/draft-04/schema#"})",
     "/$schema: the dialect"},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#",
        "prefixItems":[{}]})",
     "/prefixItems: the keyword 'prefixItems' does not belong"},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#",
        "$ref":"#/definitions/a","maximum":1,"definitions":{"a":{}}})",
     "/maximum: draft-07 ignores 'maximum' beside '$ref'"},
    {R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
        "items":[{}]})",
     "/items: 'items' as a list is 'prefixItems'"},
    {R"({"type":"strng"})", "/type: a type is one of"},
    {R"({"type":["string",1]})", "/type/1: a type is one of"},
    {R"({"pattern":"("})", "/pattern: the regular expression '(' does not"},
    {R"~({"pattern":"(?=a)"})~", "/pattern: the regular expression"},
    {R"({"patternProperties":{"[":{}}})", "/patternProperties/[: the regular"},
    {R"({"format":"idn-email"})", "/format: the format 'idn-email'"},
    {R"({"minimum":"1"})", "/minimum: it must be a number"},
    {R"({"multipleOf":0})", "/multipleOf: 'multipleOf' must be greater"},
    {R"({"minLength":-1})", "/minLength: it must be a whole number"},
    {R"({"maxItems":1.5})", "/maxItems: it must be a whole number"},
    {R"({"required":"a"})", "/required: it must be a list of texts"},
    {R"({"required":[1]})", "/required/0: it must be text"},
    {R"({"properties":[]})", "/properties: it must be an object"},
    {R"({"properties":{"a":5}})", "/properties/a: a schema is an object"},
    {R"({"allOf":[]})", "/allOf: it must be a list of at least one"},
    {R"({"uniqueItems":1})", "/uniqueItems: 'uniqueItems' must be"},
    {R"({"enum":1})", "/enum: 'enum' must be a list"},
    {R"({"$ref":1})", "/$ref: '$ref' must be text"},
    {R"({"$ref":"#/nowhere"})", "/$ref: the reference '#/nowhere' leads"},
    {R"({"$ref":"https://e.com/other.json"})", "/$ref: the reference"},
    {R"({"$ref":"#"})", ": the references from here lead in a circle"},
    {R"({"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},
        "b":{"if":{"$ref":"#/$defs/a"}}}})",
     ": the references from here lead in a circle"},
    {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})",
     "/$defs/b: two schemas are named"},
    {"5", ": a schema is an object, true or false"},
  };
  for (const auto& [schema, begins] : rows)
    BOOST_TEST_CONTEXT(schema << " gives " << refusal(schema))
  BOOST_TEST(refusal(schema).starts_with(begins));
}

BOOST_AUTO_TEST_CASE(tells_all_faults_of_a_schema) {
  const auto got = compile_schema(value_of(
    R"({"type":"x","properties":{"a":{"minimum":"1"},"b":{"bad":1}}})"));
  BOOST_TEST_REQUIRE(!got);
  BOOST_TEST(got.error().faults.size() == 3U);
}

BOOST_AUTO_TEST_CASE(bounds_its_work) {
  // Each level doubles the ways to fail; without a bound this never ends.
  std::string schema = R"({"$ref":"#/$defs/s0","$defs":{)";
  for (int i = 0; i < 60; ++i) {
    const auto next = "{\"$ref\":\"#/$defs/s" + std::to_string(i + 1) + "\"}";
    schema += "\"s" + std::to_string(i) + "\":{\"anyOf\":[" + next + "," + next
              + "]},";
  }
  schema += R"("s60":{"type":"string"}}})";
  const auto faults = compiled(schema)->check(value_of("1"));
  BOOST_TEST_REQUIRE(faults.size() == 1U);
  BOOST_TEST(faults[0].detail.find("within its bounds") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bounds_regular_expressions_together) {
  std::string schema = R"({"allOf":[{})";
  for (int i = 0; i < 2000; ++i)
    schema += R"(,{"pattern":"(.{)" + std::to_string(500 + i % 400) + R"(})()"
              + std::to_string(i) + ")\"}";
  const auto got = compile_schema(value_of(schema + "]}"));
  BOOST_TEST_REQUIRE(!got);
  BOOST_TEST(got.error().detail.find("too large") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(survives_deep_schemas_and_values) {
  std::string deep;
  for (int i = 0; i < 190; ++i)
    deep += R"({"not":)";
  deep += "true" + std::string(190, '}');
  BOOST_TEST(refusal(deep).find("128 levels") != std::string::npos);
  const auto made = compiled(R"({"items":{"$ref":"#"}})");
  BOOST_TEST(
    made->check(value_of(std::string(190, '[') + std::string(190, ']')))
      .empty());
}
