#define BOOST_TEST_MODULE base.ids
#include "base/ids.hpp"

#include "base/bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;

BOOST_AUTO_TEST_CASE(the_key_is_the_front_of_the_digest_of_namespace_and_id) {
  // printf 'default/order-1' | sha256sum
  const auto key = key_of("default", "order-1");
  BOOST_TEST(to_hex(std::string(key.bytes.begin(), key.bytes.end()))
             == "db8586ca2f46905c906fa2b4b5871d75");
  BOOST_TEST(key.partition() == key.bytes[0]);
  BOOST_CHECK(key == key_of("default", "order-1"));
  BOOST_CHECK(key != key_of("default", "order-2"));
  BOOST_CHECK(key != key_of("other", "order-1"));
}

BOOST_AUTO_TEST_CASE(an_id_is_1_to_128_of_the_safe_characters) {
  for (const auto* good :
       {"a", "order-1", "A.b_C-9", "...", "01J9ZX3Y8M8QJ4T6C2W1R0V5KD"})
    BOOST_TEST(valid_instance_id(good), good);
  BOOST_TEST(valid_instance_id(std::string(128, 'x')));
  for (const auto* bad :
       {"", ".", "..", "a/b", "a b", "a\n", "\xC3\xA4", "a%2F"})
    BOOST_TEST(!valid_instance_id(bad), bad);
  BOOST_TEST(!valid_instance_id(std::string(129, 'x')));
  BOOST_TEST(!valid_instance_id(std::string_view{"a\0b", 3}));
}

BOOST_AUTO_TEST_CASE(a_ulid_has_the_published_form) {
  std::array<std::uint8_t, 10> zero{};
  std::array<std::uint8_t, 10> ones{};
  ones.fill(0xFF);
  // The example of the ULID specification begins 01ARYZ6S41 for this time.
  BOOST_TEST(make_ulid(1469918176385, zero) == "01ARYZ6S410000000000000000");
  BOOST_TEST(make_ulid(1469918176385, ones) == "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
  BOOST_TEST(make_ulid(281474976710655, ones) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

BOOST_AUTO_TEST_CASE(ulids_sort_by_time) {
  std::array<std::uint8_t, 10> low{};
  std::array<std::uint8_t, 10> high{};
  high.fill(0xFF);
  BOOST_TEST(make_ulid(1000, high) < make_ulid(1001, low));
  BOOST_TEST(valid_instance_id(make_ulid(1000, high)));
}

BOOST_AUTO_TEST_CASE(entropy_does_not_repeat) {
  std::set<std::array<std::uint8_t, 10>> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random_entropy());
  BOOST_TEST(seen.size() == 1000U);
}
