#define BOOST_TEST_MODULE storage.list
#include "storage/store.hpp"
#include "tests/support/stored.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::commit_one;
using pawl::test::led_instance;

namespace {

/// A store and a naive model of it, led by dice.
struct modelled : test::stored {
  std::mt19937_64 dice{20260131};
  std::map<instance_key, led_instance> model;
  std::map<instance_key, bool> aside;

  std::string pick(std::initializer_list<const char*> from) {
    return *(from.begin() + static_cast<std::ptrdiff_t>(dice() % from.size()));
  }
  instance_status status() {
    return static_cast<instance_status>(1 + dice() % 9);
  }

  void create_one() {
    led_instance one{"i" + std::to_string(dice() % 400),
                     pick({"east", "west"})};
    // Many share a time of creation.
    one.now.created = one.now.updated
      = from_unix_ms(1'000'000 + static_cast<std::int64_t>(dice() % 50));
    one.now.workflow
      = {one.ns, pick({"story", "order", "ship"}), pick({"1.0.0", "1.1.0"})};
    auto turn = one.next();
    turn.after.status = status();
    if (dice() % 2 == 0)
      turn.after.labels["team"] = pick({"red", "blue"});
    if (dice() % 3 == 0)
      turn.after.labels["tier"] = pick({"gold", ""});
    if (dice() % 2 == 0)
      turn.after.started = turn.after.created + duration{dice() % 20};
    const auto done = commit_one(*store, turn, &one);
    BOOST_REQUIRE(done.has_value() != model.contains(one.key()));
    if (done)
      model[one.key()] = one;
  }
  void change_one(led_instance& one) {
    auto turn = one.next();
    turn.after.status = status();
    turn.after.updated
      = from_unix_ms(2'000'000 + static_cast<std::int64_t>(dice() % 40));
    turn.after.ended = dice() % 3 == 0
                         ? std::nullopt
                         : std::optional{from_unix_ms(
                           3'000'000 + static_cast<std::int64_t>(dice() % 40))};
    turn.after.verbs = {"cancel"};
    turn.after.busy = dice() % 2 == 0;
    turn.after.approvals.clear();
    if (dice() % 3 == 0)
      turn.after.approvals.push_back({.frame = 3,
                                      .round = 2,
                                      .task = "/do/0/ask",
                                      .title = "Release?",
                                      .groups = {"peer", "elder"},
                                      .users = {"ann"},
                                      .since = one.now.created,
                                      .due = from_unix_ms(5)});
    turn.after.waits.clear();
    if (dice() % 3 == 0)
      turn.after.waits = {{.kind = wait_kind::timer,
                           .task = "/do/0/w",
                           .count = 2,
                           .since = from_unix_ms(7)},
                          {.kind = wait_kind::retry,
                           .task = "",
                           .count = 1,
                           .since = from_unix_ms(8)}};
    turn.after.state_since
      = dice() % 2 == 0 ? std::nullopt : std::optional{from_unix_ms(9)};
    turn.after.next_timer = dice() % 2 == 0
                              ? std::nullopt
                              : std::optional{from_unix_ms(
                                static_cast<std::int64_t>(dice() % 999))};
    if (dice() % 4 == 0)
      turn.after.labels["team"] = pick({"red", "blue"});
    if (dice() % 8 == 0)
      turn.after.labels.clear();
    BOOST_REQUIRE(commit_one(*store, turn, &one));
  }
  void step() {
    const auto what = dice() % 10;
    if (what < 4 || model.empty())
      return create_one();
    auto at = model.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(dice() % model.size()));
    if (what < 8)
      return change_one(at->second);
    if (what == 8) {
      const bool now = !aside[at->first];
      BOOST_REQUIRE(store->put_quarantine(
        at->first,
        now ? std::optional{quarantine{"why", at->second.now.created, 1}}
            : std::nullopt));
      aside[at->first] = now;
      return;
    }
    const auto done = store->remove_instance(at->first);
    BOOST_REQUIRE(done.has_value() == ended(at->second.now.status));
    if (done) {
      aside.erase(at->first);
      model.erase(at);
    }
  }

