// The task `call: http`: the request that is ordered, and what is made of the
// answer.
#define BOOST_TEST_MODULE workflow.machine_http
#include "tests/support/flow.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using test::trial;

namespace {

std::string calling(std::string_view with) {
  return "do:\n- ask: {call: http, with: {" + std::string{with} + "}}\n";
}

// What a call puts out when it is answered so.
std::string put_out(std::string_view more, const http_outcome& answer) {
  trial f{calling("method: get, endpoint: 'http://target.test/'"
                  + std::string{more})};
  f.reply(answer);
  return f.status() == "completed" ? f.output() : f.fault();
}

test::http_order called(std::string_view with,
                        const json::value& given = json::object{}) {
  return trial{calling(with), given}.call();
}

std::string header_of(const test::http_order& call, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : call.headers)
    if (key == name)
      all += (all.empty() ? "" : "|") + value;
  return all;
}

http_outcome typed(std::string type, std::string body) {
  return {.failure = {},
          .status = 200,
          .headers = {{"content-type", std::move(type)}},
          .body = std::move(body)};
}

} // namespace

BOOST_AUTO_TEST_CASE(the_endpoint_may_be_a_template_or_an_expression) {
  const json::value given{{"id", "a b"}, {"n", 7}};
  BOOST_TEST(
    called("method: get, endpoint: 'http://x.test/{id}/{n}/{no}'", given).uri
    == "http://x.test/a%20b/7/");
  BOOST_TEST(
    called("method: get, endpoint: '${ \"http://x.test/\" + (.n|tostring) }'",
           given)
      .uri
    == "http://x.test/7");
  BOOST_TEST(
    called("method: get, endpoint: {uri: 'http://x.test/{n}'}", given).uri
    == "http://x.test/7");
  for (const auto* bad : {"'http://x.test/{deep}'", "'${ .n }'",
                          "'${ \"file:///etc/passwd\" }'", "'{n}'"}) {
    const trial f{calling("method: get, endpoint: " + std::string{bad}),
                  {{"deep", json::array{}}, {"n", 7}}};
    BOOST_TEST(f.fault() == "expression 400 /do/0/ask", bad);
  }
}

