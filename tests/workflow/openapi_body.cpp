#define BOOST_TEST_MODULE workflow.openapi_body

#include "workflow/openapi/openapi.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

json::value value_of(const std::string& yaml) {
  auto read = read_openapi(yaml);
  BOOST_REQUIRE_MESSAGE(read.has_value(), read.error().detail);
  return std::move(*read);
}

std::string call(const json::value& document, std::string id,
                 std::string_view parameters = "{}") {
  const auto made = openapi_request(
    document, {std::move(id), parse_json(parameters).value().as_object(),
               "https://h/openapi.yaml"});
  if (!made)
    return std::string{slug(made.error().code)} + ": " + made.error().detail;
  auto out = made->method + ' ' + made->uri;
  for (const auto& [name, value] : made->headers)
    out += '\n' + name + ": " + value;
  if (!made->body.empty())
    out += '\n' + made->body;
  return out;
}

/// An operation `op` that takes a body by this rule.
json::value with_body(const std::string& rule) {
  return value_of("openapi: 3.0.3\npaths:\n  /p/{id}:\n    post:\n"
                  "      operationId: op\n      parameters: [{name: id, in: "
                  "path}]\n      requestBody: "
                  + rule + "\n");
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_the_body_or_what_is_left) {
  const auto document
    = with_body("{required: true, content: {application/json: {}}}");
  constexpr const char* head
    = "POST https://h/p/1\nContent-Type: application/json\n";
  BOOST_TEST(call(document, "op", R"({"id":1,"body":{"a":[1,null]}})")
             == head + std::string{R"({"a":[1,null]})"});
  BOOST_TEST(call(document, "op", R"({"id":1,"a":2,"b":"c"})")
             == head + std::string{R"({"a":2,"b":"c"})"});
  BOOST_TEST(call(document, "op", R"({"id":1,"body":"text"})")
             == head + std::string{R"("text")"});
  BOOST_TEST(call(document, "op", R"({"id":1})")
             == "invalid-input: the operation needs a body and none was given");
  BOOST_TEST(call(document, "op", R"({"id":1,"body":{},"a":2})")
             == "invalid-input: the operation has no parameter 'a'. It has "
                "'id'");
  BOOST_TEST(
    call(with_body("{content: {application/json: {}}}"), "op", R"({"id":1})")
    == "POST https://h/p/1");
}

BOOST_AUTO_TEST_CASE(chooses_the_media_type_that_suits) {
  const auto type_of = [](const std::string& types, std::string_view body) {
    const auto said = call(with_body("{content: {" + types + "}}"), "op",
                           R"({"id":1,"body":)" + std::string{body} + "}");
    const auto at = said.find("Content-Type: ");
    return at == std::string::npos ? said : said.substr(at + 14);
  };
  BOOST_TEST(type_of("application/xml: {}, application/json: {}", "[1]")
             == "application/json\n[1]");
  BOOST_TEST(
    type_of("application/merge-patch+json: {}, text/plain: {}", R"({"a":1})")
    == "application/merge-patch+json\n{\"a\":1}");
  BOOST_TEST(type_of("'application/json; charset=utf-8': {}", "1")
             == "application/json; charset=utf-8\n1");
  BOOST_TEST(type_of("'*/*': {}", "1") == "application/json\n1");
  BOOST_TEST(type_of("application/xml: {}", "\"<a/>\"")
             == "application/xml\n<a/>");
  BOOST_TEST(type_of("application/json: {}, text/plain: {}", "\"t\"")
             == "text/plain\nt");
  BOOST_TEST(type_of("application/xml: {}", "{}")
             == "invalid-input: the body cannot be written as "
                "'application/xml', which is what the operation takes; give "
                "it as text");
  BOOST_TEST(type_of("application/x-www-form-urlencoded: {}", "[]")
             == "invalid-input: the body must be an object, since it is sent "
                "as application/x-www-form-urlencoded");
}

