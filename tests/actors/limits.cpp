#define BOOST_TEST_MODULE actors.limits
#include "actors/limits/byte_book.hpp"
#include "actors/limits/limit_lines.hpp"
#include "actors/limits/live_book.hpp"
#include "actors/limits/start_line.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

/// 2025-06-15T00:00:00Z: a day begins.
constexpr timestamp midnight = timestamp{duration{1'749'945'600'000}};

instance_key key(std::uint8_t n) {
  instance_key k;
  k.bytes[0] = n;
  return k;
}

/// Limits, a clock, and what was granted to whom, in order.
struct world {
  limit_lines lines;
  timestamp now = midnight + 12h;
  std::vector<std::string> granted;
  std::vector<limit_lines::tokens> held;
  std::vector<limit_lines::near_end> near;
  bool jobs = false;

  void run(limit_lines::errands& todo) {
    for (const auto& one : todo.granted)
      one();
    near.insert(near.end(), todo.near.begin(), todo.near.end());
    jobs = jobs || todo.jobs;
  }
  void put(const std::string& name, const std::string& rules,
           const std::string& ns = {}) {
    const limit_ref id{ns, name};
    const auto body = checked_limit(id, *parse_json(rules));
    BOOST_REQUIRE(body);
    limit_lines::errands todo;
    lines.set(limit_of(id, *body), now, todo);
    run(todo);
  }
  limit_lines::ticket ask(std::vector<limit_ref> of, std::uint8_t who,
                          const std::string& as, const std::string& k = {}) {
    limit_lines::errands todo;
    const auto out = lines.ask(
      {.of = std::move(of), .key = k, .whose = key(who), .frame = 1}, now,
      [this, as](auto got) {
        granted.push_back(as);
        held.push_back(std::move(got));
      },
      todo);
    run(todo);
    return out;
  }
  void withdraw(limit_lines::ticket which) {
    limit_lines::errands todo;
    lines.withdraw(which, now, todo);
    run(todo);
  }
  void end(std::size_t which, bool spent = true) {
    limit_lines::errands todo;
    lines.give_back(held.at(which), spent, now, todo);
    run(todo);
  }
  void pass(duration time) {
    now += time;
    limit_lines::errands todo;
    lines.serve(now, todo);
    run(todo);
  }
};

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(what_cannot_be_kept_is_said_all_at_once) {
  const limit_ref id{"shop", "x"};
  const auto no = checked_limit(
    id, *parse_json(R"({"on":{"namespace":"a"},"starts":{"max":0,"per":1},
                        "rate":{"max":1,"per":"PT1S"},"colour":"red"})"));
  BOOST_REQUIRE(!no);
  std::vector<std::string> at;
  for (const auto& fault : no.error().faults)
    at.push_back(fault.pointer);
  const std::vector<std::string> wanted{"/on/namespace", "/rate", "/colour",
                                        "/starts/max", "/starts/per"};
  BOOST_TEST(at == wanted, boost::test_tools::per_element());
  BOOST_TEST(!checked_limit(id, *parse_json("{}")));
  BOOST_TEST(
    !checked_limit(id, *parse_json(R"({"quota":{"max":5,"per":"PT7H"}})")));
  BOOST_TEST(
    !checked_limit(id, *parse_json(R"({"concurrency":1,"warnAt":0.5})")));
}

