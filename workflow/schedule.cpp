#include "workflow/schedule.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pawl {

namespace {

/// Counts beyond this are past all durations that we take.
constexpr std::int64_t ticks_max = std::int64_t{1} << 46;
/// Ticks are at least a second apart: this is soon looked through.
constexpr duration looked_through = std::chrono::hours{1};

/// The id of what `cause` sets off: a ULID whose random part is not random.
std::string id_of(const schedule_state& s, timestamp when,
                  const std::string& cause) {
  const auto digest
    = sha256(s.ns + '/' + s.name + '/' + std::to_string(unix_ms(s.created))
             + '/' + cause);
  std::array<std::uint8_t, 10> entropy{};
  std::copy_n(digest.begin(), entropy.size(), entropy.begin());
  return make_ulid(unix_ms(when), entropy);
}

const calendar_duration* known(const std::optional<duration_rule>& rule) {
  return rule ? std::get_if<calendar_duration>(&*rule) : nullptr;
}

/// The time of tick `n` of `every`, if it can be told.
std::optional<timestamp> tick(timestamp since, const calendar_duration& every,
                              std::int64_t n) {
  constexpr std::int64_t months_max{96'000}; // 8000 years.
  constexpr duration rest_max = std::chrono::days{8000 * 366};
  const auto far = n < 0 ? -n : n;
  if ((every.months > 0 && far > months_max / every.months)
      || (every.rest > duration{0} && far > rest_max / every.rest))
    return std::nullopt;
  return add(since,
             {static_cast<std::int32_t>(every.months * n), every.rest * n});
}

/// How many ticks of `every` are at or before `now`.
std::int64_t ticks_until(timestamp since, const calendar_duration& every,
                         timestamp now) {
  std::int64_t low = 0;
  std::int64_t high = ticks_max;
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    const auto at = tick(since, every, middle);
    (at && *at <= now ? low : high) = middle;
  }
  return low;
}

/// The number of the first tick of `every` at or after `when`, counted
/// backwards where that is before all of them.
std::int64_t first_tick(timestamp since, const calendar_duration& every,
                        timestamp when) {
  std::int64_t low = -ticks_max;
  std::int64_t high = ticks_max;
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    const auto at = tick(since, every, middle);
    const bool early = at ? *at < when : middle < 0;
    (early ? low : high) = middle;
  }
  return high;
}

bool counts(const calendar_duration& every) {
  return every.months > 0 || every.rest > duration{0};
}

/// The newest tick of a cron expression in (after, now].
std::optional<timestamp> newest(const timetable& by, timestamp after,
                                timestamp now) {
  const auto first = next_after(*by.times, by.zone, after);
  if (!first || *first > now)
    return std::nullopt;
  // By halves, until what is left is soon looked through.
  auto low = *first;
  auto high = now;
  while (high - low > looked_through) {
    const auto middle = low + (high - low) / 2;
    const auto found = next_after(*by.times, by.zone, middle);
    if (found && *found <= now)
      low = *found;
    else
      high = middle;
  }
  for (auto next = next_after(*by.times, by.zone, low); next && *next <= now;
       next = next_after(*by.times, by.zone, low))
    low = *next;
  return low;
}

/// The newest tick after the last one, at or before `now`.
std::optional<timestamp> newest_tick(const timetable& by,
                                     const schedule_state& s, timestamp now) {
  if (by.times)
    return newest(by, s.last, now);
  const auto* every = known(by.what.every);
  if (every == nullptr || !counts(*every))
    return std::nullopt;
  const auto n = ticks_until(s.since, *every, now);
  const auto at = n > 0 ? tick(s.since, *every, n) : std::nullopt;
  return at && *at > s.last ? at : std::nullopt;
}

std::optional<timestamp> tick_after(const timetable& by,
                                    const schedule_state& s, timestamp when) {
  if (by.times)
    return next_after(*by.times, by.zone, when);
  const auto* every = known(by.what.every);
  if (every == nullptr || !counts(*every))
    return std::nullopt;
  return tick(s.since, *every, ticks_until(s.since, *every, when) + 1);
}

/// The oldest tick after the last one that is not given up.
std::optional<timestamp> waiting_tick(const timetable& by,
                                      const schedule_state& s, timestamp now) {
  const auto first = tick_after(by, s, s.last);
  if (!first || *first > now)
    return std::nullopt;
  if (now - *first <= held_for)
    return first;
  const auto later = tick_after(by, s, now - held_for - duration{1});
  return later && *later <= now ? later : newest_tick(by, s, now);
}

