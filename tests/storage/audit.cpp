// The audit log: what is written with it, and what its chain finds.
#define BOOST_TEST_MODULE storage.audit
#include "base/bytes.hpp"
#include "base/json.hpp"
#include "storage/database.hpp"
#include "storage/values.hpp"
#include "tests/support/stored.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace pawl;
using namespace pawl::storage;
using pawl::test::led_instance;

namespace {

audit_entry entry(const std::string& who, const std::string& target,
                  std::int64_t ms = 1'000) {
  return {.at = from_unix_ms(ms),
          .who = who,
          .from = "127.0.0.1",
          .action = "putSecret",
          .ns = "",
          .target = target,
          .reason = "caf\u00e9 \"x\"",
          .status = 200};
}

struct fixture : test::stored {
  /// Changes rows behind the store's back, with sums that are right.
  void tamper(const std::function<void(row_list&)>& how) {
    BOOST_REQUIRE(store->close());
    store.reset();
    {
      auto behind = database::open(options, found);
      BOOST_REQUIRE(behind);
      row_list rows;
      how(rows);
      BOOST_REQUIRE((*behind)->write(rows));
      BOOST_REQUIRE((*behind)->close());
    }
    store = open();
  }
  void write(int count) {
    for (int i = 1; i <= count; ++i)
      BOOST_REQUIRE(store->put_audit(
        entry(i % 2 == 0 ? "token:a (ci)" : "uid:0", std::to_string(i), i)));
  }
  std::vector<std::uint64_t> numbers(const audit_query& query) {
    std::vector<std::uint64_t> out;
    auto q = query;
    do {
      const auto page = store->read_audit(q);
      BOOST_REQUIRE(page);
      for (const auto& one : page->items)
        out.push_back(one.number);
      q.from = page->next;
    } while (q.from != 0);
    return out;
  }
  audit_check check() { return store->verify_audit(0, 1'000'000).value(); }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(records_are_numbered_and_chained, fixture) {
  write(3);
  reopen();
  write(2);
  const auto page = store->read_audit({.oldest_first = true});
  BOOST_TEST_REQUIRE(page->items.size() == 5U);
  auto before = audit_position{}.hash;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& one = page->items[i];
    BOOST_TEST(one.number == i + 1);
    BOOST_TEST(one.previous == before);
    BOOST_TEST(one.hash == to_hex(sha256(audit_text(one))));
    before = one.hash;
  }
  BOOST_TEST((page->items[2].what == entry("uid:0", "3", 3)));
  const auto seen = check();
  BOOST_TEST(seen.faults.empty());
  BOOST_TEST(seen.complete);
  BOOST_TEST(seen.checked == 5U);
  BOOST_TEST(seen.last.hash == before);
  expect_sound();
}

BOOST_AUTO_TEST_CASE(a_text_is_canonical_whatever_stands_in_it) {
  for (const auto* text : {"", "plain", "\"q\" \\ / \n\t\x01", "caf\u00e9",
                           "\u2028 \U0001F600", "\x7f"}) {
    const audit_record one{.number = 7,
                           .what
                           = {.who = text, .target = text, .reason = text},
                           .previous = std::string(64, '0')};
    const auto made = audit_text(one);
    BOOST_TEST(made == to_canonical_text(parse_json(made).value()));
    BOOST_TEST((read_audit_text(made)->what == one.what));
  }
}

BOOST_FIXTURE_TEST_CASE(a_list_is_filtered_and_goes_either_way, fixture) {
  write(600);
  BOOST_TEST(numbers({.limit = 7}).size() == 600U);
  BOOST_TEST(numbers({.limit = 7}).front() == 600U);
  BOOST_TEST(numbers({.oldest_first = true, .limit = 1000}).back() == 600U);
  const auto by_ci = numbers({.who = "token:a", .limit = 50});
  BOOST_TEST(by_ci.size() == 300U);
  BOOST_TEST(by_ci.front() == 600U);
  BOOST_TEST(numbers({.who = "token"}).empty());
  BOOST_TEST(numbers({.who = "token:a (ci)"}).size() == 300U);
  BOOST_TEST((numbers({.target = "77"}) == std::vector<std::uint64_t>{77}));
  BOOST_TEST(numbers({.action = "pauseInstance"}).empty());
  BOOST_TEST(numbers({.ns = "a"}).empty());
  BOOST_TEST((numbers({.after = from_unix_ms(10), .before = from_unix_ms(13)})
              == std::vector<std::uint64_t>{12, 11}));
}

BOOST_FIXTURE_TEST_CASE(a_turn_brings_its_record_along, fixture) {
  led_instance one{.id = "a"};
  auto turn = one.next();
  turn.note = entry("uid:0", "a");
  BOOST_REQUIRE(test::commit_one(*store, turn, &one));
  BOOST_TEST(numbers({}).size() == 1U);
  // One that is refused leaves none.
  auto rival = led_instance{.id = "a"}.next();
  rival.note = entry("uid:0", "a");
  BOOST_TEST(test::commit_one(*store, rival).has_error());
  BOOST_TEST(numbers({}).size() == 1U);
  BOOST_TEST(check().faults.empty());
}

BOOST_FIXTURE_TEST_CASE(what_was_changed_is_found, fixture) {
  write(5);
  auto forged = store->read_audit({.oldest_first = true})->items[2];
  forged.what.who = "somebody else";
  tamper([&](row_list& rows) {
    rows.put(family::meta, audit_key(3), encode_audit(audit_text(forged)));
  });
  const auto seen = check();
  BOOST_TEST_REQUIRE(seen.faults.size() == 1U);
  BOOST_TEST(seen.faults[0].find("record 4 does not follow record 3")
             != std::string::npos);
  BOOST_TEST(verify(*store)->size() == 1U);
  // From behind the forgery all is well again.
  BOOST_TEST(store->verify_audit(4, 10)->faults.empty());
}

BOOST_FIXTURE_TEST_CASE(what_is_missing_is_found, fixture) {
  write(5);
  tamper([&](row_list& rows) { rows.erase(family::meta, audit_key(3)); });
  BOOST_TEST_REQUIRE(check().faults.size() == 1U);
  BOOST_TEST(check().faults[0].find("3 to 3 are missing") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(an_end_that_was_cut_off_is_found, fixture) {
  write(5);
  tamper([&](row_list& rows) { rows.erase(family::meta, audit_key(5)); });
  BOOST_TEST_REQUIRE(check().faults.size() == 1U);
  BOOST_TEST(check().faults[0].find("5 were written") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(it_is_read_over_piece_by_piece, fixture) {
  write(10);
  const auto first = store->verify_audit(0, 4).value();
  BOOST_TEST(first.checked == 4U);
  BOOST_TEST(!first.complete);
  const auto rest = store->verify_audit(first.last.number, 100).value();
  BOOST_TEST(rest.checked == 6U);
  BOOST_TEST(rest.complete);
  BOOST_TEST(rest.faults.empty());
  BOOST_TEST((store->verify_audit(11, 1).error().code == errc::not_found));
}

BOOST_FIXTURE_TEST_CASE(what_was_pruned_is_not_missed, fixture) {
  write(600); // At 1 to 600 ms.
  const auto note = entry("pawld", "", 1'000);
  const auto prune = [&](std::int64_t until, std::uint64_t most) {
    return store->prune_audit(from_unix_ms(until), most, note).value();
  };
  BOOST_TEST(prune(1, 100) == 0U);
  BOOST_TEST(prune(401, 300) == 300U);
  BOOST_TEST(prune(401, 300) == 100U);
  BOOST_TEST(prune(401, 300) == 0U);
  reopen();
  const auto seen = check();
  BOOST_TEST(seen.faults.empty());
  BOOST_TEST(seen.pruned == 400U);
  BOOST_TEST(seen.checked == 202U); // Each pruning is a record.
  BOOST_TEST(verify(*store)->empty());
  const auto oldest = numbers({.oldest_first = true, .limit = 1000});
  BOOST_TEST_REQUIRE(oldest.size() == 202U);
  BOOST_TEST(oldest.front() == 401U);
  auto newest = numbers({.limit = 50});
  BOOST_TEST(newest.front() == 602U);
  std::ranges::reverse(newest);
  BOOST_TEST(newest == oldest, boost::test_tools::per_element());
  const auto told = store->read_audit({.limit = 1})->items.at(0).what;
  BOOST_TEST(told.target == "301-400");
  BOOST_TEST(told.reason.starts_with("the last hash was "));
  BOOST_TEST(store->verify_audit(400, 1)->faults.empty());
  const auto since = store->verify_audit(399, 1'000).value();
  BOOST_TEST(since.faults.empty());
  BOOST_TEST(since.checked == 202U);
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_was_ahead_keeps_nothing, fixture) {
  write(2);
  BOOST_REQUIRE(store->put_audit(entry("uid:0", "ahead", 1'000'000)));
  write(2);
  BOOST_TEST(
    store->prune_audit(from_unix_ms(100), 100, entry("pawld", "")).value()
    == 4U);
  BOOST_TEST(check().faults.empty());
}

BOOST_FIXTURE_TEST_CASE(the_last_record_is_not_pruned, fixture) {
  write(3);
  const auto all
    = store->prune_audit(from_unix_ms(10'000), 100, entry("pawld", "", 20'000));
  BOOST_TEST(all.value() == 2U);
  BOOST_TEST(check().faults.empty());
  write(1);
  BOOST_TEST(check().faults.empty());
}

BOOST_FIXTURE_TEST_CASE(tokens_come_and_go_but_were_made, fixture) {
  BOOST_TEST(!store->tokens_made().value());
  BOOST_REQUIRE(store->put_token({"b", "two"}, entry("uid:0", "b")));
  BOOST_REQUIRE(store->put_token({"a", "one"}));
  BOOST_TEST(
    (store->put_token({"a", "x"}).error().code == errc::already_exists));
  reopen();
  BOOST_TEST_REQUIRE(store->list_records(record_kind::token)->size() == 2U);
  BOOST_TEST(store->list_records(record_kind::token)->front().state == "one");
  BOOST_REQUIRE(store->remove_record(record_kind::token, "a"));
  BOOST_REQUIRE(
    store->remove_record(record_kind::token, "b", entry("uid:0", "b")));
  BOOST_TEST((store->remove_record(record_kind::token, "b").error().code
              == errc::not_found));
  reopen();
  BOOST_TEST(store->list_records(record_kind::token)->empty());
  BOOST_TEST(store->tokens_made().value());
  BOOST_TEST(numbers({}).size() == 2U);
  expect_sound();
}

BOOST_FIXTURE_TEST_CASE(a_list_of_some_namespaces_is_one_list, fixture) {
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    led_instance one{.id = "i" + std::to_string(i),
                     .ns = std::string(1, static_cast<char>('a' + i % 4))};
    one.now.created = from_unix_ms(1'000 + i);
    BOOST_REQUIRE(test::commit_one(*store, one.next(), &one));
    if (i % 4 < 2)
      expected.insert(expected.begin(), one.id);
  }
  list_query query;
  query.namespaces = {"a", "b", "nowhere"};
  query.limit = 7;
  std::vector<std::string> seen;
  do {
    const auto page = store->list(query).value();
    for (const auto& h : page.items)
      seen.push_back(h.id);
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
  query.ns = "c";
  BOOST_TEST(store->list(query)->items.empty());
  query.ns = "b";
  BOOST_TEST(store->list(query)->items.size() == 7U);
  query.shown = [](const head& h) { return h.id == "i1"; };
  BOOST_TEST(store->list(query)->items.size() == 1U);
}