BOOST_AUTO_TEST_CASE(the_secret_of_an_authentication_may_be_told_by_data) {
  const auto with
    = std::string{"method: get, endpoint: {uri: 'http://x.test/',"
                  " authentication: {bearer: {use: '${ .by }'}}}"};
  const auto call = called(with, {{"by", "api"}});
  BOOST_TEST(to_text(call.arguments->as_object().at("authentication"))
             == R"({"scheme":"bearer","use":"api"})");
  const trial f{calling(with), {{"by", nullptr}}};
  BOOST_TEST(f.fault() == "expression 400 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(a_query_is_encoded_and_joins_what_is_there) {
  BOOST_TEST(called("method: get, endpoint: 'http://x.test/', query: "
                    "{'a&b': 'c d', n: '${ .n }', list: '${ .list }', "
                    "none: '${ null }'}",
                    {{"n", 1.5}, {"list", {"p", 2}}})
               .uri
             == "http://x.test/?a%26b=c%20d&n=1.5&list=p&list=2");
  BOOST_TEST(called("method: get, endpoint: 'http://x.test/?q=1#part', query: "
                    "{a: '2'}")
               .uri
             == "http://x.test/?q=1&a=2#part");
  BOOST_TEST(called("method: get, endpoint: 'http://x.test/', query: '${ . }'",
                    {{"a", true}})
               .uri
             == "http://x.test/?a=true");
  const trial f{
    calling("method: get, endpoint: 'http://x.test/', query: '${ .n }'"),
    {{"n", 1}}};
  BOOST_TEST(f.fault() == "expression 400 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(headers_are_texts_and_lists_repeat_them) {
  const auto call
    = called("method: get, endpoint: 'http://x.test/', headers: {X-A: one, "
             "X-N: '${ .n }', X-L: '${ .list }', X-No: '${ null }'}",
             {{"n", 7}, {"list", {"p", "q"}}});
  BOOST_TEST(header_of(call, "X-A") == "one");
  BOOST_TEST(header_of(call, "X-N") == "7");
  BOOST_TEST(header_of(call, "X-L") == "p|q");
  BOOST_TEST(header_of(call, "X-No") == "");
  BOOST_TEST(header_of(call, "Content-Type") == "");
}

BOOST_AUTO_TEST_CASE(an_answer_over_its_bound_is_an_error) {
  machine_limits small;
  small.payload_max = 8;
  trial fits{calling("method: get, endpoint: 'http://x.test/'"), {}, small};
  fits.reply(http_outcome{
    .failure = {}, .status = 200, .headers = {}, .body = "12345678"});
  BOOST_TEST(fits.status() == "completed");
  trial over{calling("method: get, endpoint: 'http://x.test/'"), {}, small};
  over.reply(http_outcome{
    .failure = {}, .status = 200, .headers = {}, .body = "123456789"});
  BOOST_TEST(over.fault() == "communication 500 /do/0/ask");
}

BOOST_AUTO_TEST_CASE(data_cannot_smuggle_a_header) {
  for (const auto* value : {"a\r\nX-Evil: 1", "a\nb", "a\x01"}) {
    const trial f{calling("method: get, endpoint: 'http://x.test/', headers: "
                          "{X-A: '${ .v }'}"),
                  {{"v", value}}};
    BOOST_TEST(f.fault() == "expression 400 /do/0/ask");
  }
  for (const auto* name : {"X A", "X:A", "", "X\nA"}) {
    const trial f{calling("method: get, endpoint: 'http://x.test/', headers: "
                          "'${ . }'"),
                  {{name, "v"}}};
    BOOST_TEST(f.fault() == "expression 400 /do/0/ask");
  }
}

BOOST_AUTO_TEST_CASE(a_body_goes_out_by_its_kind) {
  const auto sent = [](std::string_view rest) {
    const auto call
      = called("method: post, endpoint: 'http://x.test/', " + std::string{rest},
               {{"n", 1}, {"t", "a b&c"}});
    return header_of(call, "Content-Type") + header_of(call, "content-type")
           + " " + call.body;
  };
  BOOST_TEST(sent("body: {n: '${ .n }', deep: [true]}")
             == R"(application/json {"n":1,"deep":[true]})");
  BOOST_TEST(sent("body: '${ .t }'") == "text/plain; charset=utf-8 a b&c");
  BOOST_TEST(sent("body: '${ null }'") == " ");
}

BOOST_AUTO_TEST_CASE(the_authors_content_type_wins) {
  const auto call = called("method: put, endpoint: 'http://x.test/', body: "
                           "'<a/>', headers: {content-type: text/xml}");
  BOOST_TEST(call.headers.size() == 1U);
  BOOST_TEST(call.body == "<a/>");
  BOOST_TEST(call.method == "PUT");
}

BOOST_AUTO_TEST_CASE(an_object_becomes_a_form_if_its_header_says_so) {
  const auto call
    = called("method: post, endpoint: 'http://x.test/', headers: "
             "{Content-Type: application/x-www-form-urlencoded; charset=utf-8},"
             " body: {a: 'b c', 'd&': ['1', 2], no: '${ null }'}");
  BOOST_TEST(call.body == "a=b%20c&d%26=1&d%26=2");
}

BOOST_AUTO_TEST_CASE(content_is_read_by_its_media_type) {
  BOOST_TEST(put_out("", typed("application/json", R"({"n": 1})"))
             == R"({"n":1})");
  BOOST_TEST(
    put_out("", typed("Application/Problem+JSON; charset=utf-8", "[1]"))
    == "[1]");
  BOOST_TEST(put_out("", typed("text/plain", "[1]")) == R"("[1]")");
  BOOST_TEST(put_out("", typed("application/json", "{broken"))
             == R"("{broken")");
  BOOST_TEST(put_out("", typed("application/json", "")) == "null");
  BOOST_TEST(
    put_out("", {.failure = {}, .status = 204, .headers = {}, .body = {}})
    == "null");
}

BOOST_AUTO_TEST_CASE(what_is_no_text_is_given_as_base64) {
  BOOST_TEST(put_out("", typed("image/png", "\x89PNG")) == R"("iVBORw==")");
}

BOOST_AUTO_TEST_CASE(raw_output_is_base64) {
  BOOST_TEST(put_out(", output: raw", typed("application/json", "{}"))
             == R"("e30=")");
}

BOOST_AUTO_TEST_CASE(response_output_tells_all) {
  http_outcome answer = typed("application/json", "[1]");
  answer.status = 201;
  answer.request = {{"method", "GET"}};
  answer.headers.emplace_back("X-A", "1");
  answer.headers.emplace_back("X-A", "2");
  BOOST_TEST(
    put_out(", output: response", answer)
    == R"({"request":{"method":"GET"},)"
       R"("statusCode":201,"headers":{"content-type":"application/json",)"
       R"("X-A":"1, 2"},"content":[1]})");
}

BOOST_AUTO_TEST_CASE(a_status_outside_its_range_is_a_communication_error) {
  const std::string redirect = ", redirect: true";
  for (const std::uint32_t status : {300U, 304U, 399U}) {
    BOOST_TEST(put_out("", test::status_of(status))
               == "communication " + std::to_string(status) + " /do/0/ask");
    BOOST_TEST(put_out(redirect, test::status_of(status)) == "null");
  }
  for (const std::uint32_t status : {100U, 199U, 400U, 404U, 500U, 599U})
    for (const auto& more : {std::string{}, redirect})
      BOOST_TEST(put_out(more, test::status_of(status))
                 == "communication " + std::to_string(status) + " /do/0/ask");
  for (const std::uint32_t status : {200U, 299U})
    BOOST_TEST(put_out("", test::status_of(status)) == "null");
}

BOOST_AUTO_TEST_CASE(redirect_is_ordered_as_written) {
  BOOST_TEST(!called("method: get, endpoint: 'http://x.test/'").redirect);
  BOOST_TEST(
    called("method: get, endpoint: 'http://x.test/', redirect: true").redirect);
}

BOOST_AUTO_TEST_CASE(no_answer_is_a_communication_error_and_no_worker_runtime) {
  BOOST_TEST(put_out("", test::no_answer("connection refused"))
             == "communication 500 /do/0/ask");
  trial f{calling("method: get, endpoint: 'http://x.test/'")};
  const auto call = f.call();
  f.grant(reports::effect_failed{call.frame, call.dispatch, "it died"});
  BOOST_TEST(f.fault() == "runtime 500 /do/0/ask");
  BOOST_TEST(f.error().at("detail").as_string() == "it died");
}

BOOST_AUTO_TEST_CASE(an_error_quotes_the_answer_as_valid_text) {
  trial f{calling("method: get, endpoint: 'http://x.test/'")};
  std::string body(199, 'a');
  body += "\xc3\xa4\xff"; // Cut within the letter, and no UTF-8 anyway.
  f.reply(test::status_of(500, body));
  const std::string detail{f.error().at("detail").as_string()};
  BOOST_TEST(detail.find("500") != std::string::npos);
  BOOST_TEST(parse_json(to_text(json::value(f.error()))).has_value());
}

BOOST_AUTO_TEST_CASE(an_effect_key_names_the_visit) {
  trial f{R"(
do:
- all:
    for: {in: '${ [1, 2] }'}
    do: [{ask: {call: http, with: {method: get, endpoint: 'http://x.test/'}}}]
- again: {switch: [{once: {when: '$context.n != 1', then: mark}}], then: end}
- mark: {set: '"x"', export: {as: '${ {n: 1} }'}, then: all}
)"};
  std::vector<std::string> keys;
  f.serve([&](const test::http_order& call) {
    keys.push_back(call.effect_key);
    BOOST_TEST(call.attempt == 1U);
    return test::ok();
  });
  BOOST_TEST(f.status() == "completed");
  BOOST_TEST(keys
             == (std::vector<std::string>{"test/one/do/0/all/do/0/ask/1.1",
                                          "test/one/do/0/all/do/0/ask/1.2",
                                          "test/one/do/0/all/do/0/ask/2.1",
                                          "test/one/do/0/all/do/0/ask/2.2"}));
}

BOOST_AUTO_TEST_CASE(the_intention_is_written_before_the_call_is_ordered) {
  trial f{calling("method: get, endpoint: 'http://x.test/'")};
  BOOST_TEST(f.count("task.started") == 1U);
  const auto first = f.call();
  f.crash();
  const auto again = f.call();
  BOOST_TEST(again.dispatch == first.dispatch);
  BOOST_TEST(again.effect_key == first.effect_key);
  BOOST_TEST(again.uri == first.uri);
}

BOOST_AUTO_TEST_CASE(a_second_outcome_changes_nothing) {
  trial f{"do:\n- ask: {call: http, with: {method: get, endpoint: "
          "'http://x.test/'}}\n- nap: {wait: PT1H}\n"};
  const auto call = f.call();
  f.reply(test::ok("1"));
  const auto second
    = f.grant(reports::effect_done{call.frame, call.dispatch, test::ok("2")});
  BOOST_TEST(second.events.empty());
}