BOOST_AUTO_TEST_CASE(a_rate_gives_its_burst_and_then_one_at_a_time) {
  world w;
  w.put("r", R"({"rate":{"max":2,"per":"PT1S","burst":3}})");
  for (const auto* as : {"a", "b", "c", "d", "e"})
    w.ask({{"", "r"}}, 1, as);
  BOOST_TEST(w.granted == (names{"a", "b", "c"}),
             boost::test_tools::per_element());
  BOOST_TEST((w.lines.next_due() == w.now + 500ms));
  w.pass(499ms);
  BOOST_TEST(w.granted.size() == 3U);
  w.pass(1ms);
  BOOST_TEST(w.granted.size() == 4U);
  w.pass(500ms);
  BOOST_TEST(w.granted.back() == "e");
  BOOST_TEST(!w.lines.next_due());
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_stops_nothing) {
  world w;
  w.put("r", R"({"rate":{"max":1,"per":"PT1S"}})");
  w.ask({{"", "r"}}, 1, "a");
  w.ask({{"", "r"}}, 1, "b");
  w.pass(-1h);
  w.pass(1s);
  BOOST_TEST(w.granted == (names{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(instances_take_turns_and_each_is_served_in_order) {
  world w;
  w.put("c", R"({"concurrency":1})");
  w.ask({{"", "c"}}, 9, "first");
  for (const auto* as : {"a1", "a2", "a3"})
    w.ask({{"", "c"}}, 1, as);
  for (const auto* as : {"b1", "b2"})
    w.ask({{"", "c"}}, 2, as);
  for (std::size_t i = 0; i < 5; ++i)
    w.end(i);
  const names wanted{"first", "a1", "b1", "a2", "b2", "a3"};
  BOOST_TEST(w.granted == wanted, boost::test_tools::per_element());
  w.end(5);
  BOOST_TEST((w.lines.look({"", "c"}, w.now).keys.at(0).in_use == 0U));
}

BOOST_AUTO_TEST_CASE(who_no_longer_wants_a_token_costs_none) {
  world w;
  w.put("c", R"({"concurrency":1,"quota":{"max":3,"per":"P1D"}})");
  w.ask({{"", "c"}}, 1, "a");
  const auto gone = w.ask({{"", "c"}}, 2, "b");
  w.ask({{"", "c"}}, 3, "c");
  w.withdraw(gone);
  w.end(0, false); // It never began: its token of the quota comes back.
  BOOST_TEST(w.granted == (names{"a", "c"}), boost::test_tools::per_element());
  BOOST_TEST((w.lines.look({"", "c"}, w.now).keys.at(0).used == 1U));
  BOOST_TEST(w.lines.waiting_of(key(2), w.now).empty());
}

BOOST_AUTO_TEST_CASE(all_tokens_or_it_waits_and_gives_back_what_it_had) {
  world w;
  w.put("a", R"({"concurrency":1})");
  w.put("b", R"({"concurrency":1})");
  w.ask({{"", "b"}}, 1, "b");
  const auto both = w.ask({{"", "a"}, {"", "b"}}, 2, "both");
  w.ask({{"", "a"}}, 3, "a");
  BOOST_TEST(w.granted == (names{"b"}), boost::test_tools::per_element());
  const auto waits = w.lines.waiting_of(key(2), w.now);
  BOOST_REQUIRE(waits.size() == 1U);
  BOOST_TEST(waits[0].of.name == "b");
  w.withdraw(both);
  BOOST_TEST(w.granted == (names{"b", "a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_key_has_tokens_of_its_own) {
  world w;
  w.put("c", R"({"concurrency":1})");
  w.ask({{"", "c"}}, 1, "x", "x");
  w.ask({{"", "c"}}, 2, "y", "y");
  w.ask({{"", "c"}}, 3, "x again", "x");
  BOOST_TEST(w.granted == (names{"x", "y"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keys_without_a_past_make_room_and_others_share) {
  world w;
  w.put("c", R"({"concurrency":1})");
  for (std::size_t i = 0; i < limit_lines::keys_max; ++i)
    w.ask({{"", "c"}}, 1, "k", std::to_string(i));
  BOOST_TEST(w.granted.size() == limit_lines::keys_max);
  w.ask({{"", "c"}}, 1, "more", "more");
  w.ask({{"", "c"}}, 1, "still more", "still more");
  BOOST_TEST(w.granted.back() == "more"); // The two share one bucket.
  w.end(0);
  w.ask({{"", "c"}}, 1, "own", "own"); // In the place of the first.
  BOOST_TEST(w.granted.back() == "own");
}

BOOST_AUTO_TEST_CASE(a_quota_ends_with_its_day_in_utc_and_warns_once) {
  world w;
  w.now = midnight + 23h;
  w.put("q", R"({"quota":{"max":4,"per":"P1D"},"warnAt":0.75})");
  for (const auto* as : {"a", "b", "c", "d", "e"})
    w.ask({{"", "q"}}, 1, as);
  BOOST_TEST(w.granted.size() == 4U);
  BOOST_REQUIRE(w.near.size() == 1U);
  BOOST_TEST(w.near[0].used == 3U);
  BOOST_TEST((w.near[0].until == midnight + 24h));
  BOOST_TEST((w.lines.next_due() == midnight + 24h));
  w.pass(1h);
  BOOST_TEST(w.granted.size() == 5U);
  BOOST_TEST((w.lines.look({"", "q"}, w.now).keys.at(0).used == 1U));
}

BOOST_AUTO_TEST_CASE(what_is_used_survives_as_far_as_it_was_written) {
  world w;
  w.put("q", R"({"quota":{"max":3,"per":"P1D"}})");
  w.ask({{"", "q"}}, 1, "a", "k");
  w.ask({{"", "q"}}, 1, "b", "k");
  const auto rows = w.lines.changes();
  BOOST_REQUIRE(rows.size() == 1U);
  const auto& [of, k, used] = rows[0];
  BOOST_REQUIRE(used);
  BOOST_TEST(used->used == 2U);
  BOOST_TEST(w.lines.changes().empty());

  world again;
  again.put("q", R"({"quota":{"max":3,"per":"P1D"}})");
  again.lines.restore(of, k, *used, again.now);
  again.ask({{"", "q"}}, 1, "c", "k");
  again.ask({{"", "q"}}, 1, "d", "k");
  BOOST_TEST(again.granted == (names{"c"}), boost::test_tools::per_element());

  world tomorrow; // Of a day that is over nothing is left, and its row goes.
  tomorrow.now += 24h;
  tomorrow.put("q", R"({"quota":{"max":3,"per":"P1D"}})");
  tomorrow.lines.restore(of, k, *used, tomorrow.now);
  const auto left = tomorrow.lines.changes();
  BOOST_REQUIRE(left.size() == 1U);
  BOOST_TEST(!std::get<2>(left[0]));
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_changed_or_removed_lets_go) {
  world w;
  w.put("c", R"({"concurrency":1})");
  for (const auto* as : {"a", "b", "c"})
    w.ask({{"", "c"}}, 1, as);
  w.put("c", R"({"concurrency":2})");
  BOOST_TEST(w.granted.size() == 2U);
  limit_lines::errands todo;
  w.lines.remove({"", "c"}, w.now, todo);
  w.run(todo);
  BOOST_TEST(w.granted.size() == 3U);
  w.end(0); // Of a limit that is gone.
  w.put("c", R"({"concurrency":1})");
  w.end(1); // Of its namesake.
  w.ask({{"", "c"}}, 1, "d");
  w.ask({{"", "c"}}, 1, "e");
  BOOST_TEST(w.granted.back() == "d");
}

BOOST_AUTO_TEST_CASE(a_job_takes_all_at_once_or_is_told_when_to_ask) {
  world w;
  w.put("q", R"({"on":{"queue":"review"},"rate":{"max":1,"per":"PT1S"}})");
  const token_wish wish{.of = {{"", "q"}}, .key = "ignored"};
  limit_lines::errands todo;
  BOOST_TEST(w.lines.take(wish, true, w.now, todo).has_value());
  BOOST_TEST(!w.lines.take(wish, true, w.now, todo).has_value());
  w.run(todo);
  BOOST_TEST(!w.jobs);
  w.pass(1s);
  BOOST_TEST(w.jobs);
}

BOOST_AUTO_TEST_CASE(a_host_that_asks_for_it_is_left_alone) {
  world w;
  w.put("h", R"({"on":{"host":"svc.example"},"rate":{"max":9,"per":"PT1S"}})");
  w.lines.close({"", "h"}, w.now + 30s, w.now);
  w.ask({{"", "h"}}, 1, "a");
  BOOST_TEST((w.lines.next_due() == w.now + 30s));
  w.pass(29s);
  BOOST_TEST(w.granted.empty());
  w.pass(1s);
  BOOST_TEST(w.granted.size() == 1U);
}

BOOST_AUTO_TEST_CASE(limits_of_the_daemon_and_of_the_namespace_both_hold) {
  world w;
  w.put("x", R"({"concurrency":5})");
  w.put("x", R"({"concurrency":1})", "shop");
  w.put("x", R"({"concurrency":1})", "other");
  const auto both = w.lines.in_force(limit_scope::named, "shop",
                                     [](const auto&) { return true; });
  BOOST_REQUIRE(both.size() == 2U);
  BOOST_TEST(both[0].ns.empty());
  BOOST_TEST(both[1].ns == "shop");
}

BOOST_AUTO_TEST_CASE(a_namespace_may_bound_its_bytes) {
  const auto read = [](const char* text) {
    return checked_limit({"", "l"}, *parse_json(text));
  };
  const auto body
    = read(R"({"on":{"namespace":"shop"},"bytes":10737418240,"warnAt":0.5})");
  BOOST_REQUIRE(body);
  const auto rules = limit_of({"", "l"}, *body);
  BOOST_TEST(rules.bytes.value() == 10'737'418'240U);
  BOOST_TEST(rules.warn_at == 0.5);
  BOOST_TEST(!read(R"({"bytes":1})"));
  BOOST_TEST(!read(R"({"on":{"namespace":"shop"},"bytes":0})"));
  BOOST_TEST(!read(R"({"on":{"namespace":"shop"},"bytes":"10GiB"})"));
  BOOST_TEST(!read(R"({"on":{"namespace":"shop"},"live":1,"warnAt":0.5})"));
}

BOOST_AUTO_TEST_CASE(bytes_that_near_their_end_are_told_once) {
  byte_book book;
  const limit_ref id{"", "l"};
  const limit rules{.id = id,
                    .on = limit_scope::name_space,
                    .of = "shop",
                    .warn_at = 0.8,
                    .bytes = 100};
  book.set(rules);
  BOOST_TEST(book.watches("shop"));
  BOOST_TEST(!book.watches("other"));
  BOOST_TEST(book.saw("shop", 79).empty());
  const auto told = book.saw("shop", 80);
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST((told[0].of == id && told[0].max == 100U));
  BOOST_TEST(book.saw("shop", 200).empty());
  book.set(rules); // The same again tells nothing new.
  BOOST_TEST(book.saw("shop", 90).empty());
  BOOST_TEST(book.saw("shop", 10).empty());
  BOOST_TEST(book.saw("shop", 90).size() == 1U);
  auto more = rules;
  more.bytes = 1000;
  book.set(more);
  BOOST_TEST(book.saw("shop", 790).empty());
  BOOST_TEST(book.saw("shop", 800).size() == 1U);
  book.remove(id);
  BOOST_TEST(!book.watches("shop"));
}

BOOST_AUTO_TEST_CASE(starts_wait_in_the_order_in_which_they_were_due) {
  start_line line;
  const limit_ref of{"", "l"};
  std::string called;
  const auto who = [&](std::uint8_t n, duration due) {
    return waiting_start{.due = midnight + due, .key = key(n), .wake = [&, n] {
                           called += static_cast<char>('0' + n);
                         }};
  };
  const auto now = midnight + 1h;
  const auto early = who(1, 1min);
  const auto late = who(2, 2min);
  BOOST_TEST(line.empty("shop", now));
  BOOST_TEST(!line.is_behind("shop", late, now));
  line.wait("shop", late, of, now);
  BOOST_TEST(!line.is_behind("shop", late, now));
  BOOST_TEST(!line.is_behind("shop", early, now));
  line.wait("shop", early, of, now);
  BOOST_TEST(line.is_behind("shop", late, now));
  BOOST_TEST(!line.is_behind("other", late, now));
  BOOST_TEST(line.count(of, now) == 2U);
  line.first("shop", now)();
  line.leave("shop", early);
  line.first("shop", now)();
  BOOST_TEST(called == "12");
  BOOST_TEST(line.firsts(now).size() == 1U);
  line.leave("shop", late);
  BOOST_TEST(line.empty("shop", now));
  BOOST_TEST(!line.first("shop", now));
}

BOOST_AUTO_TEST_CASE(a_start_that_asks_no_more_keeps_nobody_waiting) {
  start_line line;
  const waiting_start gone{.due = midnight, .key = key(1)};
  const waiting_start other{.due = midnight + 1s, .key = key(2)};
  line.wait("shop", gone, {"", "l"}, midnight);
  BOOST_TEST(line.is_behind("shop", other, midnight + start_line::patience));
  BOOST_TEST(
    !line.is_behind("shop", other, midnight + start_line::patience + 1ms));
  BOOST_TEST(line.empty("shop", midnight));
}

BOOST_AUTO_TEST_CASE(who_ends_while_the_living_are_counted_is_not_counted) {
  live_book all;
  BOOST_TEST(all.watch("a"));
  BOOST_TEST(!all.watch("a"));
  all.saw("a", key(1), false);
  all.saw("a", key(2), true);
  BOOST_TEST(!all.count("a"));
  BOOST_TEST((all.reserve("a", key(3), 1) == std::optional{true}));
  all.counted("a", {key(1), key(2), key(4)});
  BOOST_TEST((all.count("a") == std::optional<std::size_t>{3}));
  BOOST_TEST((all.reserve("a", key(2), 3) == std::optional{false}));
  BOOST_TEST(!all.reserve("a", key(5), 3));
  all.saw("a", key(4), false);
  BOOST_TEST((all.reserve("a", key(5), 3) == std::optional{true}));
}
