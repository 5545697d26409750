#define BOOST_TEST_MODULE actors.mail
#include "actors/notify/mail.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;

namespace {

json::object plain() {
  return {{"to", "ann@example.com"}, {"subject", "Hello"}, {"text", "Hi.\n"}};
}

mail made(const json::object& with) {
  auto out = mail_of(with, "Pawl <pawl@example.com>");
  BOOST_REQUIRE(out.has_value());
  out->key = "shop/01J/do/0/mail/1";
  out->at = from_unix_ms(1'700'000'000'000);
  return *out;
}

std::string refused(json::object with, std::string_view from = "p@e.com") {
  const auto out = mail_of(with, from);
  BOOST_REQUIRE(!out);
  return out.error().detail;
}

json::object with(std::string_view member, json::value value) {
  auto out = plain();
  out[member] = std::move(value);
  return out;
}

bool holds(const std::string& text, std::string_view piece) {
  return text.find(piece) != text.npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(writes_a_plain_mail) {
  const auto text = to_mime(made(plain()));
  BOOST_TEST(holds(text, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
  BOOST_TEST(holds(text, "From: \"Pawl\" <pawl@example.com>\r\n"));
  BOOST_TEST(holds(text, "To: ann@example.com\r\n"));
  BOOST_TEST(holds(text, "Subject: Hello\r\n"));
  BOOST_TEST(text.ends_with("\r\n\r\nHi.\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(names_a_mail_by_its_effect) {
  auto one = made(plain());
  const auto id = message_id_of(one);
  BOOST_TEST(id.ends_with("@example.com>"));
  one.at += duration{1000};
  BOOST_TEST(message_id_of(one) == id);
  one.key += "x";
  BOOST_TEST(message_id_of(one) != id);
}

BOOST_AUTO_TEST_CASE(encodes_words_that_are_not_ascii) {
  BOOST_TEST(header_words("plain") == "plain");
  BOOST_TEST(header_words("Gr\xc3\xbc\xc3\x9f"
                          "e")
             == "=?UTF-8?B?R3LDvMOfZQ==?=");
  // Never within a character, and no line is longer than 76.
  std::string many;
  for (int i = 0; i < 60; ++i)
    many += "\xe2\x82\xac";
  const auto words = header_words(many);
  std::size_t lines = 0;
  for (std::size_t from = 0; from != words.npos; ++lines) {
    const auto end = words.find("\r\n ", from);
    BOOST_TEST(words.substr(from, end - from).size() <= 76U);
    from = end == words.npos ? end : end + 3;
  }
  BOOST_TEST(lines == 4U);
  // What would be read as an encoded word is encoded.
  BOOST_TEST(header_words("=?x").starts_with("=?UTF-8?B?"));
}

BOOST_AUTO_TEST_CASE(writes_quoted_printable) {
  BOOST_TEST(quoted_printable("a=b \n\xc3\xa4\r\n.")
             == "a=3Db=20\r\n=C3=A4\r\n.\r\n");
  const auto text = quoted_printable(std::string(200, 'x'));
  BOOST_TEST(text.substr(75, 3) == "=\r\n");
  BOOST_TEST(text.substr(153, 3) == "=\r\n");
}

BOOST_AUTO_TEST_CASE(has_html_as_an_alternative) {
  const auto text = to_mime(made(with("html", "<b>Hi</b>")));
  BOOST_TEST(holds(text, "Content-Type: multipart/alternative;"));
  BOOST_TEST(text.find("text/plain") < text.find("text/html"));
  BOOST_TEST(holds(text, "<b>Hi</b>\r\n"));
}

BOOST_AUTO_TEST_CASE(takes_lists_and_names) {
  const auto one = made(with(
    "to", json::array{"a@b.c", "J\xc3\xbcrg <j@b.c>", "\"B, C\" <c@d.e>"}));
  BOOST_TEST(one.to.size() == 3U);
  BOOST_TEST(one.to[1].address == "j@b.c");
  const auto text = to_mime(one);
  BOOST_TEST(holds(text, "=?UTF-8?B?SsO8cmc=?= <j@b.c>"));
  BOOST_TEST(holds(text, "\"B, C\" <c@d.e>"));
}

BOOST_AUTO_TEST_CASE(lets_nobody_smuggle_a_header_in) {
  BOOST_TEST(holds(refused(with("subject", "a\r\nBcc: x@y.z")), "`subject`"));
  BOOST_TEST(holds(refused(with("to", "a@b.c\r\nBcc: x@y.z")), "`to`"));
  BOOST_TEST(holds(refused(with("to", "x\r\nBcc: y <a@b.c>")), "`to`"));
  BOOST_TEST(holds(refused(with("to", "a@b.c>\r\nRCPT TO:<x@y.z")), "`to`"));
  BOOST_TEST(holds(refused(with("replyTo", "a@b.c, x@y.z")), "`replyTo`"));
}

BOOST_AUTO_TEST_CASE(says_what_is_missing) {
  auto none = plain();
  none.erase("subject");
  BOOST_TEST(holds(refused(none), "`subject`: is missing"));
  BOOST_TEST(holds(refused(with("to", json::array{})), "`to`: names nobody"));
  BOOST_TEST(holds(refused(plain(), ""), "`smtp.from` is not set"));
  BOOST_TEST(holds(refused(with("text", 7)), "`text`: must be text"));
}
