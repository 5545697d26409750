#define BOOST_TEST_MODULE storage.damage
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "storage/store.hpp"
#include "tests/support/fault_fs.hpp"
#include "tests/support/stored.hpp"

#include <algorithm>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::led_instance;
using pawl::test::some_fact;

namespace {

constexpr int rows = 1000;

/// A store with 1,000 acknowledged turns of as many instances in its
/// write-ahead log, whose process was killed.
struct killed_store {
  std::shared_ptr<test::fault_fs> disk = std::make_shared<test::fault_fs>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  open_options options;
  recovery_report found;
  std::string log; ///< The path of the log that holds them.

  killed_store() {
    log::set_level(log::level::error);
    options.directory = "/data/pawl";
    options.env = env.get();
    {
      auto opened = store::open(options, found);
      BOOST_REQUIRE(opened);
      for (int i = 0; i < rows; ++i) {
        led_instance one{"i" + std::to_string(i)};
        BOOST_REQUIRE(test::commit_one(
          **opened, one.next({some_fact(std::string(300, 'x'))})));
      }
    }
    for (const auto& path : disk->files(".log"))
      if (log.empty() || disk->read(path).size() > disk->read(log).size())
        log = path;
    BOOST_REQUIRE(disk->read(log).size() > 300U * rows);
  }

