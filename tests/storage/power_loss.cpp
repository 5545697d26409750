#define BOOST_TEST_MODULE storage.power_loss
#include "base/log.hpp"
#include "storage/store.hpp"
#include "tests/support/fault_fs.hpp"
#include "tests/support/stored.hpp"

#include <map>
#include <random>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::led_instance;
using pawl::test::some_fact;

namespace {

/// A store on a disk that fails, and what it has acknowledged.
struct world {
  std::shared_ptr<test::fault_fs> disk = std::make_shared<test::fault_fs>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  std::mt19937_64 dice;
  std::unique_ptr<store> open_store;
  std::map<std::string, led_instance> acknowledged;
  // The group that was under way when the disk failed.
  std::vector<led_instance> unknown;
  std::uint64_t turns = 0;
  std::size_t group_max = 6;
  std::size_t text_max = 1500;

  explicit world(std::uint64_t seed) : dice{seed} {
    log::set_level(log::level::error);
  }

  result<> open() {
    open_options options;
    options.directory = "/data/pawl";
    options.memory_max = 2U << 20; // So that tables are written often.
    options.env = env.get();
    recovery_report found;
    auto opened = store::open(options, found);
    if (!opened)
      return opened.error();
    open_store = std::move(*opened);
    return {};
  }

  /// Commits a group of one turn each of some instances. False: it failed.
  bool commit_group() {
    std::vector<led_instance> after;
    std::vector<prepared_turn> rows;
    std::vector<const prepared_turn*> group;
    const auto size = 1 + dice() % group_max;
    for (std::size_t i = 0; i < size; ++i) {
      // Each instance once a group, so that the model stays simple.
      const auto id = "i" + std::to_string(dice() % 40 * 8 + i);
      auto one = acknowledged.contains(id) ? acknowledged[id]
                                           : led_instance{id, "default"};
      auto turn = one.next({some_fact(std::string(dice() % text_max, 'x'))});
      if (dice() % 4 == 0)
        turn.snapshot = std::string(dice() % text_max, 's');
      turn.after.busy = dice() % 2 == 0;
      rows.push_back(prepare(turn));
      one.settle(turn, rows.back());
      after.push_back(std::move(one));
    }
    for (const auto& r : rows)
      group.push_back(&r);
    const auto done = open_store->commit(group);
    if (!done) {
      unknown = std::move(after);
      return false;
    }
    for (const auto& one : *done)
      BOOST_REQUIRE(one);
    turns += after.size();
    for (auto& one : after)
      acknowledged[one.id] = std::move(one);
    return true;
  }

  /// Everything acknowledged is there; the unknown group is there as a whole
  /// or not at all.
  void check() {
    std::size_t there = 0;
    for (auto& one : unknown) {
      const auto stored = open_store->read_head(one.key());
      if (stored && *stored == one.now) {
        ++there;
        acknowledged[one.id] = one;
      }
    }
    BOOST_REQUIRE_MESSAGE(there == 0 || there == unknown.size(),
                          "a group came through in part");
    unknown.clear();
    for (const auto& [id, one] : acknowledged) {
      const auto stored = open_store->read_head(one.key());
      BOOST_REQUIRE_MESSAGE(stored, id << ": " << stored.error().detail);
      BOOST_REQUIRE_MESSAGE(*stored == one.now,
                            id << " ends at " << stored->last << ", not at "
                               << one.now.last);
    }
    const auto faults = verify(*open_store);
    BOOST_REQUIRE(faults);
    for (const auto& f : *faults)
      BOOST_ERROR(f);
  }

  void lose_power() {
    disk->cut_power();
    open_store.reset();
    go_on_with(disk->after_power_cut(dice()));
  }
  void be_killed() {
    open_store.reset();
    go_on_with(disk->after_kill());
  }
  /// RocksDB's threads may still work on the old disk, dead as it is.
  void go_on_with(std::shared_ptr<test::fault_fs> after) {
    static auto* const old
      = new std::vector<std::pair<std::shared_ptr<test::fault_fs>,
                                  std::unique_ptr<rocksdb::Env>>>;
    old->emplace_back(std::move(disk), std::move(env));
    disk = std::move(after);
    env = rocksdb::NewCompositeEnv(disk);
  }

