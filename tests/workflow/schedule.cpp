#define BOOST_TEST_MODULE workflow.schedule

#include "workflow/schedule.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace pawl;
using namespace std::chrono_literals;

namespace {

timestamp at(std::string_view text) {
  return *parse_timestamp(text);
}
const timestamp noon = at("2026-01-31T12:00:00Z");

timetable every(std::string_view text, bool may_overlap = true) {
  schedule s;
  s.every = *parse_iso_duration(text);
  s.may_overlap = may_overlap;
  return *make_timetable(s);
}
timetable at_times(const std::string& text) {
  schedule s;
  s.cron = text;
  return *make_timetable(s);
}
timetable after(std::string_view text) {
  schedule s;
  s.after = *parse_iso_duration(text);
  return *make_timetable(s);
}
schedule_state fresh() {
  return new_schedule({"ns", "flow", "1.0.0"}, "rule", noon, 7);
}

expression::program_ptr program(std::string_view text) {
  return *expression::compile(text, {});
}
dynamic_value constant(std::string_view text) {
  return {.form = make_datum(json::value(text))};
}
/// Takes events of a type; those that belong together have the same order.
event_filter of_type(std::string_view type, bool correlated = false) {
  event_filter f;
  f.with.emplace_back("type", constant(type));
  if (correlated)
    f.correlate.push_back(
      {.key = "order", .from = program(".data.order"), .expect = {}});
  return f;
}
using how = event_strategy::kind;
event_strategy take(how kind, std::vector<event_filter> filters) {
  event_strategy out;
  out.how = kind;
  out.filters = std::move(filters);
  return out;
}
timetable on(event_strategy strategy, read_kind read = read_kind::data) {
  schedule s;
  s.on = std::move(strategy);
  s.read = read;
  return *make_timetable(s);
}

/// Feeds events to a schedule and notes down what it makes.
struct feeder {
  explicit feeder(timetable t) : by{std::move(t)} {}

  /// The input of the run that the event sets off; "" if it does not.
  std::string send(const std::string& type, int order, const char* more = "1") {
    const auto event
      = *parse_json(R"({"type":")" + type + R"(","data":{"order":)"
                    + std::to_string(order) + R"(,"n":)" + more + "}}");
    values.begin_step(noon);
    auto plan = plan_event(by, state,
                           {.number = state.position + 1,
                            .arrived = noon,
                            .event = make_datum(event)},
                           values, failure);
    BOOST_TEST_REQUIRE(!values.pending());
    BOOST_TEST(plan.after.position == state.position + 1);
    state = std::move(plan.after);
    if (!plan.run)
      return "";
    BOOST_TEST(ids.insert(plan.run->instance).second);
    BOOST_TEST(valid_instance_id(plan.run->instance));
    std::string out;
    for (const auto& one : plan.run->input->as_array())
      out += to_text(one.at("order")) + '.' + to_text(one.at("n")) + ' ';
    return out;
  }

  timetable by;
  schedule_state state = fresh();
  definition of;
  instance_state nobody;
  evaluator values{of, nobody, {}, 1 << 20};
  std::string failure;
  std::set<std::string> ids;
};

} // namespace

BOOST_AUTO_TEST_CASE(every_is_counted_from_the_registration) {
  const auto by = every("PT10M");
  auto s = fresh();
  BOOST_TEST((next_due(by, s, {}) == noon + 10min));
  BOOST_TEST(!plan_at(by, s, {}, noon + 10min - 1ms).run);
  const auto first = plan_at(by, s, {}, noon + 10min);
  BOOST_TEST_REQUIRE(first.run.has_value());
  BOOST_TEST((first.run->due == noon + 10min));
  BOOST_TEST(first.after.runs == 1U);
  BOOST_TEST(first.after.instance == first.run->instance);
  // What is late does not move what comes.
  s = plan_at(by, first.after, {}, noon + 29min).after;
  BOOST_TEST((s.last == noon + 20min));
  BOOST_TEST((next_due(by, s, {}) == noon + 30min));
}

BOOST_AUTO_TEST_CASE(months_are_counted_by_the_calendar) {
  const auto by = every("P1M");
  const auto next = upcoming(by, fresh(), {}, noon, 3);
  BOOST_TEST_REQUIRE(next.size() == 3U);
  BOOST_TEST((next[0] == at("2026-02-28T12:00:00Z")));
  BOOST_TEST((next[1] == at("2026-03-31T12:00:00Z")));
  BOOST_TEST((next[2] == at("2026-04-30T12:00:00Z")));
}

