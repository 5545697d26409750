#define BOOST_TEST_MODULE base.bytes
#include "base/bytes.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;

BOOST_AUTO_TEST_CASE(numbers_order_bytewise_as_they_order_by_value) {
  std::string small;
  std::string large;
  put_u64(small, 255);
  put_u64(large, 256);
  BOOST_TEST(small < large);
  BOOST_TEST(get_u64(small) == 255U);
  BOOST_TEST(get_u64(large) == 256U);
}

BOOST_AUTO_TEST_CASE(numbers_come_back_as_they_went_in) {
  std::string out;
  put_u16(out, 0xFEDC);
  put_u32(out, 0x89ABCDEF);
  put_u64(out, 0x0123456789ABCDEF);
  BOOST_TEST(out.size() == 14U);
  BOOST_TEST(get_u16(out) == 0xFEDCU);
  BOOST_TEST(get_u32(std::string_view{out}.substr(2)) == 0x89ABCDEFU);
  BOOST_TEST(get_u64(std::string_view{out}.substr(6)) == 0x0123456789ABCDEFU);
}

// RFC 3720 appendix B.4 and the catalogue's check value.
BOOST_AUTO_TEST_CASE(crc32c_gives_the_published_values) {
  BOOST_TEST(crc32c("") == 0U);
  BOOST_TEST(crc32c("123456789") == 0xE3069283U);
  BOOST_TEST(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  BOOST_TEST(crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
}

BOOST_AUTO_TEST_CASE(crc32c_continues_where_it_stopped) {
  BOOST_TEST(crc32c("6789", crc32c("12345")) == crc32c("123456789"));
}

BOOST_AUTO_TEST_CASE(crc32c_is_the_same_without_the_instruction) {
  std::string data;
  for (int i = 0; i < 300; ++i) {
    BOOST_TEST(crc32c(data) == crc32c_portable(data));
    data.push_back(static_cast<char>(i * 7));
  }
}

BOOST_AUTO_TEST_CASE(xxh3_gives_the_published_value_and_heeds_the_seed) {
  BOOST_TEST(xxh3("", 0) == 0x2D06800538D394C2U);
  BOOST_TEST(xxh3("abc", 1) != xxh3("abc", 2));
}

BOOST_AUTO_TEST_CASE(sha256_gives_the_published_values) {
  BOOST_TEST(
    to_hex(sha256("abc"))
    == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(
    to_hex(sha256(""))
    == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4648 section 10.
BOOST_AUTO_TEST_CASE(base64_gives_the_published_values) {
  BOOST_TEST(to_base64("") == "");
  BOOST_TEST(to_base64("f") == "Zg==");
  BOOST_TEST(to_base64("fo") == "Zm8=");
  BOOST_TEST(to_base64("foo") == "Zm9v");
  BOOST_TEST(to_base64("foob") == "Zm9vYg==");
  BOOST_TEST(to_base64("fooba") == "Zm9vYmE=");
  BOOST_TEST(to_base64("foobar") == "Zm9vYmFy");
  BOOST_TEST(to_base64("\xFB\xFF\xFE") == "+//+");
}
