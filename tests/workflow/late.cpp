#define BOOST_TEST_MODULE workflow.late
#include "workflow/late.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

namespace {

constexpr timestamp now{};

/// A definition of which only the secrets and the late expressions are there.
struct guarded {
  definition of;

  guarded() { of.secrets = {"api", "db"}; }

  /// Makes `text` the expression at `place`.
  void add(const std::string& place, std::string_view text) {
    std::vector<std::string_view> names{std::begin(variable_names),
                                        std::end(variable_names)};
    names.emplace_back("index");
    auto made = expression::compile(text, names);
    BOOST_REQUIRE(made);
    of.late[place] = *made;
  }
};

json::object arguments(std::string_view text) {
  return parse_json(text).value().get_object();
}

const json::object secrets{{"api", "key-1234"},
                           {"db", {{"user", "ann"}, {"pass", "p@ss/\"word"}}}};

} // namespace

BOOST_AUTO_TEST_CASE(puts_each_value_where_the_machine_left_null) {
  guarded f;
  f.add("/a", "\"Bearer \" + $secrets.api");
  f.add("/b", "{who: .name, word: $secrets.db.pass, at: $index}");
  const auto out
    = reveal(arguments(R"({"headers": {"Authorization": null, "X": "y"},
       "body": [1, null],
       "late": [
         {"at": "/headers/Authorization", "place": "/a", "data": null,
          "variables": {}},
         {"at": "/body/1", "place": "/b", "data": {"name": "n"},
          "variables": {"index": 7}}]})"),
             f.of, secrets, nullptr, now);
  BOOST_REQUIRE(out);
  BOOST_TEST(to_text(json::value(*out))
             == R"({"headers":{"Authorization":"Bearer key-1234","X":"y"},)"
                R"("body":[1,{"who":"n","word":"p@ss/\"word","at":7}]})");
}

BOOST_AUTO_TEST_CASE(leaves_arguments_without_late_values_as_they_are) {
  const guarded f;
  const auto out = reveal(arguments(R"({"uri": "x"})"), f.of, {}, nullptr, now);
  BOOST_TEST(to_text(json::value(out.value())) == R"({"uri":"x"})");
}

BOOST_AUTO_TEST_CASE(knows_the_authorization) {
  guarded f;
  f.add("/a", "$authorization.scheme + \"/\" + $authorization.parameter");
  const auto out = reveal(
    arguments(R"({"body": null, "late": [{"at": "/body",
                           "place": "/a"}]})"),
    f.of, {}, json::value{{"scheme", "Bearer"}, {"parameter", "tok"}}, now);
  BOOST_TEST(out.value().at("body").as_string() == "Bearer/tok");
}

BOOST_AUTO_TEST_CASE(all_arguments_may_be_one_late_value) {
  guarded f;
  f.add("/with", "{uri: $secrets.api}");
  f.add("/bad", "$secrets.api");
  const auto out
    = reveal(arguments(R"({"late": [{"at": "", "place": "/with"}]})"), f.of,
             secrets, nullptr, now);
  BOOST_TEST(out.value().at("uri").as_string() == "key-1234");
  const auto no
    = reveal(arguments(R"({"late": [{"at": "", "place": "/bad"}]})"), f.of,
             secrets, nullptr, now);
  BOOST_REQUIRE(!no);
  BOOST_TEST((no.error().code == errc::invalid_input));
}

BOOST_AUTO_TEST_CASE(says_which_secrets_are_read) {
  guarded f;
  f.add("/one", "$secrets.db.user");
  f.add("/two", "$secrets.db.pass + $secrets.other");
  f.add("/all", "$secrets | keys");
  f.add("/none", "$authorization");
  const auto read = [&](const std::string& late) {
    const auto names
      = secrets_read(f.of, arguments(R"({"late": [)" + late + "]}"));
    std::string joined;
    for (const auto& n : names)
      joined += n + ' ';
    return joined;
  };
  BOOST_TEST(read("") == "");
  BOOST_TEST(read(R"({"at": "/a", "place": "/none"})") == "");
  BOOST_TEST(read(R"({"at": "/a", "place": "/two"},
                     {"at": "/b", "place": "/one"})")
             == "db other ");
  BOOST_TEST(read(R"({"at": "/a", "place": "/all"})") == "api db ");
}

