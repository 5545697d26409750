#define BOOST_TEST_MODULE http.cloudevents

#include "http/cloudevents.hpp"

#include "workflow/cloudevent.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using http::event_mode;

namespace {

http::request message(std::string_view body,
                      std::initializer_list<http::field> fields) {
  http::request out;
  out.method = "POST";
  out.body = body;
  out.fields = fields;
  return out;
}

// All pointers that are blamed, in order.
std::string blamed(const std::string& text) {
  std::string out;
  for (const auto& f : check_event(parse_json(text).value(), ""))
    out += f.pointer + " ";
  return out;
}

std::string event_with(const std::string& more) {
  return R"({"id":"1","source":"/s","type":"t","specversion":"1.0")" + more
         + "}";
}

std::string read(const http::request& from) {
  auto events = http::read_events(from, http::event_mode_of(from));
  return events ? to_canonical_text(events->front())
                : std::string{slug(events.error().code)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(cloudevents)

BOOST_AUTO_TEST_CASE(tells_the_mode_from_the_fields) {
  const auto mode = [](std::initializer_list<http::field> fields) {
    return http::event_mode_of(message("", fields));
  };
  BOOST_TEST((mode({{"content-type", "application/cloudevents+json"}})
              == event_mode::structured));
  BOOST_TEST((mode({{"content-type",
                     "Application/CloudEvents-Batch+JSON; charset=utf-8"}})
              == event_mode::batch));
  BOOST_TEST((mode({{"content-type", "application/json"}, {"Ce-Id", "1"}})
              == event_mode::binary));
  BOOST_TEST((mode({{"ce-id", "1"}}) == event_mode::binary));
  BOOST_TEST(
    (mode({{"content-type", "application/json"}}) == event_mode::structured));
  BOOST_TEST((mode({{"content-type", "application/cloudevents+avro"}})
              == event_mode::none));
  BOOST_TEST((mode({{"content-type", "text/plain"}}) == event_mode::none));
  BOOST_TEST((mode({}) == event_mode::none));
}

BOOST_AUTO_TEST_CASE(blames_every_fault_of_an_event) {
  const std::pair<std::string, std::string> table[] = {
    {event_with(""), ""},
    {"{}", "/id /source /type /specversion "},
    {"[]", " "},
    {R"({"id":"","source":1,"type":null,"specversion":"0.3"})",
     "/id /source /type /specversion "},
    {event_with(R"(,"time":"2026-01-31T23:59:59Z","subject":"s")"), ""},
    {event_with(R"(,"time":"yesterday")"), "/time "},
    {event_with(R"(,"subject":"")"), "/subject "},
    {event_with(R"(,"source2":{}, "ok":1,"big":3000000000,"b":true)"),
     "/source2 /big "},
    {event_with(R"(,"Upper":"x","under_score":"x","a/b":"x")"),
     "/Upper /under_score /a~1b "},
    {event_with(R"(,"data":{"a":[1]},"datacontenttype":"application/json")"),
     ""},
    {event_with(R"(,"data":1,"data_base64":"AA==")"), "/data_base64 "},
    {event_with(R"(,"data_base64":"A")"), "/data_base64 "},
    {event_with(R"(,"data_base64":"AA=A")"), "/data_base64 "},
    {event_with(R"(,"dataschema":"not a uri")"), "/dataschema "},
    {event_with(R"(,"subject":null,"ext":null)"), ""},
  };
  for (const auto& [text, wanted] : table)
    BOOST_TEST(blamed(text) == wanted, text);
}

BOOST_AUTO_TEST_CASE(reads_structured_events_without_their_nulls) {
  BOOST_TEST(
    read(message(event_with(R"(,"subject":null,"data":null)"),
                 {{"content-type", "application/cloudevents+json"}}))
    == R"({"data":null,"id":"1","source":"/s","specversion":"1.0","type":"t"})");
  BOOST_TEST(
    read(message("{", {{"content-type", "application/cloudevents+json"}}))
    == "malformed");
  BOOST_TEST(
    read(message("{}", {{"content-type", "application/cloudevents+json"}}))
    == "invalid-request");
}

BOOST_AUTO_TEST_CASE(reads_binary_events) {
  BOOST_TEST(
    read(message(R"({"a":1})", {{"content-type", "application/json"},
                                {"CE-ID", "a%20%C3%A9"},
                                {"ce-source", "/s"},
                                {"ce-type", "t"},
                                {"ce-specversion", "1.0"},
                                {"ce-corr", "7"}}))
    == R"({"corr":"7","data":{"a":1},"datacontenttype":"application/json",)"
       "\"id\":\"a \xC3\xA9\",\"source\":\"/s\",\"specversion\":\"1.0\","
       R"("type":"t"})");
  const auto with_body = [](std::string_view type, std::string_view body) {
    return read(message(body, {{"content-type", type},
                               {"ce-id", "1"},
                               {"ce-source", "s"},
                               {"ce-type", "t"},
                               {"ce-specversion", "1.0"}}));
  };
  BOOST_TEST(with_body("text/plain", "hi").find(R"("data":"hi")")
             != std::string::npos);
  BOOST_TEST(with_body("image/png", "\x89P").find(R"("data_base64":"iVA=")")
             != std::string::npos);
  BOOST_TEST(with_body("text/plain", "\xff").find("data_base64")
             != std::string::npos);
  BOOST_TEST(with_body("application/json", "").find("\"data\"")
             == std::string::npos);
  BOOST_TEST(with_body("application/json", "{") == "malformed");
}

BOOST_AUTO_TEST_CASE(refuses_fields_that_say_two_things) {
  const auto with_field = [](std::string_view name, std::string_view value) {
    return read(message("", {{"ce-id", "1"},
                             {"ce-source", "s"},
                             {"ce-type", "t"},
                             {"ce-specversion", "1.0"},
                             {name, value}}));
  };
  BOOST_TEST(with_field("ce-ID", "2") == "malformed");
  BOOST_TEST(with_field("ce-data", "x") == "malformed");
  BOOST_TEST(with_field("ce-datacontenttype", "x") == "malformed");
  BOOST_TEST(with_field("ce-ext", "%zz") == "malformed");
  BOOST_TEST(with_field("ce-a-b", "x") == "invalid-request");
  BOOST_TEST(with_field("ce-", "x") == "invalid-request");
}

BOOST_AUTO_TEST_CASE(tells_which_event_of_a_batch_is_wrong) {
  const auto batch = [](const std::string& text) {
    const auto from
      = message(text, {{"content-type", "application/cloudevents-batch+json"}});
    return http::read_events(from, event_mode::batch);
  };
  BOOST_TEST(
    batch("[" + event_with("") + "," + event_with("") + "]").value().size()
    == 2U);
  BOOST_TEST(batch("[]").value().empty());
  const std::string text = "[" + event_with("") + R"(,{"id":"1"},3])";
  const auto wrong = batch(text);
  BOOST_REQUIRE(wrong.has_error());
  BOOST_REQUIRE(wrong.error().faults.size() == 4U);
  BOOST_TEST(wrong.error().faults[0].pointer == "/1/source");
  BOOST_TEST(wrong.error().faults[3].pointer == "/2");
  BOOST_TEST((batch("{}").error().code == errc::invalid_request));
  std::string many = "[0";
  for (int i = 0; i < 1000; ++i)
    many += ",0";
  BOOST_TEST((batch(many + "]").error().code == errc::too_large));
}

BOOST_AUTO_TEST_SUITE_END()