BOOST_AUTO_TEST_CASE(missed_runs_are_caught_up_once) {
  for (const auto& by : {every("PT1S"), at_times("* * * * * *")}) {
    auto plan = plan_at(by, fresh(), {}, noon + std::chrono::days{400} + 500ms);
    BOOST_TEST_REQUIRE(plan.run.has_value());
    BOOST_TEST((plan.run->due == noon + std::chrono::days{400}));
    plan = plan_at(by, plan.after, {}, noon + std::chrono::days{400} + 600ms);
    BOOST_TEST(!plan.run);
    BOOST_TEST(
      (next_due(by, plan.after, {}) == noon + std::chrono::days{400} + 1s));
  }
  // Two years of working hours: the newest one is that of Friday.
  const auto by = at_times("0 9-17 * * MON-FRI");
  const auto plan = plan_at(by, fresh(), {}, at("2028-01-30T03:00:00Z"));
  BOOST_TEST((plan.run->due == at("2028-01-28T17:00:00Z")));
}

BOOST_AUTO_TEST_CASE(ticks_that_wait_for_room_run_one_by_one) {
  const auto by = every("PT10M");
  auto state = fresh();
  state.held = noon + 11min;
  const auto now = noon + 35min;
  std::vector<timestamp> due;
  // All that wait are told, and then those to come.
  const auto told = upcoming(by, state, {}, now, 4);
  BOOST_TEST(
    (told
     == std::vector{noon + 10min, noon + 20min, noon + 30min, noon + 40min}));
  while (state.held) {
    const auto plan = plan_at(by, state, {}, now);
    BOOST_REQUIRE(plan.run.has_value());
    due.push_back(plan.run->due);
    state = plan.after;
    state.held = held_on(by, state, now);
  }
  BOOST_TEST((due == std::vector{noon + 10min, noon + 20min, noon + 30min}));
  BOOST_TEST(state.skipped == 0U);
  BOOST_TEST(!plan_at(by, state, {}, now).run);
}

BOOST_AUTO_TEST_CASE(ticks_do_not_wait_for_room_for_more_than_a_day) {
  auto state = fresh();
  state.held = noon;
  const auto hourly = plan_at(every("PT1H"), state, {}, noon + 30h);
  BOOST_TEST((hourly.run.value().due == noon + 6h));
  BOOST_TEST(hourly.after.skipped == 1U);
  // The newest waits for as long as it takes.
  const auto weekly = plan_at(every("P7D"), state, {}, noon + 20 * 24h);
  BOOST_TEST((weekly.run.value().due == noon + 14 * 24h));
  const auto daily = plan_at(at_times("0 0 * * *"), state, {}, noon + 72h);
  BOOST_TEST((daily.run.value().due == noon + 60h));
}

BOOST_AUTO_TEST_CASE(what_waits_for_room_is_forgotten_with_a_pause) {
  auto state = fresh();
  state.held = noon;
  BOOST_TEST(!paused(state, noon + 1h, "").held);
  BOOST_TEST(!renewed(state, "another", noon + 1h, 7).held);
  BOOST_TEST((renewed(state, "rule", noon + 1h, 7).held == noon));
  BOOST_TEST(!held_on(after("PT1M"), state, noon + 1h));
}

BOOST_AUTO_TEST_CASE(the_id_of_a_run_follows_from_its_cause) {
  const auto by = every("PT10M");
  const auto s = fresh();
  const auto one = plan_at(by, s, {}, noon + 10min).run->instance;
  BOOST_TEST(plan_at(by, s, {}, noon + 19min).run->instance == one);
  BOOST_TEST(plan_at(by, s, {}, noon + 20min).run->instance != one);
  auto other = s;
  other.name = "flow2";
  BOOST_TEST(plan_at(by, other, {}, noon + 10min).run->instance != one);
  other = s;
  other.created += 1ms; // All versions were removed, and it came again.
  BOOST_TEST(plan_at(by, other, {}, noon + 10min).run->instance != one);
}

BOOST_AUTO_TEST_CASE(a_tick_is_skipped_while_the_last_run_goes_on) {
  const auto by = every("PT10M", false);
  auto s = plan_at(by, fresh(), {}, noon + 10min).after;
  const last_run running{.ended = false, .at = {}};
  const auto plan = plan_at(by, s, running, noon + 20min);
  BOOST_TEST(!plan.run);
  BOOST_TEST(plan.changed);
  BOOST_TEST(plan.after.skipped == 1U);
  BOOST_TEST((next_due(by, plan.after, running) == noon + 30min));
  BOOST_TEST(plan_at(by, plan.after, {}, noon + 30min).run.has_value());
  BOOST_TEST(plan_at(every("PT10M"), s, running, noon + 20min).run.has_value());
}