BOOST_AUTO_TEST_CASE(no_failure_shows_a_value) {
  guarded f;
  // Each of them makes jq quote the secret, or a part of it.
  const std::string failing[]
    = {"$secrets.api + 1",
       "error($secrets.api)",
       "$secrets.api | tonumber",
       "$secrets.api.x",
       "$secrets | .api[$secrets.api]",
       "{} | .[$secrets.api][0]  | error($secrets.api[0:6])"};
  for (const auto& text : failing) {
    f.add("/x", text);
    const auto out = reveal(arguments(R"({"body": null, "late": [{"at": "/body",
                             "place": "/x"}]})"),
                            f.of, secrets, nullptr, now);
    BOOST_REQUIRE_MESSAGE(!out, text);
    BOOST_TEST((out.error().code == errc::invalid_input));
    BOOST_TEST(out.error().detail.find("/body") != std::string::npos);
    BOOST_TEST(out.error().detail.find("key-") == std::string::npos,
               out.error().detail);
  }
}

BOOST_AUTO_TEST_CASE(an_expression_that_runs_wild_is_stopped) {
  guarded f;
  f.add("/x", "[range(100000000)] | length | tostring + $secrets.api");
  const auto out = reveal(arguments(R"({"body": null,
                           "late": [{"at": "/body", "place": "/x"}]})"),
                          f.of, secrets, nullptr, now);
  BOOST_TEST(!out);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_of_this_definition) {
  guarded f;
  f.add("/x", "$secrets.api");
  for (const auto* late :
       {R"("x")", R"([1])", R"([{"at": "/a"}])",
        R"([{"at": "/a", "place": "/y"}])", R"([{"at": 1, "place": "/x"}])",
        R"([{"at": "/no/such", "place": "/x"}])"}) {
    const auto out
      = reveal(arguments(R"({"a": null, "late": )" + std::string{late} + "}"),
               f.of, secrets, nullptr, now);
    BOOST_REQUIRE_MESSAGE(!out, late);
    BOOST_TEST((out.error().code == errc::internal), late);
  }
}

BOOST_AUTO_TEST_CASE(reveals_an_authentication_alone) {
  guarded f;
  f.add("/pass", "$secrets.db.pass");
  f.add("/body", "$authorization.parameter | length | error");
  const auto all = arguments(
    R"({"body": null, "source": {"uri": "u", "authentication":
          {"scheme": "basic", "with": {"username": "u", "password": null}}},
        "late": [{"at": "/source/authentication/with/password",
                  "place": "/pass"},
                 {"at": "/body", "place": "/body"}]})");
  const auto part
    = reveal_part(all, "/source/authentication", f.of, secrets, now);
  BOOST_REQUIRE(part);
  BOOST_TEST(part->at_pointer("/with/password").as_string() == "p@ss/\"word");
  BOOST_TEST(
    reveal_part(all, "/authentication", f.of, secrets, now).value().is_null());
  BOOST_TEST(
    reveal_part(all, "/source/uri/x", f.of, secrets, now).value().is_null());
}

BOOST_AUTO_TEST_CASE(hides_every_secret_text) {
  const json::value known{{"a", "s3cret"}, {"b", {1, {{"c", "other one"}}}}};
  BOOST_TEST(redact_text("x s3cret s3crets3cret other one", known)
             == "x *** ****** ***");
  BOOST_TEST(redact_text("nothing here", known) == "nothing here");
  // Shorter than four bytes is left, or no text would be whole.
  BOOST_TEST(redact_text("abc", json::value("abc")) == "abc");
  BOOST_TEST(redact_text("abcd", json::value("abcd")) == "***");
  BOOST_TEST(redact_text("abcd", json::value(nullptr)) == "abcd");
}

BOOST_AUTO_TEST_CASE(hides_secrets_that_overlap) {
  const json::value known{"abcdef", "defghi", "abcdefghijk"};
  BOOST_TEST(redact_text("-abcdefghi-", known) == "-***-");
  BOOST_TEST(redact_text("-abcdefghijk-", known) == "-***-");
  BOOST_TEST(redact_text("-defghi-abcdef-", known) == "-***-***-");
}

BOOST_AUTO_TEST_CASE(hides_a_secret_in_other_writing) {
  const json::value known("p@ss \"w/rd");
  BOOST_TEST(redact_text(R"({"x":"p@ss \"w/rd"})", known) == R"({"x":"***"})");
  BOOST_TEST(redact_text("p%40ss%20%22w%2Frd", known) == "***");
  BOOST_TEST(redact_text("p%40ss+%22w%2frd", known) == "***");
  BOOST_TEST(redact_text("cEBzcyAidy9yZA==", known) == "***==");
}