/// When `after` is due: at once if nothing has run yet.
std::optional<timestamp> due_again(const timetable& by, const schedule_state& s,
                                   const last_run& last) {
  const auto* after = known(by.what.after);
  if (after == nullptr || !last.ended)
    return std::nullopt;
  return s.instance.empty() ? s.since : add(last.at, *after);
}

schedule_plan running(const schedule_state& state, planned_run run) {
  schedule_plan plan{.run = std::move(run), .after = state, .changed = true};
  ++plan.after.runs;
  plan.after.instance = plan.run->instance;
  return plan;
}

std::string sentence_of(const raised& why) {
  const auto* detail = why.problem.if_contains("detail");
  return detail != nullptr && detail->is_string()
           ? std::string{detail->get_string()}
           : "A filter cannot be evaluated.";
}

struct found_place {
  std::size_t place = 0; ///< Of the gathering; behind the last: a new one.
  event_match match;
};

struct search {
  std::optional<found_place> found;
  std::string failure; ///< Of a filter that could not be evaluated.
};

/// Where an event goes, if anywhere.
search find_place(const event_strategy& by, const schedule_state& s,
                  const scheduled_event& arrived, evaluator& values,
                  const vantage& at) {
  const gathering none;
  search out;
  for (std::size_t i = 0; i <= s.gatherings.size(); ++i) {
    const bool begins = i == s.gatherings.size();
    const auto& g = begins ? none : s.gatherings[i];
    auto match
      = match_event(values, by, {g.matched, g.correlation}, *arrived.event, at);
    if (values.pending())
      return out;
    if (!match) {
      out.failure = sentence_of(match.error());
    } else if (*match) {
      if (!begins || !(*match)->ends) // It would end what has not begun.
        out.found = found_place{i, std::move(**match)};
      return out;
    }
  }
  return out;
}

void take_in(gathering& g, const event_match& match,
             const scheduled_event& arrived) {
  g.numbers.push_back(arrived.number);
  if (match.filter > 0)
    g.matched.push_back(match.filter);
  if (match.correlation)
    g.correlation = match.correlation;
  if (!match.ends)
    g.events.push_back(arrived.event);
}

/// The gathering at `place` is complete.
schedule_plan closing(schedule_state s, std::size_t place, timestamp when,
                      datum input) {
  std::string cause = "events";
  for (const auto number : s.gatherings[place].numbers)
    cause += ' ' + std::to_string(number);
  s.gatherings.erase(s.gatherings.begin() + static_cast<std::ptrdiff_t>(place));
  auto plan = running(s, {.instance = id_of(s, when, cause),
                          .due = when,
                          .input = std::move(input)});
  plan.after.last = std::max(when, s.last);
  return plan;
}

} // namespace

result<timetable> make_timetable(const schedule& what) {
  timetable out{.what = what, .times = {}, .zone = {}};
  if (what.cron.empty())
    return out;
  auto times = parse_cron(what.cron);
  if (!times)
    return times.error();
  auto zone = time_zone::load(times->zone);
  if (!zone)
    return zone.error();
  out.times = std::move(*times);
  out.zone = std::move(*zone);
  return out;
}

std::string schedule_rule(const definition& of) {
  const auto* members = of.document.if_object();
  const auto* rule
    = members == nullptr ? nullptr : members->if_contains("schedule");
  if (rule == nullptr || !of.scheduled)
    return {};
  return to_hex(sha256(to_canonical_text(*rule)));
}

schedule_state new_schedule(const definition_id& of, std::string rule,
                            timestamp now, std::uint64_t events) {
  schedule_state s;
  s.ns = of.ns;
  s.name = of.name;
  s.rule = std::move(rule);
  s.created = now;
  s.since = now;
  s.last = now;
  s.position = events;
  return s;
}

schedule_state renewed(schedule_state was, std::string rule, timestamp now,
                       std::uint64_t events) {
  if (was.rule == rule)
    return was;
  if (was.rule.empty())
    was.position = events;
  was.rule = std::move(rule);
  was.since = now;
  was.last = now;
  was.gatherings.clear();
  was.held.reset();
  return was;
}

schedule_state paused(schedule_state was, timestamp now, std::string reason) {
  if (was.paused)
    return was;
  was.paused = now;
  was.reason = std::move(reason);
  was.held.reset();
  return was;
}

schedule_state resumed(schedule_state was, timestamp now) {
  if (!was.paused)
    return was;
  was.paused.reset();
  was.reason.clear();
  was.last = std::max(was.last, now);
  return was;
}

