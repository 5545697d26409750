#define BOOST_TEST_MODULE storage.purge
#include "storage/database.hpp"
#include "storage/values.hpp"
#include "tests/support/stored.hpp"

#include <algorithm>
#include <filesystem>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::led_instance;

namespace {

timestamp at(std::int64_t ms) {
  return from_unix_ms(ms);
}

struct purging : test::stored {
  led_instance ended(const std::string& id, std::int64_t when,
                     const std::string& ns = "default") {
    auto one = create(id, ns);
    auto turn = one.next();
    turn.after.status = instance_status::completed;
    turn.after.ended = at(when);
    BOOST_REQUIRE(commit_one(*store, turn, &one));
    return one;
  }
  std::size_t tombstones(const std::string& id, std::int64_t now) {
    return store->tombstones_of(id, at(now)).value().size();
  }
  std::vector<std::string> names(std::uint32_t limit = 10) {
    std::vector<std::string> out;
    for (const auto& d : store->newest_definitions("", "", {}, limit).value())
      out.push_back(d.id.name + '@' + d.id.version);
    return out;
  }
};

stored_definition definition(const std::string& name,
                             const std::string& version, std::int64_t created) {
  return {.id = {"default", name, version},
          .digest = name + version,
          .source = "do: []",
          .content_type = "application/yaml",
          .document = "{}",
          .created = at(created)};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(purge, purging)

BOOST_AUTO_TEST_CASE(remembers_a_purged_instance_until_it_expires) {
  const auto one = ended("a", 5);
  BOOST_TEST(tombstones("a", 10) == 0U);
  BOOST_REQUIRE(store->remove_instance(one.key(), {at(10), at(100)}));
  const auto told = store->tombstones_of("a", at(11)).value();
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST((told[0] == tombstone{"default", "a", at(10), at(100)}));
  BOOST_TEST(tombstones("b", 11) == 0U);
  expect_sound();
  reopen();
  BOOST_TEST(tombstones("a", 99) == 1U);
  BOOST_TEST(tombstones("a", 100) == 0U);
  BOOST_TEST(store->collect_garbage(at(99), 10).value() == 0U);
  BOOST_TEST(store->collect_garbage(at(100), 10).value() == 1U);
  BOOST_TEST(tombstones("a", 11) == 0U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(remembers_nothing_if_it_is_not_to) {
  const auto one = ended("a", 5);
  BOOST_REQUIRE(store->remove_instance(one.key(), {at(10), at(10)}));
  BOOST_TEST(tombstones("a", 11) == 0U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(tells_tombstones_of_several_namespaces_apart) {
  const auto east = ended("a", 5, "east");
  const auto west = ended("a", 5, "west");
  BOOST_REQUIRE(store->remove_instance(east.key(), {at(10), at(50)}));
  BOOST_REQUIRE(store->remove_instance(west.key(), {at(10), at(90)}));
  BOOST_TEST(tombstones("a", 20) == 2U);
  BOOST_REQUIRE(tombstones("a", 60) == 1U);
  BOOST_TEST(store->tombstones_of("a", at(60)).value()[0].ns == "west");
  expect_sound();
}

BOOST_AUTO_TEST_CASE(an_id_that_is_taken_again_has_no_tombstone) {
  auto one = ended("a", 5);
  BOOST_REQUIRE(store->remove_instance(one.key(), {at(10), at(100)}));
  one = create("a");
  BOOST_TEST(tombstones("a", 20) == 0U);
  expect_sound();
  // Its retention row finds nothing, and that of the second one a later end.
  auto turn = one.next();
  turn.after.status = instance_status::completed;
  turn.after.ended = at(30);
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_REQUIRE(store->remove_instance(one.key(), {at(40), at(200)}));
  BOOST_TEST(store->collect_garbage(at(150), 10).value() == 0U);
  BOOST_TEST(tombstones("a", 150) == 1U);
  BOOST_TEST(store->collect_garbage(at(200), 10).value() == 1U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(purges_together_only_what_stands_as_it_was_judged) {
  const auto gone = ended("gone", 5);
  const auto again = ended("again", 6);
  const auto lives = create("lives");
  const auto nobody = key_of("default", "nobody");
  const std::vector<ended_instance> some{{gone.key(), at(5)},
                                         {again.key(), at(5)}, // Ended at 6.
                                         {lives.key(), at(5)},
                                         {nobody, at(5)}};
  BOOST_TEST(store->remove_ended(some, {at(10), at(100)}).value() == 1U);
  BOOST_TEST((store->read_head(gone.key()).error().code == errc::not_found));
  BOOST_TEST(store->read_head(again.key()).has_value());
  BOOST_TEST(store->read_head(lives.key()).has_value());
  BOOST_TEST(tombstones("gone", 20) == 1U);
  BOOST_TEST(tombstones("again", 20) == 0U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(visits_every_head_once_and_goes_on_where_it_was) {
  for (int i = 0; i < 25; ++i)
    create("i" + std::to_string(i));
  std::vector<std::string> seen;
  std::optional<instance_key> after;
  int looks = 0;
  do {
    after = store
              ->visit_heads(after, 10,
                            [&](const instance_key& key, const head& of) {
                              BOOST_TEST((key == key_of(of.ns, of.id)));
                              seen.push_back(of.id);
                            })
              .value();
    ++looks;
  } while (after);
  BOOST_TEST(looks == 3);
  std::ranges::sort(seen);
  BOOST_TEST(seen.size() == 25U);
  BOOST_TEST((std::ranges::unique(seen).begin() == seen.end()));
}

BOOST_AUTO_TEST_CASE(measures_within_bounds) {
  auto one = create("a");
  const auto before = store->measure(one.key(), 100).value();
  BOOST_TEST(before.rows == 2U); // The head and one turn.
  BOOST_TEST(before.complete);
  BOOST_REQUIRE(commit_one(
    *store, one.next({test::some_fact(std::string(5000, 'x'))}), &one));
  const auto after = store->measure(one.key(), 100).value();
  BOOST_TEST(after.rows == 3U);
  BOOST_TEST(after.bytes > before.bytes + 5000);
  const auto cut = store->measure(one.key(), 2).value();
  BOOST_TEST(cut.rows == 2U);
  BOOST_TEST(!cut.complete);
}

BOOST_AUTO_TEST_CASE(lists_definitions_newest_first) {
  BOOST_REQUIRE(store->put_definition(definition("b", "1.0.0", 20), {}));
  BOOST_REQUIRE(store->put_definition(definition("a", "1.0.0", 30), {}));
  BOOST_REQUIRE(store->put_definition(definition("c", "1.0.0", 10), {}));
  BOOST_REQUIRE(store->put_definition(definition("b", "2.0.0", 30), {}));
  const std::vector<std::string> all{"a@1.0.0", "b@2.0.0", "b@1.0.0",
                                     "c@1.0.0"};
  BOOST_TEST(names() == all, boost::test_tools::per_element());
  BOOST_TEST(names(1).size() == 1U);
  const auto rest
    = store
        ->newest_definitions(
          "default", "b",
          std::pair{at(30), definition_id{"default", "a", "1.0.0"}}, 10)
        .value();
  BOOST_REQUIRE(rest.size() == 2U);
  BOOST_TEST(rest[1].id.version == "1.0.0");
  BOOST_TEST(store->newest_definitions("other", "", {}, 10).value().empty());
  BOOST_REQUIRE(store->remove_definition({"default", "b", "2.0.0"}));
  BOOST_TEST(names().size() == 3U);
  expect_sound();
  // The same again is not newer.
  BOOST_REQUIRE(store->put_definition(definition("c", "1.0.0", 99), {}));
  BOOST_TEST(names().front() == "a@1.0.0");
}

BOOST_AUTO_TEST_CASE(orders_the_definitions_of_an_older_store) {
  BOOST_REQUIRE(store->put_definition(definition("b", "1.0.0", 20), {}));
  BOOST_REQUIRE(store->put_definition(definition("a", "1.0.0", 10), {}));
  BOOST_REQUIRE(store->close());
  store.reset();
  {
    // As a program left it that knew no order by time.
    auto raw = database::open(options, found).value();
    row_list rows;
    for (const auto& d :
         {definition("b", "1.0.0", 20), definition("a", "1.0.0", 10)})
      rows.erase(family::definition, newest_key(d.created, d.id));
    rows.erase(family::meta, meta_keys::definitions_by_time);
    BOOST_REQUIRE(raw->write(rows));
    BOOST_REQUIRE(raw->close());
  }
  store = open();
  const std::vector<std::string> all{"b@1.0.0", "a@1.0.0"};
  BOOST_TEST(names() == all, boost::test_tools::per_element());
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_an_answer_by_itself) {
  const kept_answer kept{"scope", "digest", 201, "/v1/x", "{}", at(100)};
  BOOST_REQUIRE(store->put_answer(kept));
  BOOST_TEST((store->read_answer("scope", at(50)).value() == kept));
  BOOST_TEST(store->collect_garbage(at(100), 10).value() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
