#define BOOST_TEST_MODULE workflow.openapi

#include "workflow/openapi/openapi.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

constexpr const char* somewhere = "https://docs.example.com/a/openapi.json";

json::value value_of(const std::string& yaml) {
  auto read = read_openapi(yaml);
  BOOST_REQUIRE_MESSAGE(read.has_value(), read.error().detail);
  return std::move(*read);
}

json::object object_of(std::string_view text) {
  return parse_json(text).value().as_object();
}

result<http_request> call(const json::value& document, std::string id,
                          std::string_view parameters = "{}",
                          std::string uri = somewhere) {
  return openapi_request(
    document, {std::move(id), object_of(parameters), std::move(uri)});
}

/// "METHOD uri" with headers and body, each in a line of its own.
std::string shown(const result<http_request>& made) {
  if (!made)
    return std::string{slug(made.error().code)} + ": " + made.error().detail;
  auto out = made->method + ' ' + made->uri;
  for (const auto& [name, value] : made->headers)
    out += '\n' + name + ": " + value;
  if (!made->body.empty())
    out += '\n' + made->body;
  return out;
}

/// An operation `op` of OpenAPI 3 with one parameter `color`.
json::value with_parameter(const std::string& rule) {
  return value_of(
    "openapi: 3.0.3\nservers: [{url: 'https://h'}]\npaths:\n"
    "  /p"
    + std::string{rule.find("in: path") != std::string::npos ? "/{color}" : ""}
    + ":\n    get:\n      operationId: op\n      parameters:\n"
      "        - {name: color, "
    + rule + "}\n");
}
json::value with_swagger_parameter(const std::string& rule) {
  return value_of(
    "swagger: '2.0'\nhost: h\nschemes: [https]\npaths:\n  /p"
    + std::string{rule.find("in: path") != std::string::npos ? "/{color}" : ""}
    + ":\n    get:\n      operationId: op\n      parameters:\n"
      "        - {name: color, "
    + rule + "}\n");
}

constexpr const char* empty = R"({"color":""})";
constexpr const char* one = R"({"color":"blue"})";
constexpr const char* list = R"({"color":["blue","black","brown"]})";
constexpr const char* object = R"({"color":{"R":100,"G":200,"B":150}})";

struct row {
  const char* rule;
  const char* parameters;
  const char* expected;
};

} // namespace