schedule_plan plan_at(const timetable& by, const schedule_state& state,
                      const last_run& last, timestamp now) {
  schedule_plan idle{.run = {}, .after = state, .changed = false};
  if (state.paused || state.rule.empty() || by.what.on)
    return idle;
  if (by.what.after) {
    const auto due = due_again(by, state, last);
    if (!due || *due > now)
      return idle;
    // By the number of the run: when it is due depends on an end that an
    // operator's retry may move.
    auto plan = running(
      state, {.instance
              = id_of(state, state.last, "after " + std::to_string(state.runs)),
              .due = *due,
              .input = make_datum(json::object{})});
    plan.after.last = std::max(*due, state.last);
    return plan;
  }
  const auto at
    = state.held ? waiting_tick(by, state, now) : newest_tick(by, state, now);
  if (!at)
    return idle;
  if (!by.what.may_overlap && !last.ended) {
    ++idle.after.skipped;
    idle.after.last = *at;
    idle.changed = true;
    return idle;
  }
  auto plan = running(state, run_of_tick(state, *at));
  if (state.held && at != tick_after(by, state, state.last))
    ++plan.after.skipped; // Those that have waited for too long.
  plan.after.last = *at;
  return plan;
}

planned_run run_of_tick(const schedule_state& state, timestamp when) {
  return {.instance
          = id_of(state, when, "tick " + std::to_string(unix_ms(when))),
          .due = when,
          .input = make_datum(json::object{})};
}

std::vector<timestamp> ticks_between(const timetable& by,
                                     const schedule_state& state,
                                     timestamp from, timestamp to,
                                     std::size_t count) {
  std::vector<timestamp> out;
  const auto* every = known(by.what.every);
  if (!by.times && (every == nullptr || !counts(*every)))
    return out;
  auto n = by.times ? 0 : first_tick(state.since, *every, from);
  auto next = by.times ? next_after(*by.times, by.zone, from - duration{1})
                       : tick(state.since, *every, n);
  while (next && *next < to && out.size() < count) {
    out.push_back(*next);
    next = by.times ? next_after(*by.times, by.zone, *next)
                    : tick(state.since, *every, ++n);
  }
  return out;
}

std::optional<timestamp> held_on(const timetable& by,
                                 const schedule_state& state, timestamp now) {
  if (!state.held || by.what.on || by.what.after)
    return std::nullopt;
  const auto next = tick_after(by, state, state.last);
  return next && *next <= now ? state.held : std::nullopt;
}

std::optional<timestamp> next_due(const timetable& by,
                                  const schedule_state& state,
                                  const last_run& last) {
  if (state.paused || state.rule.empty() || by.what.on)
    return std::nullopt;
  return by.what.after ? due_again(by, state, last)
                       : tick_after(by, state, state.last);
}

std::vector<timestamp> upcoming(const timetable& by,
                                const schedule_state& state,
                                const last_run& last, timestamp now,
                                std::size_t count) {
  std::vector<timestamp> out;
  auto next = next_due(by, state, last);
  if (by.what.after) {
    if (next && count > 0)
      out.push_back(*next);
    return out;
  }
  // One that is overdue stands for all that are, unless they wait.
  for (; next && out.size() < count;
       next = tick_after(by, state, state.held ? *next : std::max(*next, now)))
    out.push_back(*next);
  return out;
}

schedule_plan plan_event(const timetable& by, const schedule_state& state,
                         const scheduled_event& arrived, evaluator& values,
                         std::string& failure) {
  schedule_plan idle{.run = {}, .after = state, .changed = false};
  idle.after.position = arrived.number;
  if (!by.what.on || state.rule.empty())
    return idle;
  vantage at;
  at.raw = at.input = null_datum();
  at.started = arrived.arrived;
  auto [found, unreadable]
    = find_place(*by.what.on, state, arrived, values, at);
  if (!unreadable.empty())
    failure = std::move(unreadable);
  if (values.pending() || !found)
    return idle;
  auto plan = idle;
  plan.changed = true;
  auto& all = plan.after.gatherings;
  if (found->place == all.size())
    all.emplace_back();
  auto& g = all[found->place];
  take_in(g, found->match, arrived);
  json::array read;
  for (const auto& e : g.events)
    read.push_back(*read_event(by.what.read, e));
  const auto gathered = make_datum(std::move(read));
  // An `until` of any event whatever is over with the first.
  bool over = found->match.ends && found->match.filter == 0;
  if (auto said = is_over(values, *by.what.on, g.matched, *gathered, at); said)
    over = over || *said;
  else
    failure = sentence_of(said.error());
  if (values.pending())
    return idle;
  if (over)
    return closing(plan.after, found->place, arrived.arrived, gathered);
  if (all.size() > gatherings_max) {
    all.erase(all.begin());
    ++plan.after.dropped;
  }
  return plan;
}

} // namespace pawl
