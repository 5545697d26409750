#define BOOST_TEST_MODULE actors.bulk_keeper
#include "actors/bulk/bulk_keeper.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace pawl;
using namespace pawl::actors;
using namespace std::chrono_literals;

namespace {

/// Instances 1..n in a world whose disk and whose answers are made by hand. A
/// keeper that is dropped has crashed.
struct world {
  std::size_t instances = 10;
  timestamp now = from_unix_ms(1'000'000);
  std::map<std::string, std::string> rows;
  std::map<std::string, std::map<std::uint64_t, std::string>> lines;
  std::vector<bulk_papers> papers;
  /// What was done, by the key of the request; what an instance was asked.
  std::map<std::string, int> done;
  std::vector<std::string> asked;
  std::vector<std::pair<std::string, reply_to>> waiting;
  std::function<std::optional<reply>(const bulk_item&)> says;
  bool answers = true;
  bool closing = false;
  std::string objection;
  bulk_bounds bounds{
    .active_max = 2, .concurrency = 4, .kept_max = 2, .trusted_for = 1h};
  std::unique_ptr<bulk_keeper> keeper = make();

  std::unique_ptr<bulk_keeper> make() {
    bulk_world w;
    w.now = [this] { return now; };
    w.select = [this](const bulk& b, std::size_t max) -> result<bulk_page> {
      bulk_page page;
      auto at = b.cursor.empty() ? 0 : std::stoull(b.cursor);
      while (at < instances && page.items.size() < max)
        page.items.emplace_back("n", "i" + std::to_string(++at));
      if (at < instances)
        page.next = std::to_string(at);
      return page;
    };
    w.save = [this](const bulk& b, const std::vector<bulk_item>& items,
                    const bulk_papers& with) {
      rows[b.order.id] = encode_bulk(b);
      for (const auto& one : items)
        lines[b.order.id][one.number] = encode_item(one);
      if (with.kept || with.note)
        papers.push_back(with);
      return true;
    };
    w.batch = [this](const bulk& b) -> result<std::vector<bulk_item>> {
      std::vector<bulk_item> out;
      for (const auto& [number, text] : lines[b.order.id])
        if (number >= b.batch_from)
          out.push_back(decode_item(number, text).value());
      return out;
    };
    w.act = [this](const bulk& b, const bulk_item& item, const reply_to& to) {
      const auto key = b.order.id + "/" + std::to_string(item.number);
      asked.push_back(item.id);
      if (says)
        if (auto said = says(item))
          return to(std::move(*said));
      ++done[key];
      if (answers)
        to(answer{});
      else
        waiting.emplace_back(key, to);
    };
    w.objection = [this](const bulk&) { return objection; };
    w.forget = [this](const bulk& b) {
      rows.erase(b.order.id);
      lines.erase(b.order.id);
      return true;
    };
    w.closing = [this] { return closing; };
    return std::make_unique<bulk_keeper>(std::move(w), bounds);
  }

  void crash() {
    waiting.clear();
    keeper = make();
    std::vector<bulk> all;
    for (const auto& [id, text] : rows)
      all.push_back(decode_bulk(text).value());
    BOOST_REQUIRE(keeper->load(std::move(all)));
  }

