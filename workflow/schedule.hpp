#pragma once

#include "workflow/cron.hpp"
#include "workflow/definition.hpp"
#include "workflow/listening.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// When schedules make instances: pure decisions over what is kept of a
/// schedule. Whoever carries a decision out creates the instance first and
/// stores the state behind it second. The instance's id follows from the
/// schedule and from what set it off, so doing both again after a crash makes
/// no second instance.
namespace pawl {

/// Events that are on their way to making one instance.
struct gathering {
  std::vector<std::uint32_t> matched; ///< Filters that have had their event.
  datum correlation = null_datum();   ///< What the keys must be; an object.
  std::vector<std::uint64_t> numbers; ///< Of the events, by arrival.
  std::vector<datum> events;          ///< Those that are put out, whole.
};

/// All that is kept of a schedule. There is one for each workflow (a namespace
/// and a name) of which a version with a `schedule` was registered; what counts
/// is the highest version. On disk: docs/format/schedule.md.
struct schedule_state {
  std::string ns, name;
  std::string rule;  ///< Digest of the `schedule` that is counted by; "" while
                     ///< the highest version has none.
  timestamp created; ///< Of this state; never changes.
  timestamp since;   ///< What `every` and `cron` are counted from.
  timestamp last;    ///< The last tick that was dealt with; `since` at first.
  std::uint64_t runs = 0;    ///< Instances made, those of a trigger left out.
  std::uint64_t skipped = 0; ///< Ticks not run, since the last one still ran.
  std::uint64_t dropped = 0; ///< Gatherings given up, for there were too many.
  std::string instance;      ///< The last one made; "" if there is none.
  std::optional<timestamp> paused;
  std::string reason;         ///< Of the pause.
  std::uint64_t position = 0; ///< `on`: the last event that was dealt with.
  std::vector<gathering> gatherings; ///< `on`: at most gatherings_max.
  /// Since when its next run waits for room in the namespace. As long as it
  /// does, ticks do not count as one: each runs, in order.
  std::optional<timestamp> held = {};
};

/// Ticks that wait for room are given up after so long, but for the newest.
inline constexpr duration held_for = std::chrono::hours{24};

/// Gatherings that a schedule may have open; one more, and the oldest goes.
inline constexpr std::size_t gatherings_max = 256;

/// A schedule with what is read of it once.
struct timetable {
  schedule what;
  std::optional<cron> times;
  time_zone zone;
};

/// Reads the cron expression of `what` and its zone. Blocks on the disk.
/// Fails with errc::malformed, errc::invalid_request (no such zone),
/// errc::corrupt.
[[nodiscard]] result<timetable> make_timetable(const schedule& what);

/// Names what `of.scheduled` says: two versions with the same digest are
/// counted through. "" if there is no schedule.
[[nodiscard]] std::string schedule_rule(const definition& of);

/// The state of a schedule that is new. `events` is the number of the last
/// event that arrived before it.
[[nodiscard]] schedule_state new_schedule(const definition_id& of,
                                          std::string rule, timestamp now,
                                          std::uint64_t events);

/// The state once the highest version says `rule`. The same rule changes
/// nothing; another begins to count anew, but takes up the events where the
/// former stopped.
[[nodiscard]] schedule_state renewed(schedule_state was, std::string rule,
                                     timestamp now, std::uint64_t events);

/// Pauses, or goes on. Ticks that a pause covers are left out; events wait as
/// long as they are buffered.
[[nodiscard]] schedule_state paused(schedule_state was, timestamp now,
                                    std::string reason);
[[nodiscard]] schedule_state resumed(schedule_state was, timestamp now);

/// An instance to be made.
struct planned_run {
  std::string instance; ///< Its id.
  timestamp due;
  datum input = null_datum();
};

/// What is known of the last instance that a schedule made.
struct last_run {
  bool ended = true; ///< Also if there is none, or none any more.
  timestamp at;      ///< When it ended.
};

/// What a schedule does now: the run, if there is one, and then the state.
struct schedule_plan {
  std::optional<planned_run> run;
  schedule_state after;
  bool changed = false; ///< `after` is another than before, without a run.
};

/// What `every`, `cron` and `after` do at `now`. Ticks that were missed count
/// as one: the newest of them runs. While a run is held, the oldest runs. With
/// `overlap: skip` a tick is passed over while the last instance runs.
[[nodiscard]] schedule_plan plan_at(const timetable& by,
                                    const schedule_state& state,
                                    const last_run& last, timestamp now);

/// schedule_state::held of a `state` that a step has led to: as it was, if
/// there is more that waits.
[[nodiscard]] std::optional<timestamp>
held_on(const timetable& by, const schedule_state& state, timestamp now);

/// When plan_at has something to do at the earliest; none: not before
/// something else happens.
[[nodiscard]] std::optional<timestamp> next_due(const timetable& by,
                                                const schedule_state& state,
                                                const last_run& last);

/// The next `count` ticks after `now`, as far as they are known.
[[nodiscard]] std::vector<timestamp> upcoming(const timetable& by,
                                              const schedule_state& state,
                                              const last_run& last,
                                              timestamp now, std::size_t count);

/// The times of `every` and `cron` in [from, to), also those of before
/// the schedule was registered. At most `count`; more than a few
/// thousand take their time.
[[nodiscard]] std::vector<timestamp> ticks_between(const timetable& by,
                                                   const schedule_state& state,
                                                   timestamp from, timestamp to,
                                                   std::size_t count);

/// The run of the tick at `when`: the same instance, whoever makes it.
[[nodiscard]] planned_run run_of_tick(const schedule_state& state,
                                      timestamp when);

/// An event as a schedule sees it.
struct scheduled_event {
  std::uint64_t number = 0;
  timestamp arrived;
  datum event = null_datum();
};

/// What `on` does with the next event. An event goes to the oldest gathering
/// that takes it, else it begins one. If `values.pending()` is true afterwards,
/// the answer means nothing and the call is to be made again with one more
/// value known. A filter that fails on an event does not take it; `failure`
/// then says why.
[[nodiscard]] schedule_plan plan_event(const timetable& by,
                                       const schedule_state& state,
                                       const scheduled_event& arrived,
                                       evaluator& values, std::string& failure);

/// The bytes of a state, and back. Fails with errc::corrupt.
[[nodiscard]] std::string encode_schedule(const schedule_state& state);
[[nodiscard]] result<schedule_state> decode_schedule(std::string_view bytes);

} // namespace pawl
