#define BOOST_TEST_MODULE storage.store
#include "storage/store.hpp"

#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::some_fact;

namespace {

std::vector<sequence> numbers_of(const store& from, const instance_key& key,
                                 sequence after = 0) {
  std::vector<sequence> out;
  const auto last = from.replay(key, after, [&](history_item&& item) {
    out.push_back(item.number);
    return true;
  });
  BOOST_REQUIRE_MESSAGE(last, last.error().detail);
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_of_memory, test::stored)

BOOST_AUTO_TEST_CASE(replays_what_was_committed_in_order) {
  auto one = create("a");
  auto turn = one.next({some_fact("p"), some_fact("q"), some_fact("r")});
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_TEST(numbers_of(*store, one.key())
               == (std::vector<sequence>{1, 2, 3, 4}),
             boost::test_tools::per_element());
  // From the middle of a turn's row as well.
  BOOST_TEST(numbers_of(*store, one.key(), 2) == (std::vector<sequence>{3, 4}),
             boost::test_tools::per_element());
  reopen();
  BOOST_TEST(found.clean);
  BOOST_TEST((store->read_head(one.key()).value() == one.now));
  BOOST_TEST(numbers_of(*store, one.key()).size() == 4U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(stops_a_replay_when_the_visitor_has_enough) {
  auto one = create("a");
  BOOST_REQUIRE(commit_one(
    *store, one.next({some_fact(), some_fact(), some_fact()}), &one));
  int seen = 0;
  const auto last
    = store->replay(one.key(), 0, [&](history_item&&) { return ++seen < 2; });
  BOOST_TEST(last.value() == 2U);
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_CASE(refuses_a_second_writer) {
  auto one = create("a");
  auto rival = one;
  BOOST_REQUIRE(commit_one(*store, one.next(), &one));
  const auto late = commit_one(*store, rival.next());
  BOOST_REQUIRE(late.has_error());
  BOOST_TEST((late.error().code == errc::conflict));
  BOOST_TEST(numbers_of(*store, one.key()).size() == 2U);
}

BOOST_AUTO_TEST_CASE(refuses_to_create_an_instance_twice) {
  auto one = create("a");
  test::led_instance again{"a"};
  const auto late = commit_one(*store, again.next());
  BOOST_REQUIRE(late.has_error());
  BOOST_TEST((late.error().code == errc::already_exists));
}

BOOST_AUTO_TEST_CASE(refuses_a_turn_of_an_instance_that_is_not_there) {
  test::led_instance ghost{"ghost"};
  ghost.exists = true;
  ghost.now.last = 3;
  const auto late = commit_one(*store, ghost.next());
  BOOST_REQUIRE(late.has_error());
  BOOST_TEST((late.error().code == errc::conflict));
}

BOOST_AUTO_TEST_CASE(commits_two_turns_of_one_instance_in_one_group) {
  test::led_instance one{"a"};
  const auto first = one.next();
  const auto first_rows = prepare(first);
  one.settle(first, first_rows);
  const auto second = one.next({some_fact(), some_fact()});
  const auto second_rows = prepare(second);
  one.settle(second, second_rows);
  const std::array group{&first_rows, &second_rows};
  const auto done = store->commit(group).value();
  BOOST_TEST((done[0] && done[1]));
  BOOST_TEST(numbers_of(*store, one.key()).size() == 3U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(lets_one_turn_of_a_group_fail_alone) {
  auto one = create("a");
  const auto good = one.next();
  const auto stale = prepare(one.next({some_fact("stale")}));
  const auto good_rows = prepare(good);
  test::led_instance other{"b"};
  const auto other_rows = prepare(other.next());
  const std::array group{&good_rows, &stale, &other_rows};
  const auto done = store->commit(group).value();
  BOOST_TEST(done[0].has_value());
  BOOST_TEST((done[1].error().code == errc::conflict));
  BOOST_TEST(done[2].has_value());
  BOOST_TEST(numbers_of(*store, one.key()).size() == 2U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_the_newest_two_snapshots) {
  auto one = create("a");
  for (int i = 0; i < 4; ++i) {
    auto turn = one.next();
    turn.snapshot = "state " + std::to_string(i);
    BOOST_REQUIRE(commit_one(*store, turn, &one));
  }
  const auto newest = store->read_snapshot(one.key()).value();
  BOOST_TEST(newest.first == 5U);
  BOOST_TEST(newest.second == "state 3");
  BOOST_TEST(store->read_head(one.key()).value().older_snapshot == 4U);
  expect_sound(); // Which counts the rows: two.
}

BOOST_AUTO_TEST_CASE(keeps_only_the_earliest_timer_of_an_instance) {
  auto one = create("a");
  auto two = create("b");
  const auto arm = [&](test::led_instance& who, std::int64_t ms) {
    auto turn = who.next();
    turn.after.next_timer
      = ms == 0 ? std::nullopt : std::optional{from_unix_ms(ms)};
    BOOST_REQUIRE(commit_one(*store, turn, &who));
  };
  BOOST_TEST(!store->next_timer().value());
  arm(one, 5000);
  arm(two, 4000);
  arm(one, 3000);
  const auto due = store->due_timers(from_unix_ms(9000), 10).value();
  BOOST_REQUIRE(due.size() == 2U);
  BOOST_TEST((due[0].first == from_unix_ms(3000)));
  BOOST_TEST((due[0].second == one.key()));
  BOOST_TEST((due[1].second == two.key()));
  BOOST_TEST((store->next_timer().value() == from_unix_ms(3000)));
  BOOST_TEST(store->due_timers(from_unix_ms(3000), 10).value().size() == 1U);
  BOOST_TEST(store->due_timers(from_unix_ms(2999), 10).value().empty());
  BOOST_TEST(store->due_timers(from_unix_ms(9000), 1).value().size() == 1U);
  arm(one, 0);
  BOOST_TEST((store->next_timer().value() == from_unix_ms(4000)));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(names_the_busy_instances_in_pages) {
  for (const auto* id : {"a", "b", "c", "d", "e"}) {
    auto one = create(id);
    auto turn = one.next();
    turn.after.busy = true;
    BOOST_REQUIRE(commit_one(*store, turn, &one));
    if (id[0] == 'c') {
      turn = one.next();
      turn.after.busy = false;
      BOOST_REQUIRE(commit_one(*store, turn, &one));
    }
  }
  std::vector<instance_key> all;
  std::optional<instance_key> after;
  for (;;) {
    const auto page = store->busy_instances(after, 3).value();
    if (page.empty())
      break;
    all.insert(all.end(), page.begin(), page.end());
    after = page.back();
  }
  BOOST_TEST(all.size() == 4U);
  BOOST_TEST(std::ranges::is_sorted(all));
  expect_sound();
}

BOOST_AUTO_TEST_CASE(gives_a_kept_answer_until_it_expires) {
  test::led_instance one{"a"};
  auto turn = one.next();
  turn.answer
    = kept_answer{"me POST /v1/instances k1", "digest", 201,
                  "/v1/instances/a",          "{}",     from_unix_ms(5000)};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  const auto scope = turn.answer->scope;
  BOOST_TEST(
    (store->read_answer(scope, from_unix_ms(4999)).value() == turn.answer));
  BOOST_TEST(!store->read_answer(scope, from_unix_ms(5000)).value());
  BOOST_TEST(!store->read_answer("other", from_unix_ms(1)).value());
  BOOST_TEST(store->collect_garbage(from_unix_ms(4999), 10).value() == 0U);
  BOOST_TEST(store->collect_garbage(from_unix_ms(5000), 10).value() == 1U);
  BOOST_TEST(!store->read_answer(scope, from_unix_ms(1)).value());
  BOOST_TEST(store->collect_garbage(from_unix_ms(9000), 10).value() == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_an_answer_that_was_given_longer) {
  auto one = create("a");
  auto turn = one.next();
  turn.answer = kept_answer{"scope", "digest", 200, "", "1", from_unix_ms(10)};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  turn = one.next();
  turn.answer = kept_answer{"scope", "digest", 200, "", "1", from_unix_ms(99)};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_TEST(store->collect_garbage(from_unix_ms(50), 10).value() == 0U);
  BOOST_TEST(store->read_answer("scope", from_unix_ms(50)).value().has_value());
  BOOST_TEST(store->collect_garbage(from_unix_ms(99), 10).value() == 1U);
}

BOOST_AUTO_TEST_CASE(purges_an_ended_instance_without_a_trace) {
  auto one = create("a");
  for (int i = 0; i < 100; ++i)
    BOOST_REQUIRE(commit_one(*store, one.next(), &one));
  BOOST_TEST(
    (store->remove_instance(one.key()).error().code == errc::invalid_state));
  auto turn = one.next();
  turn.after.status = instance_status::completed;
  turn.after.labels = {{"k", "v"}};
  turn.snapshot = "state";
  turn.subscribed.push_back(
    {one.key(), 3, "default", "order", one.now.created});
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_REQUIRE(
    store->put_quarantine(one.key(), quarantine{"why", one.now.created, 3}));
  expect_sound();
  BOOST_REQUIRE(store->remove_instance(one.key()));
  BOOST_TEST((store->read_head(one.key()).error().code == errc::not_found));
  BOOST_TEST(store->list({}).value().items.empty());
  expect_sound(); // Which would find a row that nothing stands for.
  BOOST_TEST(
    (store->remove_instance(one.key()).error().code == errc::not_found));
  create("a");
  expect_sound();
}

BOOST_AUTO_TEST_CASE(sets_instances_aside_and_takes_them_back) {
  auto one = create("a");
  create("b");
  const quarantine why{"it crashed", from_unix_ms(77), 3};
  BOOST_REQUIRE(store->put_quarantine(one.key(), why));
  BOOST_TEST((store->read_quarantine(one.key()).value() == why));
  list_query q;
  q.quarantined = true;
  BOOST_TEST(store->list(q).value().items.size() == 1U);
  q.quarantined = false;
  BOOST_TEST(store->list(q).value().items.size() == 1U);
  BOOST_REQUIRE(store->put_quarantine(one.key(), std::nullopt));
  BOOST_TEST(!store->read_quarantine(one.key()).value());
  BOOST_TEST(store->list(q).value().items.size() == 2U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(knows_the_namespaces_of_an_id) {
  create("a", "east");
  create("a", "west");
  create("b", "west");
  BOOST_TEST(store->namespaces_of("a").value().size() == 2U);
  BOOST_TEST(store->namespaces_of("b").value()
               == std::vector<std::string>{"west"},
             boost::test_tools::per_element());
  BOOST_TEST(store->namespaces_of("c").value().empty());
}

BOOST_AUTO_TEST_CASE(keeps_the_first_key_that_signs_links) {
  BOOST_TEST((store->read_link_key().error().code == errc::not_found));
  BOOST_REQUIRE(store->put_link_key("first"));
  BOOST_REQUIRE(store->put_link_key("second"));
  reopen();
  BOOST_TEST(store->read_link_key().value() == "first");
  expect_sound();
}

BOOST_AUTO_TEST_SUITE_END()