BOOST_AUTO_TEST_CASE(hides_a_secret_however_it_is_escaped) {
  const json::value known("p\u00e4/ss\\w \U0001F600");
  // As PHP and as Python write JSON, and JSON in a text of JSON.
  BOOST_TEST(redact_text(R"(["p\u00e4\/ss\\w \ud83d\ude00"])", known)
             == R"(["***"])");
  BOOST_TEST(
    redact_text(R"({"a":"[\"p\\u00E4/ss\\\\w \\uD83D\\uDE00\"]"})", known)
    == R"({"a":"[\"***\"]"})");
  // What need not be escaped in a URI may stay, and a URI may be in JSON.
  BOOST_TEST(redact_text("/p%C3%A4/ss%5Cw%20%F0%9F%98%80?", known) == "/***?");
  BOOST_TEST(redact_text(R"("\/p%c3%a4\/ss%5cw+%F0%9F%98%80")", known)
             == R"("\/***")");
  BOOST_TEST(
    redact_text("<b>a&lt;&#98;&amp;&#x63;&quot;d</b>", json::value("a<b&c\"d"))
    == "<b>***</b>");
  // Broken by `base64` and by mail.
  BOOST_TEST(redact_text("-long\nsec\r\nret-", json::value("longsecret"))
             == "-***-");
}

BOOST_AUTO_TEST_CASE(hides_parts_of_a_secret_that_show_alone) {
  // In base64 behind one and behind two other bytes.
  const json::value known("s3cret-word");
  BOOST_TEST(redact_text("dTpzM2NyZXQtd29yZA==", known).starts_with("dTp***"));
  BOOST_TEST(redact_text("dXU6czNjcmV0LXdvcmQ6", known).starts_with("dXU6***"));
  BOOST_TEST(redact_text("dXV6OnMzY3JldC13b3Jk", known).find("Y3JldC13b3")
             == std::string::npos);
  BOOST_TEST(redact_text("it is (abcd)", json::value("  abcd \t"))
             == "it is (***)");
  BOOST_TEST(redact_text("second one", json::value("first\nsecond one\n}"))
             == "***");
  const json::value uri("https://me:pass@hooks.test:8/services/T0/B1");
  BOOST_TEST(redact_text("Cannot POST /services/T0/B1", uri)
             == "Cannot POST ***");
  BOOST_TEST(redact_text("cannot resolve hooks.test", uri)
             == "cannot resolve ***");
  BOOST_TEST(redact_text("pass: wrong", uri) == "***: wrong");
  const json::value numbers{{"pin", 12345678}, {"port", 5432}};
  BOOST_TEST(redact_text("12345678 at 5432", numbers) == "*** at 5432");
  BOOST_TEST(redact(json::value{{"a", 12345678}}, numbers).at("a") == "***");
}

BOOST_AUTO_TEST_CASE(hides_secrets_in_keys_and_values) {
  const auto out = redact(
    parse_json(R"({"s3cret": ["a s3cret", 5, {"x": "s3cret"}]})").value(),
    json::value("s3cret"));
  BOOST_TEST(to_text(out) == R"({"***":["a ***",5,{"x":"***"}]})");
}

BOOST_AUTO_TEST_CASE(hides_secrets_in_all_that_an_effect_brings_back) {
  const json::value known("s3cret");
  http_outcome answer{.failure = "no s3cret",
                      .status = 200,
                      .headers = {{"X-s3cret", "s3cret"}},
                      .body = "s3cret!",
                      .request = {{"uri", "http://x/s3cret"}}};
  const auto http
    = std::get<http_outcome>(redact_outcome(std::move(answer), known));
  BOOST_TEST(http.failure == "no ***");
  BOOST_TEST(http.headers[0].first == "X-***");
  BOOST_TEST(http.headers[0].second == "***");
  BOOST_TEST(http.body == "***!");
  BOOST_TEST(http.request.at("uri").as_string() == "http://x/***");
  BOOST_TEST(http.status == 200u);
  const auto program = std::get<program_outcome>(redact_outcome(
    program_outcome{.code = 3, .out = "s3cret\n", .err = "e s3cret"}, known));
  BOOST_TEST(program.out == "***\n");
  BOOST_TEST(program.err == "e ***");
  child_outcome child;
  child.output = make_datum("s3cret");
  const auto ended
    = std::get<child_outcome>(redact_outcome(std::move(child), known));
  BOOST_TEST(ended.output->as_string() == "***");
  BOOST_TEST(!ended.error);
}