BOOST_AUTO_TEST_CASE(writes_forms) {
  constexpr const char* head
    = "POST https://h/p/1\nContent-Type: application/x-www-form-urlencoded\n";
  const auto plain
    = with_body("{content: {application/x-www-form-urlencoded: {}}}");
  BOOST_TEST(call(plain, "op", R"({"id":1,"a b":"c&d","l":[1,2],"n":null})")
             == head + std::string{"a%20b=c%26d&l=1&l=2"});
  BOOST_TEST(call(plain, "op", R"({"id":1,"o":{"k":1}})")
             == head + std::string{"o=%7B%22k%22%3A1%7D"});
  const auto encoded = with_body(
    "{content: {application/x-www-form-urlencoded: {encoding: {l: {style: "
    "pipeDelimited, explode: false}, o: {style: deepObject}}}}}");
  BOOST_TEST(call(encoded, "op", R"({"id":1,"l":[1,2],"o":{"k":1}})")
             == head + std::string{"l=1%7C2&o%5Bk%5D=1"});
}

BOOST_AUTO_TEST_CASE(writes_multipart_forms_the_same_each_time) {
  const auto document
    = with_body("{content: {multipart/form-data: {encoding: {f: {contentType: "
                "image/png}}}}}");
  const auto said
    = call(document, "op",
           R"({"id":1,"f":"bytes","o":{"k":1},"l":["a","b"],"q\"\n":"x"})");
  BOOST_TEST(said
             == call(document, "op",
                     R"({"id":1,"f":"bytes","o":{"k":1},"l":["a","b"],)"
                     R"("q\"\n":"x"})"));
  const auto start = said.find("boundary=") + 9;
  const auto mark = said.substr(start, said.find('\n', start) - start);
  BOOST_TEST(mark.size() == 37U);
  const auto line = "--" + mark;
  const auto field = "\r\nContent-Disposition: form-data; name=";
  BOOST_TEST(said.substr(said.find('\n', start) + 1)
             == line + field + "\"f\"\r\nContent-Type: image/png\r\n\r\nbytes"
                  + "\r\n" + line + field
                  + "\"o\"\r\nContent-Type: application/json\r\n\r\n{\"k\":1}"
                  + "\r\n" + line + field + "\"l\"\r\n\r\na\r\n" + line + field
                  + "\"l\"\r\n\r\nb\r\n" + line + field
                  + "\"q%22%0A\"\r\n\r\nx\r\n" + line + "--\r\n");
}