BOOST_AUTO_TEST_CASE(after_begins_at_once_and_waits_for_each_end) {
  const auto by = after("PT5M");
  const auto first = plan_at(by, fresh(), {}, noon);
  BOOST_TEST_REQUIRE(first.run.has_value());
  const auto& s = first.after;
  const last_run running{.ended = false, .at = {}};
  BOOST_TEST(!next_due(by, s, running));
  BOOST_TEST(!plan_at(by, s, running, noon + 9h).run);
  const last_run over{.ended = true, .at = noon + 1h};
  BOOST_TEST((next_due(by, s, over) == noon + 1h + 5min));
  BOOST_TEST(!plan_at(by, s, over, noon + 1h).run);
  const auto second = plan_at(by, s, over, noon + 9h);
  BOOST_TEST_REQUIRE(second.run.has_value());
  BOOST_TEST(second.run->instance != first.run->instance);
  // The end may move when an operator reopens a faulted run; the id may not.
  const last_run moved{.ended = true, .at = noon + 2h};
  BOOST_TEST(plan_at(by, s, moved, noon + 9h).run->instance
             == second.run->instance);
}

BOOST_AUTO_TEST_CASE(a_pause_leaves_its_ticks_out) {
  const auto by = every("PT10M");
  auto s = paused(fresh(), noon + 5min, "month end");
  BOOST_TEST(!next_due(by, s, {}));
  BOOST_TEST(!plan_at(by, s, {}, noon + 1h).run);
  s = resumed(s, noon + 65min);
  BOOST_TEST(!s.paused);
  BOOST_TEST(!plan_at(by, s, {}, noon + 65min).run);
  BOOST_TEST((next_due(by, s, {}) == noon + 70min));
}

BOOST_AUTO_TEST_CASE(another_rule_is_counted_anew) {
  const auto s = plan_at(every("PT10M"), fresh(), {}, noon + 10min).after;
  BOOST_TEST((renewed(s, "rule", noon + 15min, 99).since == noon));
  const auto other = renewed(s, "other", noon + 15min, 99);
  BOOST_TEST((next_due(every("PT1H"), other, {}) == noon + 75min));
  BOOST_TEST(other.runs == 1U);
  BOOST_TEST(other.position == 7U); // Events go on where it stopped,
  const auto none = renewed(s, "", noon, 99);
  BOOST_TEST(!next_due(every("PT1H"), none, {}));
  BOOST_TEST(renewed(none, "rule", noon, 99).position == 99U); // or begin.
}

BOOST_AUTO_TEST_CASE(each_event_that_fits_makes_an_instance) {
  feeder one{on(take(how::one, {of_type("a")}))};
  BOOST_TEST(one.send("b", 1) == "");
  BOOST_TEST(one.send("a", 1) == "1.1 ");
  BOOST_TEST(one.send("a", 1) == "1.1 ");
  BOOST_TEST(one.state.runs == 2U);
  feeder any{on(take(how::any, {of_type("a"), of_type("b")}))};
  BOOST_TEST(any.send("b", 1) == "1.1 ");
  BOOST_TEST(any.send("c", 2) == "");
  feeder all_events{on(take(how::any, {}))};
  BOOST_TEST(all_events.send("x", 5) == "5.1 ");
}