// The table of OpenAPI 3.1.1, "Style Examples", and what it leaves out.
BOOST_AUTO_TEST_CASE(writes_parameters_in_every_style) {
  constexpr row rows[] = {
    {"in: path, style: matrix", empty, "/p/;color"},
    {"in: path, style: matrix", one, "/p/;color=blue"},
    {"in: path, style: matrix", list, "/p/;color=blue,black,brown"},
    {"in: path, style: matrix", object, "/p/;color=R,100,G,200,B,150"},
    {"in: path, style: matrix, explode: true", list,
     "/p/;color=blue;color=black;color=brown"},
    {"in: path, style: matrix, explode: true", object, "/p/;R=100;G=200;B=150"},
    {"in: path, style: label", empty, "/p/."},
    {"in: path, style: label", one, "/p/.blue"},
    {"in: path, style: label", list, "/p/.blue,black,brown"},
    {"in: path, style: label", object, "/p/.R,100,G,200,B,150"},
    {"in: path, style: label, explode: true", list, "/p/.blue.black.brown"},
    {"in: path, style: label, explode: true", object, "/p/.R=100.G=200.B=150"},
    {"in: path", one, "/p/blue"},
    {"in: path", list, "/p/blue,black,brown"},
    {"in: path", object, "/p/R,100,G,200,B,150"},
    {"in: path, explode: true", object, "/p/R=100,G=200,B=150"},
    {"in: path", R"({"color":"a/b?c d\u00fc"})", "/p/a%2Fb%3Fc%20d%C3%BC"},
    {"in: path, allowReserved: true", R"({"color":"a/b d"})", "/p/a/b%20d"},
    {"in: query", empty, "/p?color="},
    {"in: query", one, "/p?color=blue"},
    {"in: query", list, "/p?color=blue&color=black&color=brown"},
    {"in: query", object, "/p?R=100&G=200&B=150"},
    {"in: query, explode: false", list, "/p?color=blue,black,brown"},
    {"in: query, explode: false", object, "/p?color=R,100,G,200,B,150"},
    {"in: query", R"({"color":"a&b=c+d/"})", "/p?color=a%26b%3Dc%2Bd%2F"},
    {"in: query, allowReserved: true", R"({"color":"a/b?c&d#"})",
     "/p?color=a/b?c%26d%23"},
    {"in: query, style: spaceDelimited", list, "/p?color=blue%20black%20brown"},
    {"in: query, style: pipeDelimited", list, "/p?color=blue%7Cblack%7Cbrown"},
    {"in: query, style: pipeDelimited, explode: true", list,
     "/p?color=blue&color=black&color=brown"},
    {"in: query, style: deepObject", object,
     "/p?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"},
    {"in: query, style: deepObject", R"({"color":{"a":{"b":[1,2]}}})",
     "/p?color%5Ba%5D%5Bb%5D=1&color%5Ba%5D%5Bb%5D=2"},
    {"in: query, content: {application/json: {}}", R"({"color":{"a":[1]}})",
     "/p?color=%7B%22a%22%3A%5B1%5D%7D"},
    {"in: query", R"({"color":null})", "/p"},
    {"in: query", "{}", "/p"},
    {"in: query", R"({"color":true})", "/p?color=true"},
    {"in: query", R"({"color":9007199254740993})", "/p?color=9007199254740993"},
    {"in: header", one, "/p\ncolor: blue"},
    {"in: header", list, "/p\ncolor: blue,black,brown"},
    {"in: header", object, "/p\ncolor: R,100,G,200,B,150"},
    {"in: header, explode: true", object, "/p\ncolor: R=100,G=200,B=150"},
    {"in: cookie", R"({"color":"a b"})", "/p\nCookie: color=a%20b"},
    {"in: cookie", list, "/p\nCookie: color=blue; color=black; color=brown"},
    {"in: cookie, explode: false", list, "/p\nCookie: color=blue,black,brown"},
  };
  for (const auto& [rule, parameters, expected] : rows)
    BOOST_TEST(shown(call(with_parameter(rule), "op", parameters))
                 == "GET https://h" + std::string{expected},
               rule << ' ' << parameters << ": "
                    << shown(call(with_parameter(rule), "op", parameters)));
}

BOOST_AUTO_TEST_CASE(writes_swagger_collections) {
  constexpr row rows[] = {
    {"in: path, type: array", list, "/p/blue,black,brown"},
    {"in: path, type: array, collectionFormat: pipes", list,
     "/p/blue%7Cblack%7Cbrown"},
    {"in: query, type: array", list, "/p?color=blue,black,brown"},
    {"in: query, type: array, collectionFormat: ssv", list,
     "/p?color=blue%20black%20brown"},
    {"in: query, type: array, collectionFormat: tsv", list,
     "/p?color=blue%09black%09brown"},
    {"in: query, type: array, collectionFormat: pipes", list,
     "/p?color=blue%7Cblack%7Cbrown"},
    {"in: query, type: array, collectionFormat: multi", list,
     "/p?color=blue&color=black&color=brown"},
    {"in: query, type: array, collectionFormat: multi", one, "/p?color=blue"},
    {"in: header, type: array, collectionFormat: ssv", list,
     "/p\ncolor: blue black brown"},
    {"in: query, type: integer", R"({"color":7})", "/p?color=7"},
  };
  for (const auto& [rule, parameters, expected] : rows)
    BOOST_TEST(
      shown(call(with_swagger_parameter(rule), "op", parameters))
        == "GET https://h" + std::string{expected},
      rule << ' ' << parameters << ": "
           << shown(call(with_swagger_parameter(rule), "op", parameters)));
}

