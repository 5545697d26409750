#define BOOST_TEST_MODULE secrets.webhook
#include "secrets/webhook.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using secrets::sign_webhook;

namespace {

std::string signature(std::string_view secret, std::string_view body) {
  const auto headers = sign_webhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                    from_unix_ms(1'614'265'330'999), body);
  BOOST_REQUIRE_EQUAL(headers.size(), 3U);
  BOOST_TEST(headers[0].first == "Webhook-Id");
  BOOST_TEST(headers[0].second == "msg_p5jXN8AQM9LWM0D4loKWxJek");
  BOOST_TEST(headers[1].first == "Webhook-Timestamp");
  BOOST_TEST(headers[1].second == "1614265330");
  BOOST_TEST(headers[2].first == "Webhook-Signature");
  return headers[2].second;
}

} // namespace

// What the libraries of Standard Webhooks are tested with.
BOOST_AUTO_TEST_CASE(signs_as_the_standard_has_it) {
  BOOST_TEST(signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                       R"({"test": 2432232314})")
             == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

BOOST_AUTO_TEST_CASE(takes_any_text_as_a_key) {
  const auto plain = signature("a simple text", "{}");
  BOOST_TEST(plain.starts_with("v1,"));
  BOOST_TEST(plain != signature("another text", "{}"));
  BOOST_TEST(plain != signature("a simple text", "{ }"));
  // What only looks like base64 of a key is a text, too.
  BOOST_TEST(signature("whsec_%%%", "{}") != signature("whsec_%%", "{}"));
}

// "YQ==" is "a".
BOOST_AUTO_TEST_CASE(takes_padding_off_a_key) {
  BOOST_TEST(signature("whsec_YQ==", "{}") == signature("a", "{}"));
}