  std::optional<refusal> order(const std::string& id, double rate = 1000,
                               std::uint64_t limit = 1000) {
    std::optional<refusal> no;
    bulk b;
    b.order.id = id;
    b.order.rate = rate;
    b.order.limit = limit;
    b.order.matched = instances;
    b.order.created = b.updated = now;
    keeper->add(b, {[](const bulk&) {
                      return bulk_papers{
                        .note = storage::audit_entry{.action = "orderBulk"}};
                    },
                    [&no](auto how) {
                      if (auto* why = std::get_if<refusal>(&how))
                        no = *why;
                    }});
    keeper->work();
    return no;
  }
  std::variant<bulk, refusal> act(const std::string& id, bulk_verb what) {
    std::variant<bulk, refusal> out;
    keeper->act(id, what, "why", {{}, [&out](auto how) { out = how; }});
    keeper->work();
    return out;
  }
  /// Rounds, each some time after the one before.
  void run(int rounds = 100, duration each = 1s) {
    for (int n = 0; n < rounds; ++n) {
      now += each;
      keeper->work();
    }
  }
  bulk at(const std::string& id) { return *keeper->find(id); }
  std::uint64_t count(const std::string& id, bulk_outcome of) {
    auto counts = at(id).counts;
    return counts[of];
  }
  /// The outcomes that the report tells, by instance.
  std::map<std::string, bulk_outcome> report(const std::string& id) {
    std::map<std::string, bulk_outcome> out;
    for (const auto& [number, text] : lines[id]) {
      const auto one = decode_item(number, text).value();
      BOOST_TEST(!out.contains(one.id), one.id << " stands there twice");
      out[one.id] = one.outcome;
    }
    return out;
  }
};

reply refused(errc why) {
  return refusal{.what = {why, "no"}};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(keeping_bulks, world)

BOOST_AUTO_TEST_CASE(asks_each_once_and_reports_it) {
  BOOST_TEST(!order("a"));
  run();
  const auto b = at("a");
  BOOST_TEST((b.status == bulk_status::completed));
  BOOST_TEST(b.walked);
  BOOST_TEST(b.ended.has_value());
  BOOST_TEST(count("a", bulk_outcome::done) == 10U);
  BOOST_TEST(asked.size() == 10U);
  BOOST_TEST(report("a").size() == 10U);
  BOOST_TEST(papers.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_selection_completes) {
  instances = 0;
  order("a");
  run(3);
  BOOST_TEST((at("a").status == bulk_status::completed));
  BOOST_TEST(at("a").walked);
}

BOOST_AUTO_TEST_CASE(keeps_its_rate) {
  instances = 100;
  order("a", 2);
  BOOST_TEST(asked.size() == 2U);
  run(9, 100ms);
  BOOST_TEST(asked.size() == 2U);
  run(1, 100ms);
  BOOST_TEST(asked.size() == 4U);
  run(20, 100ms);
  BOOST_TEST(asked.size() == 8U);
}

BOOST_AUTO_TEST_CASE(asks_no_more_at_a_time_than_it_may) {
  answers = false;
  order("a");
  run(5);
  BOOST_TEST(waiting.size() == 4U);
}

BOOST_AUTO_TEST_CASE(ends_at_its_limit_and_says_so) {
  order("a", 1000, 6);
  run();
  BOOST_TEST((at("a").status == bulk_status::completed));
  BOOST_TEST(!at("a").walked);
  BOOST_TEST(asked.size() == 6U);
  order("b", 1000, 10);
  run();
  BOOST_TEST(at("b").walked);
}

// Whatever was written when it died, each instance stands in the report once,
// and each is asked under the same key again, or not at all.
BOOST_AUTO_TEST_CASE(loses_none_and_doubles_none_wherever_it_crashes) {
  for (int rounds = 0; rounds < 8; ++rounds)
    for (const bool in_flight : {false, true}) {
      world w;
      w.answers = !in_flight;
      w.order("a");
      w.run(rounds);
      w.answers = true;
      w.crash();
      w.run();
      BOOST_TEST_CONTEXT(rounds << " rounds, in flight: " << in_flight) {
        BOOST_TEST((w.at("a").status == bulk_status::completed));
        BOOST_TEST(w.report("a").size() == 10U);
        BOOST_TEST(w.count("a", bulk_outcome::done) == 10U);
        BOOST_TEST(w.done.size() == 10U);
        const std::set<std::string> who{w.asked.begin(), w.asked.end()};
        BOOST_TEST(who.size() == 10U);
        BOOST_TEST(w.asked.size() <= 14U); // No more than a batch again.
      }
    }
}

BOOST_AUTO_TEST_CASE(does_not_trust_what_is_too_long_ago) {
  answers = false;
  order("a");
  now += 61min;
  answers = true;
  crash();
  run();
  BOOST_TEST(count("a", bulk_outcome::unknown) == 4U);
  BOOST_TEST(count("a", bulk_outcome::done) == 6U);
  BOOST_TEST(asked.size() == 10U);
}

BOOST_AUTO_TEST_CASE(asks_again_what_was_shed_and_nothing_else) {
  std::map<std::string, int> tries;
  says = [&](const bulk_item& item) -> std::optional<reply> {
    if (item.id == "i2" && ++tries["i2"] < 3)
      return refused(errc::overloaded);
    if (item.id == "i3")
      return refused(errc::invalid_state);
    if (item.id == "i4")
      return refused(errc::internal);
    if (item.id == "i5" && ++tries["i5"] < 20)
      return refused(errc::timed_out);
    return std::nullopt;
  };
  order("a");
  run();
  const auto told = report("a");
  BOOST_TEST((told.at("i2") == bulk_outcome::done));
  BOOST_TEST((told.at("i3") == bulk_outcome::refused));
  BOOST_TEST((told.at("i4") == bulk_outcome::failed));
  BOOST_TEST((told.at("i5") == bulk_outcome::unknown));
  BOOST_TEST(std::ranges::count(asked, "i3") == 1);
  BOOST_TEST(std::ranges::count(asked, "i2") == 3);
}

BOOST_AUTO_TEST_CASE(pauses_resumes_and_stops) {
  instances = 100;
  order("a", 4);
  BOOST_TEST(asked.size() == 4U);
  BOOST_TEST(
    (std::get<bulk>(act("a", bulk_verb::pause)).status == bulk_status::paused));
  run(20);
  BOOST_TEST(asked.size() == 4U);
  crash();
  run(20);
  BOOST_TEST(asked.size() == 4U);
  BOOST_TEST(std::holds_alternative<bulk>(act("a", bulk_verb::pause)));
  act("a", bulk_verb::resume);
  run(2);
  BOOST_TEST(asked.size() > 4U);
  answers = false;
  run(2);
  const auto before = asked.size();
  act("a", bulk_verb::stop);
  for (auto& [key, to] : waiting)
    to(answer{});
  run(20);
  BOOST_TEST(asked.size() == before);
  BOOST_TEST((at("a").status == bulk_status::stopped));
  BOOST_TEST(at("a").settled() == at("a").taken);
  const auto no = act("a", bulk_verb::resume);
  BOOST_REQUIRE(std::holds_alternative<refusal>(no));
  BOOST_TEST((std::get<refusal>(no).what.code == errc::invalid_state));
  BOOST_TEST((std::get<refusal>(act("z", bulk_verb::stop)).what.code
              == errc::not_found));
}

BOOST_AUTO_TEST_CASE(stops_when_its_orderer_may_not_any_more) {
  instances = 100;
  order("a", 4);
  objection = "The token was revoked.";
  run(3);
  BOOST_TEST((at("a").status == bulk_status::stopped));
  BOOST_TEST(at("a").detail == objection);
  BOOST_TEST(asked.size() == 4U);
}

BOOST_AUTO_TEST_CASE(asks_nobody_again_for_who_may_not_any_more) {
  answers = false;
  order("a");
  crash();
  objection = "The token was revoked.";
  run();
  BOOST_TEST((at("a").status == bulk_status::stopped));
  BOOST_TEST(asked.size() == 4U);
  BOOST_TEST(count("a", bulk_outcome::unknown) == 4U);
}

BOOST_AUTO_TEST_CASE(begins_nothing_while_the_daemon_drains) {
  instances = 100;
  order("a", 4);
  closing = true;
  run(5);
  BOOST_TEST(asked.size() == 4U);
}

BOOST_AUTO_TEST_CASE(bounds_what_is_under_way_and_what_is_kept) {
  instances = 100;
  BOOST_TEST(!order("a", 1));
  BOOST_TEST(!order("b", 1));
  const auto no = order("c", 1);
  BOOST_REQUIRE(no.has_value());
  BOOST_TEST((no->what.code == errc::overloaded));
  for (const auto* id : {"a", "b"})
    act(id, bulk_verb::stop);
  for (const auto* id : {"c", "d", "e"}) {
    now += 1s;
    BOOST_TEST(!order(id, 1));
    act(id, bulk_verb::stop);
  }
  run(3);
  BOOST_TEST(rows.size() == 2U);
  BOOST_TEST(lines.size() == 2U);
  BOOST_TEST(!keeper->find("a"));
  BOOST_TEST(keeper->find("e").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(writes_and_reads_an_operation) {
  bulk b;
  b.order = {.id = "x",
             .action = bulk_action::remove,
             .filter = {.ns = "a",
                        .workflow = "w",
                        .version = "1",
                        .status = instance_status::completed,
                        .state = "s",
                        .labels = {{"k", "v"}},
                        .started_after = from_unix_ms(5),
                        .quarantined = false},
             .args = {{"output", json::object{{"n", 1.0}}}},
             .rate = 0.5,
             .limit = 7,
             .matched = 9,
             .matched_all = false,
             .reason = "r",
             .by = {"who", "from", "token:1", "1", false},
             .created = from_unix_ms(3)};
  b.order.filter.labels["@i"] = "w"; // Of metadata.index.
  b.status = bulk_status::paused;
  b.cursor = "c";
  b.taken = 4;
  b.batch_from = 3;
  b.counts = {{bulk_outcome::done, 2}};
  b.updated = from_unix_ms(4);
  const auto text = encode_bulk(b);
  const auto back = decode_bulk(text);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(encode_bulk(*back) == text);
  BOOST_TEST((back->order.filter == b.order.filter));
  BOOST_TEST((back->order.by == b.order.by));
  BOOST_TEST(to_text(json::value(back->order.args))
             == R"({"output":{"n":1.0}})");
  for (const auto* bad :
       {"", "{}", "[]", R"({"id":"x"})", R"({"id":"x","action":"jump"})"})
    BOOST_TEST(!decode_bulk(bad), bad);
  BOOST_TEST(!decode_item(1, R"({"instance":"a"})"));
}

BOOST_AUTO_TEST_CASE(a_filter_without_status_selects_what_the_verb_can_act_on) {
  const auto until = from_unix_ms(1000);
  const auto shows = [&](bulk_action a, instance_status status,
                         std::optional<instance_status> asked = {}) {
    storage::head h;
    h.status = status;
    h.created = from_unix_ms(1000);
    return query_of({.status = asked}, a, until).shown(h);
  };
  using enum instance_status;
  BOOST_TEST(shows(bulk_action::pause, waiting));
  BOOST_TEST(!shows(bulk_action::pause, completed));
  BOOST_TEST(shows(bulk_action::pause, completed, completed));
  BOOST_TEST(shows(bulk_action::remove, completed));
  BOOST_TEST(!shows(bulk_action::remove, running));
  BOOST_TEST(shows(bulk_action::retry, faulted));
  BOOST_TEST(shows(bulk_action::cancel, faulted));
  storage::head late;
  late.status = waiting;
  late.created = from_unix_ms(1001);
  BOOST_TEST(!query_of({}, bulk_action::pause, until).shown(late));
}