BOOST_AUTO_TEST_CASE(refuses_parameters_that_do_not_fit) {
  constexpr row rows[] = {
    {"in: query, required: true", "{}",
     "invalid-input: the parameter 'color' is required and was not given"},
    {"in: query, required: true", R"({"color":null})",
     "invalid-input: the parameter 'color' is required and was not given"},
    {"in: path", "{}",
     "invalid-input: the parameter 'color' is required and was not given"},
    {"in: path", empty,
     "invalid-input: the parameter 'color' is empty, which a path cannot "
     "hold"},
    {"in: path", R"({"color":".."})",
     "invalid-input: the parameter 'color' is a step of a path rather than a "
     "value"},
    {"in: query", R"({"colour":1})",
     "invalid-input: the operation has no parameter 'colour'. Did you mean "
     "'color'?"},
    {"in: query", R"({"q":1})",
     "invalid-input: the operation has no parameter 'q'. It has 'color'"},
    {"in: query", R"({"color":[[1]]})",
     "invalid-input: the parameter 'color' has a value in a value, which only "
     "the style deepObject can hold"},
    {"in: header", R"({"color":"a\r\nX: y"})",
     "invalid-input: the parameter 'color' holds a character that no header "
     "can hold"},
    {"in: nowhere", one,
     "invalid-definition: the OpenAPI document has a parameter 'color' in "
     "'nowhere', which is no place for one"},
    {"in: header, style: form", one,
     "invalid-definition: the parameter 'color' has the style 'form', which is "
     "not one for its place"},
  };
  for (const auto& [rule, parameters, expected] : rows)
    BOOST_TEST(shown(call(with_parameter(rule), "op", parameters)) == expected);
  BOOST_TEST(
    shown(call(with_swagger_parameter("in: query, collectionFormat: csw"), "op",
               one))
    == "invalid-definition: the parameter 'color' has the collectionFormat "
       "'csw', which is not one for its place");
}

