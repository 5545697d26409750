#define BOOST_TEST_MODULE storage.leases
#include "storage/leases.hpp"

#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::some_fact;

namespace {

stored_lease lease_of(const instance_key& key, frame_id frame,
                      std::uint64_t number) {
  return {.key = key,
          .frame = frame,
          .dispatch = 3,
          .fencing = number,
          .last = number,
          .token = std::string(32, 't'),
          .worker = "w",
          .queue = "q",
          .given = from_unix_ms(5),
          .until = from_unix_ms(9),
          .length = duration{4},
          .deliveries = 2,
          .checkpoint = "[1]"};
}

void put(store& to, const stored_lease& what) {
  row_list rows;
  add_lease(rows, what);
  const auto one = loose_rows(std::move(rows));
  const std::array group{&one};
  BOOST_REQUIRE(to.commit(group).value().front());
}

std::vector<stored_lease> all_of(const store& from) {
  std::vector<stored_lease> out;
  BOOST_REQUIRE(
    from.read_leases([&](stored_lease&& one) { out.push_back(one); }));
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_of_memory, test::stored)

BOOST_AUTO_TEST_CASE(a_lease_is_read_as_it_was_written) {
  const auto one = create("a");
  BOOST_TEST(store->last_lease().value() == 0U);
  auto wanted = lease_of(one.key(), 7, 11);
  put(*store, wanted);
  reopen();
  wanted.last = 0; // Not a part of the row.
  const auto found_now = all_of(*store);
  BOOST_REQUIRE(found_now.size() == 1U);
  BOOST_TEST((found_now.front() == wanted));
  BOOST_TEST(store->last_lease().value() == 11U);
  BOOST_TEST(store->busy_instances({}, 10).value().empty());
  BOOST_TEST(store->left_children({}, 10).value().empty());
  expect_sound();
}

BOOST_AUTO_TEST_CASE(the_turn_that_ends_a_job_erases_its_lease) {
  auto one = create("a");
  put(*store, lease_of(one.key(), 1, 1));
  put(*store, lease_of(one.key(), 2, 2));
  auto turn = one.next();
  turn.jobs_ended = {1};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  const auto left = all_of(*store);
  BOOST_REQUIRE(left.size() == 1U);
  BOOST_TEST(left.front().frame == 2U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(leases_and_turns_share_a_group) {
  auto one = create("a");
  const auto turn = prepare(one.next());
  row_list rows;
  add_lease(rows, lease_of(one.key(), 1, 1));
  const auto lease = loose_rows(std::move(rows));
  const std::array group{&lease, &turn, &lease};
  const auto done = store->commit(group).value();
  BOOST_TEST((done[0] && done[1] && done[2]));
  BOOST_TEST(all_of(*store).size() == 1U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(an_instance_that_is_purged_leaves_none) {
  auto one = create("a");
  put(*store, lease_of(one.key(), 1, 1));
  auto last = one.next();
  last.after.status = instance_status::completed;
  last.after.ended = last.at;
  BOOST_REQUIRE(commit_one(*store, last, &one));
  BOOST_REQUIRE(store->remove_instance(one.key()));
  BOOST_TEST(all_of(*store).empty());
  expect_sound();
}

BOOST_AUTO_TEST_SUITE_END()
