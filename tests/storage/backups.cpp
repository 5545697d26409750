#define BOOST_TEST_MODULE storage.backups
#include "storage/backups.hpp"

#include "tests/support/stored.hpp"

#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::led_instance;
namespace fs = std::filesystem;

namespace {

/// A store on the real disk, and a directory for its backups.
struct on_disk {
  fs::path root = [] {
    auto form = (fs::temp_directory_path() / "pawl-backups-XXXXXX").string();
    return fs::path{mkdtemp(form.data())};
  }();
  fs::path shelf = root / "shelf";
  recovery_report found;
  std::unique_ptr<store> live = open_store("data");

  on_disk() = default;
  on_disk(const on_disk&) = delete;
  on_disk& operator=(const on_disk&) = delete;
  ~on_disk() {
    live.reset();
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  std::unique_ptr<store> open_store(const std::string& name) {
    auto opened
      = store::open({.directory = root / name, .memory_max = 16U << 20}, found);
    BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
    return std::move(*opened);
  }
  std::unique_ptr<backups> shelf_to_write() {
    auto opened = backups::open(shelf);
    BOOST_REQUIRE_MESSAGE(opened, opened.error().detail);
    return std::move(*opened);
  }
  led_instance put(const std::string& id, int turns = 1) {
    led_instance one{id};
    one.now.created = one.now.updated = from_unix_ms(1'000'000);
    for (int i = 0; i < turns; ++i)
      BOOST_REQUIRE(commit_one(
        *live, one.next({test::some_fact(std::string(900, 'a' + i % 26))}),
        &one));
    return one;
  }
  backup_info take(backups& into, std::int64_t at = 1000) {
    auto made = into.create(*live, from_unix_ms(at), "9.9.9");
    BOOST_REQUIRE_MESSAGE(made, made.error().detail);
    return *made;
  }
  static void sound(const backups& all, std::uint32_t number) {
    const auto faults = all.verify(number);
    BOOST_REQUIRE_MESSAGE(faults, faults.error().detail);
    for (const auto& f : *faults)
      BOOST_ERROR(f);
  }
  /// A file of the largest table in the shelf.
  fs::path largest_table() const {
    fs::path largest;
    for (const auto& e : fs::recursive_directory_iterator{shelf})
      if (e.path().extension() == ".sst"
          && (largest.empty() || e.file_size() > fs::file_size(largest)))
        largest = e.path();
    BOOST_REQUIRE(!largest.empty());
    return largest;
  }
};

void flip_a_byte(const fs::path& file) {
  std::fstream io{file, std::ios::in | std::ios::out | std::ios::binary};
  io.seekg(100);
  const auto was = static_cast<char>(io.get());
  io.seekp(100);
  io.put(static_cast<char>(was ^ 0x40));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(backups_of_a_store, on_disk)

BOOST_AUTO_TEST_CASE(holds_all_that_was_committed_before) {
  const auto one = put("a", 20);
  const auto all = shelf_to_write();
  BOOST_TEST(all->list().empty());
  const auto made = take(*all, 123'456);
  put("b");
  BOOST_TEST(made.number == 1U);
  BOOST_TEST((made.taken == from_unix_ms(123'456)));
  BOOST_TEST(made.program == "9.9.9");
  BOOST_TEST(made.bytes > 0U);
  sound(*all, 1);
  BOOST_REQUIRE(all->restore(1, root / "back"));
  const auto back = open_store("back");
  BOOST_TEST((back->read_head(one.key()).value() == one.now));
  BOOST_TEST(
    (back->read_head(key_of("default", "b")).error().code == errc::not_found));
  BOOST_TEST(verify(*back).value().empty());
}

BOOST_AUTO_TEST_CASE(shares_tables_between_backups_and_prunes_old_ones) {
  const auto all = shelf_to_write();
  for (int i = 0; i < 4; ++i) {
    put("i" + std::to_string(i), 50);
    take(*all, 1000 + i);
  }
  std::uintmax_t held = 0;
  for (const auto& e : fs::recursive_directory_iterator{shelf})
    held += e.is_regular_file() ? e.file_size() : 0;
  std::uint64_t told = 0;
  for (const auto& b : all->list())
    told += b.bytes;
  BOOST_TEST(held < told);
  BOOST_REQUIRE(all->prune(2));
  const auto left = all->list();
  BOOST_REQUIRE(left.size() == 2U);
  BOOST_TEST(left[0].number == 3U);
  for (const auto& b : left)
    sound(*all, b.number);
  BOOST_TEST((all->verify(1).error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(is_taken_while_the_store_is_written_to) {
  put("first");
  const auto all = shelf_to_write();
  std::atomic<bool> stop = false;
  int written = 0;
  std::thread writer{[&] {
    for (; !stop; ++written) {
      led_instance one{"w" + std::to_string(written)};
      one.now.created = one.now.updated = from_unix_ms(5);
      static_cast<void>(commit_one(*live, one.next(), &one));
    }
  }};
  for (int i = 0; i < 5; ++i)
    take(*all, i);
  stop = true;
  writer.join();
  BOOST_TEST(written > 5);
  for (std::uint32_t n = 1; n <= 5; ++n) {
    sound(*all, n);
    BOOST_REQUIRE(all->restore(n, root / ("back" + std::to_string(n))));
    const auto back = open_store("back" + std::to_string(n));
    BOOST_TEST(verify(*back).value().empty());
    BOOST_TEST(back->read_head(key_of("default", "first")).has_value());
  }
}

BOOST_AUTO_TEST_CASE(finds_a_changed_byte_and_does_not_restore_it) {
  put("a", 200);
  {
    const auto all = shelf_to_write();
    take(*all);
  }
  flip_a_byte(largest_table());
  const auto all = backups::open_to_read(shelf).value();
  const auto faults = all->verify(1).value();
  BOOST_REQUIRE(!faults.empty());
  BOOST_TEST(faults[0].find("hecksum") != std::string::npos, faults[0]);
  const auto back = all->restore(1, root / "back");
  BOOST_REQUIRE(back.has_error());
  BOOST_TEST((back.error().code == errc::corrupt), back.error().detail);
}

BOOST_AUTO_TEST_CASE(finds_a_missing_table) {
  put("a", 200);
  {
    const auto all = shelf_to_write();
    take(*all);
  }
  fs::remove(largest_table());
  const auto all = backups::open_to_read(shelf).value();
  BOOST_REQUIRE(all->list().size() == 1U);
  BOOST_TEST(all->list()[0].damaged);
  BOOST_TEST(!all->verify(1).value().empty());
  BOOST_TEST((all->restore(1, root / "back").error().code == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(verify_reads_what_the_checksums_do_not_tell) {
  // The history is broken within the store: all files are as they were made.
  const auto one = put("a", 3);
  {
    led_instance liar = one;
    liar.now.chain ^= 1;
    BOOST_REQUIRE(commit_one(*live, liar.next()));
  }
  const auto all = shelf_to_write();
  take(*all);
  const auto faults = all->verify(1).value();
  BOOST_REQUIRE(faults.size() == 1U);
  BOOST_TEST(faults[0].find("chain") != std::string::npos, faults[0]);
}

BOOST_AUTO_TEST_CASE(a_crash_while_one_is_taken_leaves_the_others_good) {
  put("a", 300);
  {
    const auto all = shelf_to_write();
    take(*all);
  }
  BOOST_REQUIRE(live->close());
  live.reset();
  // A process that dies in the middle, several times, each time elsewhere.
  for (const int wait_us : {300, 1500, 4000, 9000, 16'000}) {
    const auto child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      recovery_report ignored;
      auto of = store::open(
        {.directory = root / "data", .memory_max = 16U << 20}, ignored);
      auto into = backups::open(shelf);
      if (!of || !into)
        _exit(1);
      std::thread{[wait_us] {
        std::this_thread::sleep_for(std::chrono::microseconds{wait_us});
        kill(getpid(), SIGKILL);
      }}.detach();
      for (int i = 0;; ++i) {
        led_instance one{"c" + std::to_string(wait_us) + "-"
                         + std::to_string(i)};
        one.now.created = one.now.updated = from_unix_ms(5);
        static_cast<void>(commit_one(
          **of, one.next({test::some_fact(std::string(60'000, 'z'))}), &one));
        static_cast<void>((*into)->create(**of, from_unix_ms(1), "x"));
      }
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFSIGNALED(status));
    const auto all = backups::open_to_read(shelf).value();
    BOOST_REQUIRE(!all->list().empty());
    for (const auto& b : all->list()) {
      BOOST_TEST(!b.damaged);
      sound(*all, b.number);
    }
  }
  live = open_store("data");
  const auto all = shelf_to_write();
  sound(*all, take(*all).number);
  BOOST_REQUIRE(all->prune(1));
  sound(*all, all->list().back().number);
}

BOOST_AUTO_TEST_CASE(gives_up_when_it_is_told_to_stop) {
  put("a", 10);
  const auto all = shelf_to_write();
  all->stop();
  const auto made = all->create(*live, from_unix_ms(1), "x");
  BOOST_REQUIRE(made.has_error());
  BOOST_TEST((made.error().code == errc::shutting_down));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_there_and_what_is) {
  BOOST_TEST(
    (backups::open_to_read(root / "nowhere").error().code == errc::not_found));
  put("a");
  const auto all = shelf_to_write();
  take(*all);
  BOOST_TEST((all->restore(7, root / "back").error().code == errc::not_found));
  fs::create_directory(root / "there");
  BOOST_TEST(
    (all->restore(1, root / "there").error().code == errc::already_exists));
}

BOOST_AUTO_TEST_CASE(a_disk_that_refuses_backups_does_not_end_the_store) {
  put("a");
  std::ofstream{root / "file"} << "x";
  const auto refused = backups::open(root / "file" / "shelf");
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(!live->failed());
  put("b");
}

BOOST_AUTO_TEST_CASE(gives_the_space_of_purged_instances_back) {
  std::vector<ended_instance> some;
  std::string noise;
  std::uint64_t state = 7;
  for (int i = 0; i < 400; ++i) {
    led_instance one{"p" + std::to_string(i)};
    one.now.created = one.now.updated = from_unix_ms(1000);
    noise.clear();
    for (int k = 0; k < 20'000; ++k) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      noise.push_back(static_cast<char>('!' + (state >> 33) % 90));
    }
    auto turn = one.next({test::some_fact(noise)});
    turn.after.status = instance_status::completed;
    turn.after.ended = from_unix_ms(1001);
    BOOST_REQUIRE(commit_one(*live, turn, &one));
    if (i % 10 != 0)
      some.push_back({one.key(), from_unix_ms(1001)});
  }
  BOOST_REQUIRE(live->reclaim());
  const auto before = live->table_bytes();
  BOOST_TEST(before > 5U << 20);
  BOOST_TEST(live->remove_ended(some, {from_unix_ms(2000), {}}).value()
             == some.size());
  BOOST_REQUIRE(live->reclaim());
  BOOST_TEST(live->table_bytes() < before / 5);
  BOOST_TEST(verify(*live).value().empty());
  BOOST_TEST_MESSAGE("tables: " << before << " bytes, then "
                                << live->table_bytes());
}

BOOST_AUTO_TEST_SUITE_END()