BOOST_AUTO_TEST_CASE(a_uri_that_is_too_long_is_refused) {
  const json::object parameters{{"color", std::string(70'000, 'x')}};
  const auto made = openapi_request(with_parameter("in: query"),
                                    {"op", parameters, somewhere});
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().detail == "the URI is longer than 64 KiB");
}

BOOST_AUTO_TEST_CASE(finds_the_server_of_openapi_3) {
  const auto server = [](const std::string& servers, const char* uri) {
    return shown(call(value_of("openapi: 3.1.0\n" + servers
                               + "paths: {/p: {get: {operationId: op}}}\n"),
                      "op", "{}", uri));
  };
  struct line {
    const char* servers;
    const char* uri;
    const char* expected;
  };
  constexpr line lines[] = {
    {"", "https://d/x/y.json", "GET https://d/p"},
    {"", "http://d:81/y.json?q#f", "GET http://d:81/p"},
    {"servers: []\n", somewhere, "GET https://docs.example.com/p"},
    {"servers: [{url: /v1}]\n", somewhere, "GET https://docs.example.com/v1/p"},
    {"servers: [{url: v1/}]\n", somewhere,
     "GET https://docs.example.com/a/v1/p"},
    {"servers: [{url: ../v2}]\n", "http://d/a/b/c", "GET http://d/a/v2/p"},
    {"servers: [{url: 'http://one'}, {url: 'https://two/x/'}]\n", somewhere,
     "GET https://two/x/p"},
    {"servers: [{url: 'http://one'}, {url: 'http://two'}]\n", somewhere,
     "GET http://one/p"},
    {"servers: [{url: 'https://{h}.x:{port}/{b}', variables: {h: {default: a},"
     " port: {default: 8443}, b: {default: v2, enum: [v1, v2]}}}]\n",
     somewhere, "GET https://a.x:8443/v2/p"},
    {"servers: [{url: 'https://{h}'}]\n", somewhere,
     "invalid-definition: the server 'https://{h}' has a variable 'h' without "
     "a default"},
    {"servers: [{url: 'ftp://h'}]\n", somewhere,
     "invalid-definition: the document names no http or https server: "
     "'ftp://h'"},
    {"servers: [{url: /v1}]\n", "file:///etc/api.yaml",
     "invalid-definition: the document names no http or https server: "
     "'file:///v1'"},
  };
  for (const auto& [servers, uri, expected] : lines)
    BOOST_TEST(server(servers, uri) == expected);
}

BOOST_AUTO_TEST_CASE(the_nearest_servers_win) {
  const auto document = value_of(R"(
openapi: 3.0.0
servers: [{url: 'https://root'}]
paths:
  /a:
    servers: [{url: 'https://item'}]
    get: {operationId: a}
    put: {operationId: b, servers: [{url: 'https://own'}]}
  /c: {get: {operationId: c}}
)");
  BOOST_TEST(shown(call(document, "a")) == "GET https://item/a");
  BOOST_TEST(shown(call(document, "b")) == "PUT https://own/a");
  BOOST_TEST(shown(call(document, "c")) == "GET https://root/c");
}

BOOST_AUTO_TEST_CASE(finds_the_server_of_swagger) {
  const auto server = [](const std::string& head, const char* uri) {
    return shown(call(value_of("swagger: '2.0'\n" + head
                               + "paths: {/p: {get: {operationId: op}}}\n"),
                      "op", "{}", uri));
  };
  BOOST_TEST(
    server("host: h\nbasePath: /v2/\nschemes: [http, https]\n", somewhere)
    == "GET https://h/v2/p");
  BOOST_TEST(server("host: 'h:81'\nschemes: [http]\n", somewhere)
             == "GET http://h:81/p");
  BOOST_TEST(server("basePath: /v2\n", "http://d:5/x/y")
             == "GET http://d:5/v2/p");
  BOOST_TEST(server("host: h\n", "file:///a") == "GET https://h/p");
  BOOST_TEST(server("host: h\nschemes: [ws]\n", somewhere)
             == "invalid-definition: the operation is served neither by http "
                "nor by https");
  BOOST_TEST(server("", "file:///a")
             == "invalid-definition: the document names no host, and its own "
                "URI has none");
}

BOOST_AUTO_TEST_CASE(names_what_is_near_to_an_unknown_operation) {
  const auto document = value_of(
    "openapi: 3.0.0\npaths: {/a: {get: {operationId: getPetById}, post: "
    "{operationId: addPet}}}\n");
  BOOST_TEST(shown(call(document, "getPetByID2"))
             == "invalid-definition: the OpenAPI document has no operation "
                "'getPetByID2'. Did you mean 'getPetById'?");
  BOOST_TEST(shown(call(document, "nothing"))
             == "invalid-definition: the OpenAPI document has no operation "
                "'nothing'. It has 'getPetById' and 'addPet'");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_document) {
  struct line {
    const char* text;
    const char* expected;
  };
  constexpr line lines[] = {
    {"[]", "invalid-definition: the document is no OpenAPI document: it is not "
           "an object"},
    {"{}", "invalid-definition: the document is no OpenAPI document: it has "
           "neither `swagger: '2.0'` nor `openapi: 3.x`"},
    {"{\"openapi\":\"4.0.0\"}",
     "invalid-definition: the document says OpenAPI '4.0.0'; Swagger 2.0, "
     "OpenAPI 3.0 and 3.1 are supported"},
    {"{\"openapi\":\"3.1.0\"}",
     "invalid-definition: the OpenAPI document has no `paths`"},
    {"{\"swagger\":\"2.0\",\"paths\":{\"/a\":[]}}",
     "invalid-definition: the OpenAPI document has a value where an object "
     "belongs"},
    {"{\"swagger\":\"2.0\",\"paths\":{\"/a\":{\"get\":{\"operationId\":\"op\"},"
     "\"put\":{\"operationId\":\"op\"}}}}",
     "invalid-definition: the OpenAPI document has more than one operation "
     "'op'"},
    {"{\"swagger\":\"2.0\",\"host\":\"h\",\"paths\":{\"/a/{b}\":{\"get\":"
     "{\"operationId\":\"op\"}}}}",
     "invalid-definition: the path '/a/{b}' has a part 'b' that the operation "
     "does not describe"},
  };
  for (const auto& [text, expected] : lines)
    BOOST_TEST(shown(call(value_of(text), "op")) == expected);
  BOOST_TEST((read_openapi("a: [").error().code == errc::malformed));
  BOOST_TEST((read_openapi("").error().code == errc::malformed));
}

BOOST_AUTO_TEST_CASE(says_what_a_failure_is_in_the_dsl) {
  BOOST_TEST(
    (openapi_error_kind(errc::invalid_input) == error_kind::validation));
  for (const auto why :
       {errc::invalid_definition, errc::unsupported, errc::malformed})
    BOOST_TEST((openapi_error_kind(why) == error_kind::configuration));
}
