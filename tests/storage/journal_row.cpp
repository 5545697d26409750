#define BOOST_TEST_MODULE storage.journal_row
#include "storage/journal_row.hpp"

#include "base/bytes.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::storage;

namespace {

struct rows {
  instance_key inst = key_of("default", "a");
  std::string key = journal_key(inst, 7);
  std::string facts = "the facts of a turn";
  std::string value;

  rows() {
    journal_row row;
    row.first = 5;
    row.count = 3;
    row.at = from_unix_ms(1'000'000);
    row.previous = 42;
    row.facts = facts;
    value = encode_journal_row(key, row);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(journal_rows, rows)

BOOST_AUTO_TEST_CASE(reads_what_was_written) {
  const auto row = decode_journal_row(key, value);
  BOOST_REQUIRE(row);
  BOOST_TEST(row->first == 5U);
  BOOST_TEST(row->last() == 7U);
  BOOST_TEST(row->previous == 42U);
  BOOST_TEST(row->facts == facts);
  BOOST_TEST((row->at == from_unix_ms(1'000'000)));
}

BOOST_AUTO_TEST_CASE(finds_every_flipped_bit) {
  for (std::size_t byte = 0; byte < value.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      auto damaged = value;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      const auto row = decode_journal_row(key, damaged);
      BOOST_REQUIRE_MESSAGE(row.has_error(), "byte " << byte << " bit " << bit);
      BOOST_TEST((row.error().code == errc::corrupt));
    }
}

BOOST_AUTO_TEST_CASE(finds_every_cut) {
  for (std::size_t size = 0; size < value.size(); ++size)
    BOOST_TEST(decode_journal_row(key, value.substr(0, size)).has_error());
}

BOOST_AUTO_TEST_CASE(belongs_under_its_own_key_alone) {
  for (std::size_t byte = 0; byte < key.size(); ++byte) {
    auto other = key;
    other[byte] = static_cast<char>(other[byte] ^ 1);
    BOOST_TEST(decode_journal_row(other, value).has_error());
  }
}

// Where the bytes are on disk: docs/format/journal.md.
BOOST_AUTO_TEST_CASE(keeps_its_format) {
  BOOST_TEST(to_hex(value.substr(0, 3)) == "a70100");
  BOOST_TEST(value.size() == 3U + 8 + 4 + 8 + 8 + 4 + facts.size() + 8 + 4);
  BOOST_TEST(get_u64(value.substr(3)) == 5U);
  BOOST_TEST(get_u32(value.substr(11)) == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