  /// Opens until it works, with the power going now and then meanwhile.
  void reopen() {
    for (int tries = 0;; ++tries) {
      if (tries < 3 && dice() % 3 == 0)
        disk->cut_power_in(1 + dice() % 60);
      const auto opened = open();
      const bool dead = disk->is_dead();
      if (opened && !dead)
        break;
      BOOST_REQUIRE_MESSAGE(dead, opened.error().detail);
      lose_power();
    }
    disk->cut_power_in(~0ULL);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(power_loss)

BOOST_AUTO_TEST_CASE(keeps_all_that_was_acknowledged) {
  std::uint64_t turns = 0;
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      world w{seed};
      for (int cut = 0; cut < 10; ++cut, ++cuts) {
        w.reopen();
        w.check();
        w.disk->cut_power_in(1 + w.dice() % 120);
        while (w.commit_group())
          ;
        if (w.dice() % 4 == 0)
          static_cast<void>(w.open_store->close());
        w.lose_power();
      }
      w.reopen();
      w.check();
      turns += w.turns;
    }
  }
  BOOST_TEST_MESSAGE(cuts << " power cuts, " << turns << " turns");
  BOOST_TEST(cuts >= 100);
  BOOST_TEST(turns >= 1000U);
}

BOOST_AUTO_TEST_CASE(never_succeeds_after_a_failed_sync) {
  for (std::uint64_t n = 1; n <= 200; ++n) {
    BOOST_TEST_CONTEXT("sync " << n) {
      world w{n};
      w.group_max = 2;
      w.text_max = 200;
      w.disk->fail_sync_in(n);
      if (const auto opened = w.open(); !opened) {
        BOOST_TEST((opened.error().code == errc::io));
        w.lose_power();
        w.reopen();
        continue;
      }
      while (w.commit_group())
        ;
      BOOST_TEST(w.disk->take_injected());
      BOOST_TEST(w.open_store->failed());
      auto unknown = w.unknown;
      for (int i = 0; i < 3; ++i)
        BOOST_TEST(!w.commit_group());
      BOOST_TEST(!w.open_store->close());
      w.unknown = std::move(unknown);
      w.lose_power();
      w.reopen();
      w.check();
    }
  }
}

BOOST_AUTO_TEST_CASE(never_succeeds_after_a_failed_append) {
  for (std::uint64_t n = 1; n <= 120; n += 3) {
    BOOST_TEST_CONTEXT("append " << n) {
      world w{n};
      w.group_max = 3;
      BOOST_REQUIRE(w.open());
      w.disk->fail_append_in(n);
      while (w.commit_group())
        ;
      const auto unknown = w.unknown;
      BOOST_TEST(!w.commit_group());
      w.unknown = unknown;
      w.lose_power();
      w.reopen();
      w.check();
    }
  }
}

BOOST_AUTO_TEST_CASE(stops_when_the_disk_is_full_and_goes_on_when_it_is_not) {
  for (std::uint64_t room = 100; room < 400'000; room *= 2) {
    BOOST_TEST_CONTEXT("room " << room) {
      world w{room};
      BOOST_REQUIRE(w.open());
      w.disk->set_room(room);
      while (w.commit_group())
        ;
      BOOST_TEST(w.open_store->failed());
      w.be_killed();
      w.reopen();
      w.check();
      BOOST_TEST(w.commit_group());
    }
  }
}

BOOST_AUTO_TEST_CASE(says_that_the_disk_is_full_when_it_cannot_open) {
  world w{1};
  BOOST_REQUIRE(w.open());
  for (int i = 0; i < 20; ++i)
    BOOST_REQUIRE(w.commit_group());
  w.lose_power();
  w.disk->set_room(10);
  const auto opened = w.open();
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST((opened.error().code == errc::disk_low));
  w.be_killed();
  w.reopen();
  w.check();
}

BOOST_AUTO_TEST_SUITE_END()
