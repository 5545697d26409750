#define BOOST_TEST_MODULE storage.events
#include "storage/store.hpp"
#include "tests/support/stored.hpp"

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;

namespace {

datum cloud_event(std::string_view source, std::string_view id) {
  return make_datum(json::object{
    {"specversion", "1.0"}, {"type", "order"}, {"source", source}, {"id", id}});
}
stored_definition definition(std::string name, std::string version,
                             std::string digest) {
  return {{"default", std::move(name), std::move(version)},
          std::move(digest),
          "do: []",
          "application/yaml",
          R"({"do":[]})",
          from_unix_ms(5)};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(events_and_definitions, test::stored)

BOOST_AUTO_TEST_CASE(numbers_events_and_leaves_out_what_it_has_seen) {
  const auto now = from_unix_ms(1000);
  const auto put = [&](std::vector<datum> batch, timestamp at) {
    return store
      ->put_events(batch, "default", at, duration{500}, duration{100}, {})
      .value();
  };
  const auto first = put(
    {cloud_event("s", "1"), cloud_event("s", "2"), cloud_event("s", "1")}, now);
  BOOST_REQUIRE(first.size() == 2U);
  BOOST_TEST(first[0].number == 1U);
  BOOST_TEST(first[1].number == 2U);
  BOOST_TEST(put({cloud_event("s", "2")}, now + duration{99}).empty());
  BOOST_TEST(put({cloud_event("s", "2")}, now + duration{100}).size() == 1U);
  BOOST_TEST(store->last_event() == 3U);
  reopen();
  BOOST_TEST(store->last_event() == 3U);
  const auto after_one = store->read_events(1, 10).value();
  BOOST_REQUIRE(after_one.size() == 2U);
  BOOST_TEST((*after_one[0].event == *cloud_event("s", "2")));
  BOOST_TEST((after_one[0].arrived == now));
  // Buffered for 500, remembered for 100.
  BOOST_TEST(store->collect_garbage(now + duration{499}, 100).value() > 0U);
  BOOST_TEST(store->read_events(0, 10).value().size() == 3U);
  // What a reader has not let go of stays, however old it is.
  BOOST_REQUIRE(store->collect_garbage(now + duration{500}, 100));
  BOOST_TEST(store->read_events(0, 10).value().size() == 3U);
  store->release_events(storage::event_reader::broker, 3);
  BOOST_REQUIRE(store->collect_garbage(now + duration{500}, 100));
  BOOST_TEST(store->read_events(0, 10).value().size() == 3U);
  store->release_events(storage::event_reader::scheduler, 1);
  BOOST_REQUIRE(store->collect_garbage(now + duration{500}, 100));
  BOOST_TEST(store->read_events(0, 10).value().size() == 2U);
  store->release_events(storage::event_reader::scheduler, 3);
  BOOST_REQUIRE(store->collect_garbage(now + duration{500}, 100));
  BOOST_TEST(store->read_events(0, 10).value().size() == 1U);
  // A number is never given twice.
  BOOST_REQUIRE(store->collect_garbage(now + duration{9999}, 100));
  reopen();
  BOOST_TEST(put({cloud_event("s", "9")}, now).front().number == 4U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_one_schedule_for_each_workflow) {
  const stored_schedule first{"ns", "nightly", std::string("\1\0x", 3)};
  BOOST_REQUIRE(
    store->put_definition(definition("nightly", "1.0.0", "d1"), {}, first));
  // It came with the definition; a second version does not begin it anew.
  auto second = first;
  second.state = "other";
  BOOST_REQUIRE(
    store->put_definition(definition("nightly", "1.1.0", "d2"), {}, second));
  BOOST_TEST(store->read_schedule("ns", "nightly").value().state
             == first.state);
  BOOST_REQUIRE(store->put_schedule(second));
  BOOST_REQUIRE(store->put_schedule({"ns", "nightly-2", "x"}));
  BOOST_REQUIRE(store->put_schedule({"mt", "z", "y"}));
  reopen();
  BOOST_TEST(store->read_schedule("ns", "nightly").value().state == "other");
  const auto page = store->list_schedules({}, 2).value();
  BOOST_REQUIRE(page.size() == 2U);
  BOOST_TEST(page[0].name == "z");
  const auto rest = store->list_schedules(page[1], 2).value();
  BOOST_REQUIRE(rest.size() == 1U);
  BOOST_TEST(rest[0].name == "nightly-2");
  expect_sound();
  BOOST_REQUIRE(store->remove_schedule("ns", "nightly"));
  BOOST_TEST(
    (store->read_schedule("ns", "nightly").error().code == errc::not_found));
  BOOST_REQUIRE(store->remove_schedule("ns", "never"));
}

BOOST_AUTO_TEST_CASE(publishes_what_a_turn_emits) {
  auto one = create("a");
  auto turn = one.next();
  turn.emitted = {cloud_event("s", "1"), cloud_event("s", "2")};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  const auto events = store->read_events(0, 10).value();
  BOOST_REQUIRE(events.size() == 2U);
  BOOST_TEST(events[1].number == 2U);
  BOOST_TEST(events[1].ns == "default");
  BOOST_TEST(store->last_event() == 2U);
}

BOOST_AUTO_TEST_CASE(shows_an_event_to_the_listens_for_it_and_for_all) {
  auto one = create("a", "east");
  auto two = create("b", "west");
  const auto listen
    = [&](test::led_instance& who, frame_id frame, std::string type) {
        auto turn = who.next();
        turn.subscribed.push_back(
          {who.key(), frame, who.ns, std::move(type), from_unix_ms(1)});
        BOOST_REQUIRE(commit_one(*store, turn, &who));
      };
  listen(one, 1, "order");
  listen(one, 2, "");
  listen(two, 1, "order");
  listen(two, 2, "other");
  BOOST_TEST(store->subscriptions("order", "", {}, 10).value().size() == 3U);
  BOOST_TEST(store->subscriptions("order", "east", {}, 10).value().size()
             == 2U);
  BOOST_TEST(store->subscriptions("none", "west", {}, 10).value().empty());
  // In pages of one.
  std::vector<subscription> all;
  std::optional<subscription> after;
  for (;;) {
    const auto page = store->subscriptions("order", "", after, 1).value();
    if (page.empty())
      break;
    all.push_back(page.front());
    after = page.front();
  }
  BOOST_TEST((all == store->subscriptions("order", "", {}, 10).value()));
  expect_sound();
  auto turn = one.next();
  turn.unsubscribed = {{1, "order"}, {2, ""}, {77, "order"}};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_TEST(store->subscriptions("order", "", {}, 10).value().size() == 1U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(a_listen_may_wait_for_several_types) {
  auto one = create("a");
  auto turn = one.next();
  for (const auto* type : {"paid", "sent", ""})
    turn.subscribed.push_back({one.key(), 4, "default", type, from_unix_ms(1)});
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  for (const auto* type : {"paid", "sent"})
    BOOST_TEST(store->subscriptions(type, "", {}, 10).value().size() == 2U);
  expect_sound();
  turn = one.next();
  turn.unsubscribed = {{4, "paid"}, {4, ""}};
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_TEST(store->subscriptions("paid", "", {}, 10).value().empty());
  BOOST_TEST(store->subscriptions("sent", "", {}, 10).value().size() == 1U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(ends_a_listen_that_began_in_the_same_group) {
  auto one = create("a");
  auto first = one.next();
  first.subscribed.push_back(
    {one.key(), 4, "default", "order", from_unix_ms(1)});
  const auto first_rows = prepare(first);
  one.settle(first, first_rows);
  auto second = one.next();
  second.unsubscribed = {{4, "order"}};
  const auto second_rows = prepare(second);
  const std::array group{&first_rows, &second_rows};
  BOOST_REQUIRE(store->commit(group));
  BOOST_TEST(store->subscriptions("order", "", {}, 10).value().empty());
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_versions_of_definitions) {
  BOOST_TEST(store->put_definition(definition("b", "1.0.0", "d1"), {}).value());
  BOOST_TEST(
    !store->put_definition(definition("b", "1.0.0", "d1"), {}).value());
  const auto other = store->put_definition(definition("b", "1.0.0", "dx"), {});
  BOOST_TEST((other.error().code == errc::already_exists));
  BOOST_TEST(store->put_definition(definition("b", "1.1.0", "d2"), {}).value());
  BOOST_TEST(store->put_definition(definition("a", "1.0.0", "d3"), {}).value());
  BOOST_TEST(store->read_definition({"default", "b", "1.1.0"}).value().digest
             == "d2");
  BOOST_TEST(store->read_definition_by_digest("d3").value().source == "do: []");
  BOOST_TEST((store->read_definition({"default", "c", "1"}).error().code
              == errc::not_found));
  const auto all = store->list_definitions("", "", {}, 10).value();
  BOOST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].id.name == "a");
  BOOST_TEST(store->list_definitions("default", "b", {}, 10).value().size()
             == 2U);
  BOOST_TEST(store->list_definitions("", "", all[0].id, 10).value().size()
             == 2U);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_what_a_definition_was_made_of) {
  auto what = definition("a", "1.0.0", "d1");
  what.resources = {{"https://h/f.yaml", "call: http"}, {"file:///e", ""}};
  BOOST_REQUIRE(store->put_definition(what, {}));
  const auto read = store->read_definition(what.id).value();
  BOOST_TEST((read.resources == what.resources));
  BOOST_TEST(read.document == what.document);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(keeps_the_content_that_instances_are_pinned_to) {
  const auto what = definition("story", "1.0.0", "d-1.0.0");
  BOOST_REQUIRE(store->put_definition(what, {}));
  auto one = create("a"); // Of this definition.
  BOOST_TEST((store->remove_definition(what.id).error().code == errc::in_use));
  auto turn = one.next();
  turn.after.status = instance_status::completed;
  BOOST_REQUIRE(commit_one(*store, turn, &one));
  BOOST_REQUIRE(store->remove_definition(what.id));
  BOOST_TEST(
    (store->remove_definition(what.id).error().code == errc::not_found));
  BOOST_TEST((store->read_definition(what.id).error().code == errc::not_found));
  const auto later = clock::now() + std::chrono::hours{2};
  BOOST_TEST(store->collect_garbage(later, 100).value() == 0U);
  BOOST_TEST(store->read_definition_by_digest("d-1.0.0").has_value());
  BOOST_REQUIRE(store->remove_instance(one.key()));
  BOOST_TEST(store->collect_garbage(clock::now(), 100).value() == 0U);
  BOOST_TEST(store->collect_garbage(later, 100).value() == 1U);
  BOOST_TEST((store->read_definition_by_digest("d-1.0.0").error().code
              == errc::not_found));
  expect_sound();
}

BOOST_AUTO_TEST_SUITE_END()
