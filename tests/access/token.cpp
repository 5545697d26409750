#define BOOST_TEST_MODULE access.token
#include "access/token.hpp"

#include "access/veil.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;

namespace {

const timestamp now = from_unix_ms(1'800'000'000'000);

access::token_wish wish() {
  return {.name = "ci",
          .roles
          = {{.is = access::role::operator_,
              .of = {},
              .namespaces = {"a", "b"},
              .definitions = {"story"},
              .event_types = {"com.example.go"}},
             {.is = access::role::worker, .of = "review", .namespaces = {"*"}}},
          .expires = now + std::chrono::hours{1}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_token_has_the_form_that_is_promised) {
  const auto [made, text] = access::make_token(wish(), "uid:0", now);
  BOOST_TEST(text.starts_with("pawl_" + made.id + "_"));
  const auto parts = access::parse_token(text);
  BOOST_TEST_REQUIRE(parts.has_value());
  BOOST_TEST(parts->id == made.id);
  BOOST_TEST(access::digest_of(parts->secret) == made.digest);
  BOOST_TEST(parts->secret.size() == 64U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_does_not_hold_the_secret) {
  const auto [made, text] = access::make_token(wish(), "uid:0", now);
  const std::string secret{access::parse_token(text)->secret};
  BOOST_TEST(access::encode_token(made).find(secret) == std::string::npos);
  const auto shown = to_text(access::to_json(made, now));
  BOOST_TEST(shown.find(secret) == std::string::npos);
  BOOST_TEST(shown.find(made.digest) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stored_token_is_read_as_it_was) {
  auto [made, text] = access::make_token(wish(), "uid:0", now);
  BOOST_TEST(
    (access::decode_token(access::encode_token(made)).value() == made));
  made.expires.reset();
  BOOST_TEST(
    (access::decode_token(access::encode_token(made)).value() == made));
  for (const auto* broken : {"", "{}", "[]", R"({"roles":[]})"})
    BOOST_TEST(!access::decode_token(broken).has_value(), broken);
}

BOOST_AUTO_TEST_CASE(no_two_tokens_are_the_same_but_by_their_seed) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(access::new_secret());
  BOOST_TEST(seen.size() == 1000U);
  BOOST_TEST(access::new_token_id("a") == access::new_token_id("a"));
  BOOST_TEST(access::new_token_id("a") != access::new_token_id("b"));
  BOOST_TEST(access::new_token_id() != access::new_token_id());
}

BOOST_AUTO_TEST_CASE(texts_that_are_no_tokens_are_told_apart) {
  const auto [made, text] = access::make_token(wish(), "uid:0", now);
  for (const auto& bad :
       {std::string{}, std::string{"pawl_"}, text + "0", text.substr(1),
        "PAWL_" + text.substr(5), text.substr(0, 17) + "-" + text.substr(18)})
    BOOST_TEST(!access::parse_token(bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(secrets_are_compared_whole) {
  BOOST_TEST(access::same_secret("abc", "abc"));
  BOOST_TEST(!access::same_secret("abc", "abd"));
  BOOST_TEST(!access::same_secret("abc", "ab"));
  BOOST_TEST(!access::same_secret("bbc", "abc"));
}

BOOST_AUTO_TEST_CASE(a_veil_hides_gaps_and_gives_every_number_back) {
  const access::veil veil{42};
  std::set<std::uint64_t> covered;
  for (std::uint64_t n = 1'800'000'000'000'000; covered.size() < 1000; ++n) {
    const auto c = veil.cover(n);
    BOOST_TEST(veil.uncover(c) == n);
    covered.insert(c);
  }
  // Neighbours are not near each other.
  const auto far = veil.cover(2) > veil.cover(1)
                     ? veil.cover(2) - veil.cover(1)
                     : veil.cover(1) - veil.cover(2);
  BOOST_TEST(far > 1000U);
  BOOST_TEST(access::veil{43}.cover(1) != veil.cover(1));
}

BOOST_AUTO_TEST_CASE(mistakes_in_roles_are_told_all_at_once) {
  const auto bad
    = access::read_bindings(*parse_json(R"([{"role":"king","namespaces":["a"]},
                    {"role":"worker","namespaces":["a"]},
                    {"role":"viewer"},
                    {"role":"viewer:x","namespaces":"*"},
                    {"role":"viewer","namespaces":[]},
                    {"role":"author","namespaces":"*","eventTypes":["x"]},
                    {"role":"worker:q","namespaces":"*","definitions":["x"]},
                    {"role":"viewer","namespaces":"*","queue":"x"}])"),
                            "/roles");
  BOOST_TEST_REQUIRE(!bad.has_value());
  BOOST_TEST(bad.error().faults.size() == 8U);
  BOOST_TEST(bad.error().faults[0].pointer == "/roles/0/role");
  BOOST_TEST(!access::read_bindings(*parse_json("[]"), "").has_value());
  BOOST_TEST(!access::read_bindings(*parse_json("{}"), "").has_value());
}

BOOST_AUTO_TEST_CASE(roles_are_read_as_they_are_written) {
  for (const auto& one : wish().roles)
    BOOST_TEST((access::read_binding(access::to_json(one), "").value() == one));
}
