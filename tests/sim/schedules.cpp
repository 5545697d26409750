#define BOOST_TEST_MODULE sim.schedules

#include "base/random.hpp"
#include "workflow/schedule.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <map>

/// Schedules in a world that crashes between any two of their steps: what is
/// made must be what is made without a crash, each instance once.

using namespace pawl;
using namespace std::chrono_literals;

namespace {

constexpr int worlds = 400;
const timestamp start = *parse_timestamp("2026-03-28T12:00:00Z");

struct crash {};

/// What a disk and a registry keep through a crash.
struct world {
  explicit world(timetable t, std::uint64_t seed)
      : by{std::move(t)}, random{seed}, row{encode_schedule(
                                          new_schedule({"ns", "w", "1.0.0"},
                                                       "r", start, 0))} {}

  struct made {
    planned_run run;
    std::optional<timestamp> ended;
  };
  timetable by;
  split_mix random;
  std::string row;
  std::map<std::string, made> instances;
  std::vector<datum> log; ///< Events; number n is at n - 1.
  timestamp now = start;
  int odds = 0; ///< Of a crash, one in so many; 0: none.
  int crashes = 0;

  void maybe_crash() {
    if (odds == 0 || random() % static_cast<unsigned>(odds) != 0)
      return;
    ++crashes;
    throw crash{};
  }
  last_run last(const schedule_state& s) const {
    const auto found = instances.find(s.instance);
    if (found == instances.end() || found->second.ended)
      return {.ended = true,
              .at = found == instances.end() ? s.last : *found->second.ended};
    return {.ended = false, .at = {}};
  }
  /// A second creation under the same id is refused, as a registry does.
  void create(const planned_run& run) {
    maybe_crash();
    instances.emplace(run.instance, made{run, std::nullopt});
    maybe_crash();
  }
  void store(schedule_state& kept, schedule_state next) {
    maybe_crash();
    row = encode_schedule(next);
    maybe_crash();
    kept = std::move(next);
  }

  /// Until nothing is left to do; as the actor does it.
  void work() {
    auto kept = *decode_schedule(row);
    while (by.what.on ? read_page(kept) : see_to_time(kept))
      ;
  }
  bool see_to_time(schedule_state& kept) {
    auto plan = plan_at(by, kept, last(kept), now);
    if (plan.run)
      create(*plan.run);
    if (plan.changed)
      store(kept, std::move(plan.after));
    return plan.changed;
  }
  bool read_page(schedule_state& kept) {
    if (!by.what.may_overlap && !last(kept).ended)
      return false;
    definition of;
    instance_state nobody;
    evaluator values{of, nobody, {}, 1 << 20};
    auto next = kept;
    std::vector<planned_run> runs;
    bool changed = false;
    const auto page = 1 + random() % 8;
    std::uint64_t read = 0;
    std::string failure;
    for (; read < page && next.position < log.size()
           && (by.what.may_overlap || runs.empty());
         ++read) {
      values.begin_step(start);
      auto plan = plan_event(by, next,
                             {.number = next.position + 1,
                              .arrived = start,
                              .event = log[next.position]},
                             values, failure);
      changed = changed || plan.changed;
      if (plan.run)
        runs.push_back(*plan.run);
      next = std::move(plan.after);
    }
    // All at once: they are created in any order.
    while (!runs.empty()) {
      const auto one
        = runs.begin() + static_cast<std::ptrdiff_t>(random() % runs.size());
      create(*one);
      runs.erase(one);
    }
    if (changed)
      store(kept, std::move(next));
    else
      kept.position = next.position;
    return read > 0;
  }