BOOST_AUTO_TEST_CASE(writes_swagger_bodies_and_forms) {
  const auto document = value_of(R"(
swagger: '2.0'
host: h
schemes: [https]
consumes: [application/xml, application/json]
produces: [application/xml, application/json]
paths:
  /pet:
    post:
      operationId: addPet
      parameters: [{name: pet, in: body, required: true}]
  /form:
    post:
      operationId: form
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      produces: [text/csv, text/plain]
      parameters:
        - {name: a, in: formData, type: string, required: true}
        - {name: l, in: formData, type: array, items: {type: string}}
  /file:
    post:
      operationId: file
      consumes: [multipart/form-data]
      produces: []
      parameters: [{name: f, in: formData, type: file}]
)");
  constexpr const char* pet = "POST https://h/pet\nContent-Type: "
                              "application/json\nAccept: application/json\n"
                              "{\"id\":1}";
  BOOST_TEST(call(document, "addPet", R"({"pet":{"id":1}})") == pet);
  BOOST_TEST(call(document, "addPet", R"({"body":{"id":1}})") == pet);
  BOOST_TEST(call(document, "addPet", R"({"id":1})") == pet);
  BOOST_TEST(call(document, "addPet")
             == "invalid-input: the operation needs a body and none was given");
  BOOST_TEST(call(document, "form", R"({"a":"x y","l":["b","c"]})")
             == "POST https://h/form\nContent-Type: "
                "application/x-www-form-urlencoded\nAccept: text/csv, "
                "text/plain\na=x%20y&l=b,c");
  BOOST_TEST(call(document, "form", "{}")
             == "invalid-input: the parameter 'a' is required and was not "
                "given");
  const auto file = call(document, "file", R"({"f":"bytes"})");
  BOOST_TEST(file.find("multipart/form-data; boundary=pawl-")
             != std::string::npos);
  BOOST_TEST(file.find("name=\"f\"; filename=\"f\"\r\nContent-Type: "
                       "application/octet-stream\r\n\r\nbytes\r\n")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(follows_references_within_bounds) {
  const auto document = value_of(R"(
openapi: 3.1.0
paths:
  /a/{id}: {$ref: '#/components/pathItems/a'}
  /far: {get: {operationId: far, parameters: [{$ref: 'other.yaml#/x'}]}}
  /lost: {get: {operationId: lost, parameters: [{$ref: '#/components/none'}]}}
  /round: {get: {operationId: round, parameters: [{$ref: '#/components/r/1'}]}}
components:
  r: {'1': {$ref: '#/components/r/2'}, '2': {$ref: '#/components/r/1'}}
  pathItems:
    a:
      parameters:
        - {$ref: '#/components/parameters/a~1b%7E0c'}
        - {name: q, in: query, required: true}
      post:
        operationId: a
        parameters: [{name: q, in: query}]
        requestBody: {$ref: '#/components/requestBodies/0'}
        responses: {'200': {$ref: '#/components/responses/ok'}, '400':
          {content: {application/problem+json: {}}}}
  parameters: {a/b~c: {$ref: '#/components/parameters/id'}, id: {name: id, in: path}}
  requestBodies: [{content: {application/json: {}}}]
  responses: {ok: {content: {text/plain: {}, application/json: {}}}}
)");
  BOOST_TEST(call(document, "a", R"({"id":1,"x":2})")
             == "POST https://h/a/1\nContent-Type: application/json\nAccept: "
                "application/json\n{\"x\":2}");
  BOOST_TEST(call(document, "far")
             == "unsupported: the OpenAPI document refers to 'other.yaml#/x'; "
                "only references within the document are supported");
  BOOST_TEST(call(document, "lost")
             == "invalid-definition: the OpenAPI document refers to "
                "'#/components/none', which is not there");
  BOOST_TEST(call(document, "round")
             == "invalid-definition: the OpenAPI document's references go in a "
                "circle, or more than 32 in a row");
}

BOOST_AUTO_TEST_CASE(a_key_of_the_security_schemes_is_a_parameter) {
  const auto document = value_of(R"(
openapi: 3.0.0
security: [{key: []}]
paths:
  /a: {get: {operationId: a}}
  /b: {get: {operationId: b, security: []}}
components: {securitySchemes: {key: {type: apiKey, name: X-Key, in: header}}}
)");
  BOOST_TEST(call(document, "a", R"({"X-Key":"k"})")
             == "GET https://h/a\nX-Key: k");
  BOOST_TEST(call(document, "a") == "GET https://h/a");
  BOOST_TEST(call(document, "b", R"({"X-Key":"k"})")
             == "invalid-input: the operation has no parameter 'X-Key'. It has "
                "nothing");
}

// The document that the conformance kit's stand-in for the pet store serves.
BOOST_AUTO_TEST_CASE(calls_the_pet_store) {
  const auto document = value_of(
    R"({"swagger":"2.0","info":{"title":"Petstore stub","version":"1.0.0"},)"
    R"("host":"127.0.0.1:28731","basePath":"/v2","schemes":["http"],"paths":{)"
    R"("/pet/findByStatus":{"get":{"operationId":"findPetsByStatus",)"
    R"("produces":["application/json"],"parameters":[{"name":"status",)"
    R"("in":"query","required":true,"type":"array","items":{"type":"string"},)"
    R"("collectionFormat":"multi"}],"responses":{"200":{"description":"ok"}}}},)"
    R"("/pet/{petId}":{"get":{"operationId":"getPetById",)"
    R"("produces":["application/json"],"parameters":[{"name":"petId",)"
    R"("in":"path","required":true,"type":"integer","format":"int64"}],)"
    R"("responses":{"200":{"description":"ok"},)"
    R"("404":{"description":"not found"}}}}}})");
  BOOST_TEST(call(document, "findPetsByStatus", R"({"status":"available"})")
             == "GET http://127.0.0.1:28731/v2/pet/findByStatus"
                "?status=available\nAccept: application/json");
  BOOST_TEST(call(document, "getPetById", R"({"petId":1})")
             == "GET http://127.0.0.1:28731/v2/pet/1\nAccept: "
                "application/json");
}