BOOST_AUTO_TEST_CASE(all_waits_for_each_filter_and_correlates) {
  feeder f{on(take(how::all, {of_type("paid", true), of_type("sent", true)}))};
  BOOST_TEST(f.send("paid", 1) == "");
  BOOST_TEST(f.send("paid", 2) == "");
  BOOST_TEST(f.send("sent", 3) == "");
  BOOST_TEST(f.state.gatherings.size() == 3U);
  BOOST_TEST(f.send("sent", 2, "7") == "2.1 2.7 ");
  BOOST_TEST(f.send("sent", 2) == ""); // Of the next set.
  BOOST_TEST(f.send("sent", 1, "8") == "1.1 1.8 ");
  BOOST_TEST(f.send("paid", 3, "9") == "3.1 3.9 ");
  BOOST_TEST(f.state.gatherings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(any_gathers_until_it_is_told_to_stop) {
  auto by = take(how::any, {of_type("line")});
  by.until = program("length == 3");
  feeder count{on(by)};
  BOOST_TEST(count.send("line", 1) == "");
  BOOST_TEST(count.send("line", 2) == "");
  BOOST_TEST(count.send("line", 3) == "1.1 2.1 3.1 ");
  BOOST_TEST(count.send("line", 4) == "");
  by.until.reset();
  by.until_events
    = std::make_shared<event_strategy>(take(how::one, {of_type("end")}));
  feeder ended{on(by)};
  BOOST_TEST(ended.send("end", 0) == ""); // It would end nothing.
  BOOST_TEST(ended.send("line", 1) == "");
  BOOST_TEST(ended.send("line", 2) == "");
  BOOST_TEST(ended.send("end", 0) == "1.1 2.1 ");
  BOOST_TEST(ended.state.gatherings.empty());
}

BOOST_AUTO_TEST_CASE(a_filter_that_fails_takes_nothing) {
  auto filter = of_type("a");
  filter.with.emplace_back("data",
                           dynamic_value{.form = program(".order + {}")});
  feeder f{on(take(how::one, {filter}))};
  BOOST_TEST(f.send("a", 1) == "");
  BOOST_TEST(f.failure.empty()); // It is not the event that it is for.
  filter.with.back() = {"subject", dynamic_value{.form = program("{} + 1")}};
  feeder own{on(take(how::one, {filter}))};
  BOOST_TEST(own.send("a", 1) == "");
  BOOST_TEST(!own.failure.empty());
}

BOOST_AUTO_TEST_CASE(open_gatherings_are_bounded) {
  feeder f{on(take(how::all, {of_type("paid", true), of_type("sent", true)}))};
  for (int i = 0; i < 300; ++i)
    BOOST_TEST_REQUIRE(f.send("paid", i) == "");
  BOOST_TEST(f.state.gatherings.size() == gatherings_max);
  BOOST_TEST(f.state.dropped == 300 - gatherings_max);
  BOOST_TEST(f.send("sent", 299) == "299.1 299.1 ");
}

BOOST_AUTO_TEST_CASE(a_state_reads_back_as_it_was_written) {
  feeder f{on(take(how::all, {of_type("paid", true), of_type("sent", true)}))};
  f.send("paid", 1);
  f.state = paused(f.state, noon, "why");
  const auto bytes = encode_schedule(f.state);
  auto back = decode_schedule(bytes);
  BOOST_TEST_REQUIRE(static_cast<bool>(back));
  BOOST_TEST(encode_schedule(*back) == bytes);
  f.state = resumed(*back, noon);
  BOOST_TEST(f.send("sent", 1) == "1.1 1.1 ");
  for (std::size_t n = 0; n < bytes.size(); ++n)
    BOOST_TEST(!decode_schedule(bytes.substr(0, n)));
}

BOOST_AUTO_TEST_CASE(needs_a_zone_that_is_there) {
  schedule s;
  s.cron = "CRON_TZ=Middle/Earth 0 9 * * *";
  BOOST_TEST((make_timetable(s).error().code == errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(past_ticks_are_those_that_would_have_run) {
  const auto hourly = at_times("0 * * * *");
  const auto ticks = ticks_between(hourly, fresh(), noon, noon + 3h, 100);
  BOOST_TEST_REQUIRE(ticks.size() == 3U); // The first is in, the last is not.
  BOOST_TEST((ticks.front() == noon));
  BOOST_TEST((ticks.back() == noon + 2h));
  BOOST_TEST(ticks_between(hourly, fresh(), noon, noon + 3h, 2).size() == 2U);
  BOOST_TEST(
    ticks_between(hourly, fresh(), noon + 1min, noon + 2min, 9).empty());
  // The instance is the one that the schedule itself makes.
  auto state = fresh();
  const auto plan = plan_at(hourly, state, {}, noon + 1h);
  BOOST_TEST(plan.run.value().instance
             == run_of_tick(state, noon + 1h).instance);
}

BOOST_AUTO_TEST_CASE(past_ticks_of_every_count_backwards_too) {
  const auto state = fresh(); // Since noon of 31 January.
  auto ticks = ticks_between(every("PT40M"), state, noon - 1h, noon + 1h, 100);
  BOOST_TEST_REQUIRE(ticks.size() == 3U);
  BOOST_TEST((ticks[0] == noon - 40min));
  BOOST_TEST((ticks[1] == noon));
  BOOST_TEST((ticks[2] == noon + 40min));
  ticks = ticks_between(every("P1M"), state, at("2025-11-01T00:00:00Z"),
                        at("2026-03-01T00:00:00Z"), 100);
  BOOST_TEST_REQUIRE(ticks.size() == 4U);
  BOOST_TEST((ticks[0] == at("2025-11-30T12:00:00Z")));
  BOOST_TEST((ticks[3] == at("2026-02-28T12:00:00Z")));
  BOOST_TEST(ticks_between(after("PT1H"), state, noon, noon + 9h, 9).empty());
  BOOST_TEST(ticks_between(every("PT1S"), state, timestamp{}, noon, 7).size()
             == 7U);
}