  void work_through_crashes() {
    for (;;)
      try {
        return work();
      } catch (const crash&) {
      }
  }
};

timetable every(const char* text, bool may_overlap = true) {
  schedule s;
  s.every = *parse_iso_duration(text);
  s.may_overlap = may_overlap;
  return *make_timetable(s);
}

event_filter of_type(const char* type) {
  event_filter f;
  f.with.emplace_back("type",
                      dynamic_value{.form = make_datum(json::value(type))});
  f.correlate.push_back(
    {.key = "order", .from = *expression::compile(".data", {}), .expect = {}});
  return f;
}

timetable gathering_all(bool may_overlap) {
  schedule s;
  s.on.emplace();
  s.on->how = event_strategy::kind::all;
  s.on->filters = {of_type("a"), of_type("b"), of_type("c")};
  s.may_overlap = may_overlap;
  return *make_timetable(s);
}

std::vector<std::string> inputs_of(const world& w) {
  std::vector<std::string> out;
  for (const auto& [id, made] : w.instances)
    out.push_back(id + to_text(*made.run.input));
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_tick_makes_one_instance) {
  int crashes = 0;
  for (const bool cron : {false, true})
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
      schedule s;
      s.cron = "*/7 * * * * *";
      world w{cron ? *make_timetable(s) : every("PT7S"), seed};
      w.odds = 4;
      // In steps that are shorter than the interval none may be missed.
      for (int i = 0; i < 30; ++i) {
        w.now += std::chrono::milliseconds{w.random() % 3500};
        w.work_through_crashes();
      }
      std::map<timestamp, int> ticks;
      for (const auto& [id, made] : w.instances)
        ++ticks[made.run.due];
      w.odds = 0;
      const auto all
        = upcoming(w.by, new_schedule({}, "r", start, 0), {}, start, 20);
      for (const auto t : all)
        BOOST_TEST_REQUIRE(ticks[t] == (t <= w.now ? 1 : 0), seed);
      crashes += w.crashes;
    }
  BOOST_TEST(crashes > worlds);
}

BOOST_AUTO_TEST_CASE(long_stops_are_caught_up_once) {
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    world w{every("PT1S"), seed};
    w.odds = 3;
    std::size_t stops = 0;
    for (; stops < 5; ++stops) {
      w.now += std::chrono::seconds{2 + w.random() % 100'000};
      w.work_through_crashes(); // Time stands still: one tick is the newest.
      BOOST_TEST_REQUIRE(w.instances.size() == stops + 1, seed);
    }
  }
}

BOOST_AUTO_TEST_CASE(after_runs_one_at_a_time) {
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    schedule s;
    s.after = *parse_iso_duration("PT5S");
    world w{*make_timetable(s), seed};
    w.odds = 4;
    for (int i = 0; i < 40; ++i) {
      w.now += std::chrono::milliseconds{w.random() % 4000};
      w.work_through_crashes();
      int running = 0;
      for (auto& [id, made] : w.instances) {
        running += made.ended ? 0 : 1;
        if (!made.ended && w.random() % 2 == 0)
          made.ended = w.now;
      }
      BOOST_TEST_REQUIRE(running <= 1, seed);
    }
    BOOST_TEST_REQUIRE(w.instances.size() > 3U, seed);
    BOOST_TEST_REQUIRE(decode_schedule(w.row)->runs == w.instances.size());
  }
}

BOOST_AUTO_TEST_CASE(no_event_is_lost_or_counted_twice) {
  int crashes = 0;
  for (const bool may_overlap : {true, false})
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
      world calm{gathering_all(may_overlap), seed};
      world wild{gathering_all(may_overlap), seed};
      wild.odds = 5;
      split_mix choice{seed};
      for (int burst = 0; burst < 6; ++burst) {
        for (auto n = choice() % 12; n > 0; --n) {
          constexpr const char* types[] = {"a", "b", "c", "d"};
          const json::object event{{"type", types[choice() % 4]},
                                   {"data", choice() % 3}};
          calm.log.push_back(make_datum(event));
          wild.log.push_back(make_datum(event));
        }
        for (auto* w : {&calm, &wild}) {
          w->work_through_crashes();
          for (auto& [id, made] : w->instances)
            made.ended = w->now;
        }
      }
      // One at a time: until the last one has had its turn.
      for (int i = 0; i < 30; ++i)
        for (auto* w : {&calm, &wild}) {
          w->work_through_crashes();
          for (auto& [id, made] : w->instances)
            made.ended = w->now;
        }
      BOOST_TEST_REQUIRE(inputs_of(calm) == inputs_of(wild), seed);
      crashes += wild.crashes;
    }
  BOOST_TEST(crashes > worlds);
}