  void damage(const std::function<void(std::string&)>& how) {
    auto bytes = disk->read(log);
    how(bytes);
    disk->write(log, std::move(bytes));
  }
  std::unique_ptr<store> open_well() {
    auto opened = store::open(options, found);
    BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
    return std::move(*opened);
  }
  /// The error must name the log and a place.
  void open_badly() {
    const auto opened = store::open(options, found);
    BOOST_REQUIRE(opened.has_error());
    BOOST_TEST((opened.error().code == errc::corrupt));
    BOOST_TEST(opened.error().detail.find(log) != std::string::npos);
    BOOST_TEST(opened.error().detail.find("at byte") != std::string::npos);
  }
  static int count(const store& in) {
    int n = 0;
    for (int i = 0; i < rows; ++i)
      n += in.read_head(key_of("default", "i" + std::to_string(i))) ? 1 : 0;
    return n;
  }
  void mark_clean() { disk->write("/data/pawl/PAWL.clean", "clean\n"); }
};

/// Where the last record of a log begins: its block's records are walked.
std::size_t last_record_at(const std::string& bytes) {
  std::size_t last = 0;
  for (std::size_t at = 0; at + 7 <= bytes.size();) {
    const auto room = 32768 - at % 32768;
    if (room < 7) {
      at += room;
      continue;
    }
    const auto length = static_cast<std::uint8_t>(bytes[at + 4])
                        + 256U * static_cast<std::uint8_t>(bytes[at + 5]);
    if (bytes[at + 6] == 1 || bytes[at + 6] == 2)
      last = at;
    at += 7 + length;
  }
  return last;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(damage_table, killed_store)

BOOST_AUTO_TEST_CASE(opens_what_was_killed_without_a_loss) {
  const auto opened = open_well();
  BOOST_TEST(!found.clean);
  BOOST_TEST(found.tail_bytes_cut == 0U);
  BOOST_TEST(count(*opened) == rows);
  const auto faults = verify(*opened);
  BOOST_REQUIRE(faults);
  BOOST_TEST(faults->empty());
}

// Row 1 of the table: a tail that was cut.
BOOST_AUTO_TEST_CASE(cuts_a_torn_tail_and_says_how_much) {
  const auto whole = disk->read(log);
  damage([](std::string& b) { b.resize(b.size() - 50); });
  const auto opened = open_well();
  BOOST_TEST(count(*opened) == rows - 1);
  BOOST_TEST(found.tail_bytes_cut == whole.size() - 50 - last_record_at(whole));
  BOOST_REQUIRE(found.notes.size() == 1U);
  BOOST_TEST(found.notes[0].find(log) != std::string::npos);
  BOOST_TEST(verify(*opened).value().empty());
}

// Row 2: a bit flip in the last record looks like a torn write.
BOOST_AUTO_TEST_CASE(cuts_a_last_record_that_is_damaged) {
  damage([](std::string& b) { b[b.size() - 100] ^= 4; });
  const auto opened = open_well();
  BOOST_TEST(count(*opened) == rows - 1);
  BOOST_TEST(found.tail_bytes_cut > 0U);
}

// Row 3: a bit flip in the middle is damage to what was acknowledged.
BOOST_AUTO_TEST_CASE(refuses_a_bit_flip_in_the_middle) {
  damage([](std::string& b) { b[b.size() / 2] ^= 4; });
  open_badly();
  open_badly(); // And leaves it as it is.
}

// Row 4: a page of zeros in the middle.
BOOST_AUTO_TEST_CASE(refuses_a_page_of_zeros_in_the_middle) {
  damage([](std::string& b) {
    const auto page = b.size() / 2 / 4096 * 4096;
    std::fill_n(b.begin() + static_cast<std::ptrdiff_t>(page), 4096, '\0');
  });
  open_badly();
}

BOOST_AUTO_TEST_CASE(refuses_a_whole_block_of_zeros_in_the_middle) {
  damage([](std::string& b) {
    const auto block = b.size() / 2 / 32768 * 32768;
    std::fill_n(b.begin() + static_cast<std::ptrdiff_t>(block), 32768, '\0');
  });
  open_badly();
}

BOOST_AUTO_TEST_CASE(opens_damage_with_loud_notes_where_loss_is_accepted) {
  damage([](std::string& b) { b[b.size() / 2] ^= 4; });
  options.accept_loss = true;
  {
    const auto opened = open_well();
    const auto left = count(*opened);
    BOOST_TEST(left > 0);
    BOOST_TEST(left < rows);
    BOOST_REQUIRE(found.notes.size() == 1U);
    BOOST_TEST(found.notes[0].starts_with("DATA LOSS ACCEPTED"));
    BOOST_TEST(verify(*opened).value().empty());
    led_instance more{"more"};
    BOOST_TEST(test::commit_one(*opened, more.next()).has_value());
  }
  // The loss was taken once; the store is whole again.
  options.accept_loss = false;
  const auto again = open_well();
  BOOST_TEST(again->read_head(key_of("default", "more")).has_value());
}

// Some families have written tables of what is behind the damage.
BOOST_AUTO_TEST_CASE(opens_damage_that_tables_are_ahead_of) {
  disk = std::make_shared<test::fault_fs>();
  env = rocksdb::NewCompositeEnv(disk);
  options.env = env.get();
  options.memory_max = 8U << 20;
  {
    const auto opened = open_well();
    for (int i = 0; disk->files(".log").size() < 3; ++i) {
      led_instance one{"i" + std::to_string(i)};
      BOOST_REQUIRE(test::commit_one(
        *opened, one.next({some_fact(std::string(3000, 'x'))})));
    }
  }
  log = disk->files(".log").front();
  damage([](std::string& b) { b[b.size() / 2] ^= 4; });
  open_badly();
  options.accept_loss = true;
  const auto opened = open_well();
  BOOST_TEST(found.notes.size() == 2U);
  BOOST_TEST(count(*opened) > 0);
  led_instance more{"more"};
  BOOST_TEST(test::commit_one(*opened, more.next()).has_value());
}

BOOST_AUTO_TEST_CASE(does_not_cut_a_tail_where_the_operator_wants_to_be_asked) {
  damage([](std::string& b) { b.resize(b.size() - 50); });
  options.torn_tail_cut = false;
  open_badly();
  options.torn_tail_cut = true;
  const auto opened = open_well();
  BOOST_TEST(count(*opened) == rows - 1);
}

BOOST_AUTO_TEST_CASE(takes_a_torn_tail_after_an_orderly_stop_for_damage) {
  damage([](std::string& b) { b.resize(b.size() - 50); });
  mark_clean();
  open_badly();
}

BOOST_AUTO_TEST_CASE(takes_zeros_behind_the_last_record_for_room_set_aside) {
  damage([](std::string& b) { b.append(100'000, '\0'); });
  const auto opened = open_well();
  BOOST_TEST(count(*opened) == rows);
  BOOST_TEST(found.tail_bytes_cut == 0U);
}

BOOST_AUTO_TEST_CASE(cuts_a_header_that_is_not_whole) {
  damage([](std::string& b) { b.append("\x12\x34\x56"); });
  const auto opened = open_well();
  BOOST_TEST(count(*opened) == rows);
  BOOST_TEST(found.tail_bytes_cut == 3U);
}

// Every cut of the tail within the last group loses that group and no other.
BOOST_AUTO_TEST_CASE(cuts_at_any_byte_of_the_last_group) {
  const auto whole = disk->read(log);
  const auto start = last_record_at(whole);
  for (auto size = start + 1; size < whole.size(); size += 61) {
    const auto copy = disk->after_kill(); // The original stays on `disk`.
    copy->write(log, whole.substr(0, size));
    const auto copy_env = rocksdb::NewCompositeEnv(copy);
    auto on_copy = options;
    on_copy.env = copy_env.get();
    const auto opened = store::open(on_copy, found);
    BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
    BOOST_TEST(count(**opened) == rows - 1);
    BOOST_TEST(found.tail_bytes_cut == size - start);
  }
}

// A record whose framing is whole, with a checksum that matches, around a
// batch that is not: only RocksDB can tell, and it must refuse.
BOOST_AUTO_TEST_CASE(refuses_a_batch_that_only_rocksdb_finds_bad) {
  damage([](std::string& b) {
    std::size_t at = 0;
    for (int i = 0; i < rows / 2; ++i) { // Find a whole record in the middle.
      const auto length = static_cast<std::uint8_t>(b[at + 4])
                          + 256U * static_cast<std::uint8_t>(b[at + 5]);
      at += 7 + length;
      if (32768 - at % 32768 < 7)
        at += 32768 - at % 32768;
      if (b[at + 6] != 1)
        i = std::min(i, rows / 2 - 2);
    }
    const auto length = static_cast<std::uint8_t>(b[at + 4])
                        + 256U * static_cast<std::uint8_t>(b[at + 5]);
    b[at + 7 + 12] = '\x7f'; // The tag of its first row.
    const auto crc = crc32c(std::string_view{b}.substr(at + 6, 1 + length));
    const auto masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
    for (std::size_t i = 0; i < 4; ++i)
      b[at + i] = static_cast<char>(masked >> (8 * i));
  });
  const auto opened = store::open(options, found);
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::corrupt));
  // RocksDB said so, not the scanner.
  BOOST_TEST_INFO(opened.error().detail);
  BOOST_TEST(opened.error().detail.starts_with("opening "));
}

// The scanner reads it well, then RocksDB does not: it must refuse by itself.
BOOST_AUTO_TEST_CASE(refuses_a_log_that_rots_after_the_scan) {
  disk->rot_at_open(log, 2, disk->read(log).size() / 2);
  const auto opened = store::open(options, found);
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::corrupt));
  BOOST_TEST(opened.error().detail.starts_with("opening "));
}

BOOST_AUTO_TEST_CASE(refuses_a_log_that_lacks_groups_at_its_end) {
  // A later log exists: what the earlier one lost had been acknowledged.
  const auto number = log.substr(log.size() - 10, 6);
  auto later = std::to_string(std::stoi(number) + 40);
  later = log.substr(0, log.size() - 10) + std::string(6 - later.size(), '0')
          + later + ".log";
  const auto whole = disk->read(log);
  const auto last = last_record_at(whole);
  disk->write(later, whole.substr(last)); // Fits: it begins a block.
  damage([&](std::string& b) { b.resize(last); });
  damage([&](std::string& b) { b.resize(last_record_at(b)); });
  const auto opened = store::open(options, found);
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::corrupt));
  BOOST_TEST(opened.error().detail.find("missing") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_a_store_that_has_lost_its_current_file) {
  disk->remove("/data/pawl/CURRENT");
  const auto opened = store::open(options, found);
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::corrupt));
  BOOST_TEST(opened.error().detail.find("CURRENT") != std::string::npos);
  BOOST_TEST(disk->read(log).size() > 300U * rows); // Nothing was thrown away.
}

BOOST_AUTO_TEST_CASE(refuses_a_store_whose_tables_are_gone) {
  { auto opened = open_well(); } // What was recovered is in tables now.
  for (const auto& path : disk->files(".sst"))
    disk->remove(path);
  const auto opened = store::open(options, found);
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(verify_finds_damage_in_a_table) {
  {
    auto opened = open_well();
    BOOST_REQUIRE(opened->close());
  }
  std::string largest;
  for (const auto& path : disk->files(".sst"))
    if (largest.empty() || disk->read(path).size() > disk->read(largest).size())
      largest = path;
  auto bytes = disk->read(largest);
  bytes[bytes.size() / 3] ^= 1;
  disk->write(largest, bytes);
  const auto opened = store::open(options, found);
  if (!opened) {
    BOOST_TEST((opened.error().code == errc::corrupt));
    return;
  }
  BOOST_TEST(!verify(**opened).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()