  list_query query() {
    list_query q;
    if (dice() % 3 == 0)
      q.ns = pick({"east", "west", "north"});
    if (dice() % 3 == 0)
      q.workflow = pick({"story", "order"});
    if (dice() % 3 == 0)
      q.version = pick({"1.0.0", "1.1.0"});
    if (dice() % 3 == 0)
      q.status = status();
    if (dice() % 3 == 0)
      q.labels["team"] = pick({"red", "blue"});
    if (dice() % 6 == 0)
      q.labels["tier"] = pick({"gold", ""});
    if (dice() % 4 == 0)
      q.quarantined = dice() % 2 == 0;
    q.approvals = dice() % 4 == 0;
    if (dice() % 5 == 0)
      q.started_after
        = from_unix_ms(1'000'000 + static_cast<std::int64_t>(dice() % 60));
    if (dice() % 5 == 0)
      q.started_before
        = from_unix_ms(1'000'000 + static_cast<std::int64_t>(dice() % 60));
    q.order = {static_cast<list_order::time>(1 + dice() % 4), dice() % 2 == 0};
    q.limit = static_cast<std::uint32_t>(1 + dice() % 7);
    if (q.order.by != list_order::time::created)
      q.limit *= 20; // Each page reads all that match.
    return q;
  }
  bool matches(const instance_key& key, const head& h, const list_query& q) {
    return (!q.ns || h.ns == *q.ns)
           && (!q.workflow || h.workflow.name == *q.workflow)
           && (!q.version || h.workflow.version == *q.version)
           && (!q.status || h.status == *q.status)
           && (!q.quarantined || aside[key] == *q.quarantined)
           && (!q.approvals || !h.approvals.empty())
           && (!q.started_after || (h.started && h.started > q.started_after))
           && (!q.started_before || (h.started && h.started < q.started_before))
           && std::ranges::all_of(q.labels, [&](const auto& l) {
                return h.labels.contains(l.first)
                       && h.labels.at(l.first) == l.second;
              });
  }
  using shown = std::pair<instance_key, head>;
  static std::optional<timestamp> time_of(const head& h, list_order::time by) {
    if (by == list_order::time::created)
      return h.created;
    if (by == list_order::time::updated)
      return h.updated;
    return by == list_order::time::started ? h.started : h.ended;
  }
  static bool comes_before(const shown& a, const shown& b,
                           const list_order& order) {
    const auto at = time_of(a.second, order.by);
    const auto other = time_of(b.second, order.by);
    if (at.has_value() != other.has_value())
      return at.has_value();
    if (at != other)
      return (*at < *other) != order.newest_first;
    // Of one time: in the order of creation, and that is backwards as a whole.
    const auto newest_first = std::pair{b.second.created, a.first}
                              < std::pair{a.second.created, b.first};
    const bool backwards
      = order.by == list_order::time::created && !order.newest_first;
    return newest_first != backwards;
  }
  std::vector<head> expected(const list_query& q) {
    std::vector<std::pair<instance_key, head>> all;
    for (const auto& [key, one] : model)
      if (matches(key, one.now, q))
        all.emplace_back(key, one.now);
    std::ranges::sort(all, [&](const auto& a, const auto& b) {
      return comes_before(a, b, q.order);
    });
    std::vector<head> out;
    for (auto& [key, h] : all)
      out.push_back(std::move(h));
    return out;
  }
  void compare(list_query q) {
    std::vector<head> got;
    for (;;) {
      const auto page = store->list(q);
      BOOST_REQUIRE_MESSAGE(page, page.error().detail);
      BOOST_REQUIRE(page->items.size() <= q.limit);
      got.insert(got.end(), page->items.begin(), page->items.end());
      if (page->next_cursor.empty())
        break;
      BOOST_REQUIRE(page->items.size() == q.limit);
      auto other = q;
      other.cursor = page->next_cursor;
      other.order.newest_first = !q.order.newest_first;
      BOOST_REQUIRE(store->list(other).has_error());
      q.cursor = page->next_cursor;
    }
    BOOST_REQUIRE((got == expected(q)));
  }
  void compare_timers() {
    std::vector<std::pair<timestamp, instance_key>> all;
    std::size_t busy = 0;
    for (const auto& [key, one] : model) {
      if (one.now.next_timer)
        all.emplace_back(*one.now.next_timer, key);
      busy += one.now.busy ? 1 : 0;
    }
    std::ranges::sort(all);
    const auto until = from_unix_ms(500);
    std::erase_if(all, [&](const auto& t) { return t.first > until; });
    all.resize(std::min<std::size_t>(all.size(), 20));
    BOOST_REQUIRE((store->due_timers(until, 20).value() == all));
    BOOST_REQUIRE(store->busy_instances({}, 10'000).value().size() == busy);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(list, modelled)

BOOST_AUTO_TEST_CASE(agrees_with_a_naive_model) {
  for (int i = 0; i < 4000; ++i) {
    step();
    if (i % 20 == 0)
      compare(query());
    if (i % 100 == 0)
      compare_timers();
    if (i % 1000 == 999) {
      expect_sound();
      reopen();
    }
  }
  compare({});
  expect_sound();
}

BOOST_AUTO_TEST_CASE(shows_the_newest_first) {
  for (int i = 0; i < 5; ++i) {
    led_instance one{"i" + std::to_string(i)};
    one.now.created = one.now.updated = from_unix_ms(1000 + i);
    BOOST_REQUIRE(commit_one(*store, one.next()));
  }
  const auto page = store->list({}).value();
  BOOST_REQUIRE(page.items.size() == 5U);
  BOOST_TEST(page.items.front().id == "i4");
  BOOST_TEST(page.items.back().id == "i0");
  BOOST_TEST(page.next_cursor.empty());
}

BOOST_AUTO_TEST_CASE(goes_on_behind_a_cursor_although_newer_ones_came) {
  for (int i = 0; i < 6; ++i) {
    led_instance one{"i" + std::to_string(i)};
    one.now.created = one.now.updated = from_unix_ms(1000 + i);
    BOOST_REQUIRE(commit_one(*store, one.next()));
  }
  list_query q;
  q.limit = 3;
  q.cursor = store->list(q).value().next_cursor;
  led_instance newer{"newer"};
  newer.now.created = newer.now.updated = from_unix_ms(9999);
  BOOST_REQUIRE(commit_one(*store, newer.next()));
  const auto rest = store->list(q).value();
  BOOST_REQUIRE(rest.items.size() == 3U);
  BOOST_TEST(rest.items.front().id == "i2");
  BOOST_TEST(rest.next_cursor.empty());
}

BOOST_AUTO_TEST_CASE(refuses_a_cursor_that_it_did_not_give) {
  create("a");
  create("b");
  list_query q;
  q.limit = 1;
  const auto good = store->list(q).value().next_cursor;
  BOOST_REQUIRE(!good.empty());
  std::vector<std::string> bad{"x", "zz", good + "00", good.substr(2),
                               std::string(good.size(), '0')};
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == '0' ? '1' : '0';
    bad.push_back(changed);
  }
  for (const auto& text : bad) {
    q.cursor = text;
    const auto page = store->list(q);
    BOOST_REQUIRE(page.has_error());
    BOOST_TEST((page.error().code == errc::malformed));
  }
}

BOOST_AUTO_TEST_SUITE_END()
