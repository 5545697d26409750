#define BOOST_TEST_MODULE storage.sizes
#include "storage/sizes.hpp"

#include "storage/leases.hpp"
#include "storage/values.hpp"
#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::led_instance;
using pawl::test::some_fact;

namespace {

/// Instances with histories and snapshots, and what they take.
struct sized : test::stored {
  void go_on(led_instance& one, std::size_t bytes, bool snapshot = false) {
    auto turn = one.next({some_fact(std::string(bytes, 'x'))});
    if (snapshot)
      turn.snapshot = std::string(bytes, 's');
    BOOST_REQUIRE(commit_one(*store, turn, &one));
  }
  void end(led_instance& one) {
    auto turn = one.next();
    turn.after.status = instance_status::completed;
    turn.after.ended = turn.at;
    BOOST_REQUIRE(commit_one(*store, turn, &one));
  }
  std::uint64_t told(const led_instance& one) {
    return store->read_head(one.key()).value().sizes.value().all();
  }
  std::uint64_t measured(const led_instance& one) {
    const auto head = store->read_head(one.key()).value();
    const auto takes = store->measure_sizes(one.key(), head).value();
    BOOST_TEST((!head.sizes || takes == *head.sizes));
    return takes.all();
  }
  /// As an older program has left it: nobody knows what it takes.
  void make_old(const std::vector<led_instance*>& all) {
    row_list rows;
    for (auto* one : all) {
      one->now.sizes.reset();
      rows.put(family::head, bytes_of(one->key()), encode_head(one->now));
      rows.erase(family::meta, size_key(one->ns));
    }
    const auto loose = loose_rows(std::move(rows));
    const std::array group{&loose};
    BOOST_REQUIRE(store->commit(group));
    reopen(false);
  }
  std::size_t put(const led_instance& one) {
    const auto head = store->read_head(one.key()).value();
    const std::array told_of{measured_instance{
      one.key(), head.last, store->measure_sizes(one.key(), head).value()}};
    return store->put_sizes(told_of).value();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sizes, sized)

BOOST_AUTO_TEST_CASE(counts_histories_and_the_snapshots_that_are_kept) {
  auto one = create("a");
  const auto begun = told(one);
  BOOST_TEST(begun > 0U);
  go_on(one, 1000);
  BOOST_TEST(told(one) > begun + 1000);
  for (int i = 0; i < 3; ++i)
    go_on(one, 5000, true);
  // Three rows of history, two snapshots.
  BOOST_TEST(told(one) > 25'000U);
  BOOST_TEST(told(one) < 28'000U);
  BOOST_TEST(told(one) == measured(one));
  BOOST_TEST(store->namespace_bytes("default") == told(one));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(sums_up_a_namespace_and_knows_it_after_a_crash) {
  auto one = create("a");
  auto two = create("b");
  auto other = create("a", "other");
  go_on(one, 300);
  go_on(other, 700);
  const auto sum = told(one) + told(two);
  BOOST_TEST(store->namespace_bytes("default") == sum);
  BOOST_TEST(store->namespace_bytes("other") == told(other));
  BOOST_TEST(store->namespace_bytes("nobodys") == 0U);
  reopen(false);
  BOOST_TEST(store->namespace_bytes("default") == sum);
  const auto all = store->namespace_bytes();
  BOOST_TEST(all.size() == 2U);
  BOOST_TEST(all.at("other") == told(other));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(counts_each_turn_of_a_group_and_no_refused_one) {
  auto one = create("a");
  const auto first = one.next({some_fact(std::string(100, 'x'))});
  const auto stale = prepare(one.next({some_fact(std::string(9000, 'x'))}));
  const auto first_rows = prepare(first);
  one.settle(first, first_rows);
  const auto second = one.next({some_fact(std::string(200, 'x'))});
  const auto second_rows = prepare(second);
  const std::array group{&first_rows, &stale, &second_rows};
  const auto done = store->commit(group).value();
  BOOST_TEST((done[0] && !done[1] && done[2]));
  one.settle(second, second_rows);
  BOOST_TEST(told(one) == measured(one));
  BOOST_TEST(store->namespace_bytes("default") == told(one));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(gives_back_what_is_purged) {
  auto one = create("a");
  auto two = create("b");
  auto rest = create("c");
  end(one);
  end(two);
  BOOST_REQUIRE(store->remove_instance(one.key()));
  BOOST_TEST(store->namespace_bytes("default") == told(two) + told(rest));
  const std::array gone{ended_instance{two.key(), *two.now.ended}};
  BOOST_TEST(store->remove_ended(gone, {}).value() == 1U);
  BOOST_TEST(store->namespace_bytes("default") == told(rest));
  expect_sound();
  end(rest);
  BOOST_REQUIRE(store->remove_instance(rest.key()));
  BOOST_TEST(store->namespace_bytes().empty());
  reopen(false);
  BOOST_TEST(store->namespace_bytes().empty());
  expect_sound();
}

BOOST_AUTO_TEST_CASE(reads_what_older_programs_wrote_and_measures_it_once) {
  auto one = create("a");
  auto two = create("b");
  go_on(one, 2000, true);
  make_old({&one, &two});
  BOOST_TEST(!store->read_head(one.key()).value().sizes);
  BOOST_TEST(store->namespace_bytes("default") == 0U);
  // Its turns do not know either, and nothing is counted.
  go_on(two, 50);
  BOOST_TEST(store->namespace_bytes("default") == 0U);
  BOOST_TEST(put(one) == 1U);
  BOOST_TEST(put(one) == 0U);
  BOOST_TEST(store->namespace_bytes("default") == told(one));
  expect_sound();
  reopen(false);
  BOOST_TEST(store->namespace_bytes("default") == told(one));
}

BOOST_AUTO_TEST_CASE(a_turn_that_comes_before_what_was_measured_counts) {
  auto one = create("a");
  make_old({&one});
  const auto head = store->read_head(one.key()).value();
  const auto takes = store->measure_sizes(one.key(), head).value();
  // Its actor has measured it, too.
  one.now.sizes = takes;
  go_on(one, 400);
  const std::array late{measured_instance{one.key(), head.last, takes}};
  BOOST_TEST(store->put_sizes(late).value() == 0U);
  BOOST_TEST(told(one) == measured(one));
  BOOST_TEST(store->namespace_bytes("default") == told(one));
  // And one that measured before somebody else noted it.
  auto two = create("b");
  make_old({&one, &two});
  two.now.sizes = store->measure_sizes(two.key(), two.now).value();
  BOOST_TEST(put(two) == 1U);
  go_on(two, 400);
  BOOST_TEST(store->namespace_bytes("default") == told(two));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(verify_finds_totals_that_are_wrong) {
  auto one = create("a");
  row_list rows;
  rows.put(family::meta, size_key("default"), encode_number(7));
  const auto loose = loose_rows(std::move(rows));
  const std::array group{&loose};
  BOOST_REQUIRE(store->commit(group));
  const auto faults = verify(*store).value();
  BOOST_REQUIRE(faults.size() == 1U);
  BOOST_TEST(faults[0].find("namespace default") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
