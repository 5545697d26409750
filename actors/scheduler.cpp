#include "actors/scheduler.hpp"

#include "actors/errand.hpp"
#include "actors/schedule_view.hpp"
#include "actors/scheduled.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>

namespace pawl::actors {

namespace {

constexpr std::size_t page_size = 64;
constexpr std::size_t load_page = 256;
constexpr duration look_every{1000};
/// Before what was refused for lack of room is tried again.
constexpr duration rest{1000};
/// Before a definition that cannot be read is tried again.
constexpr duration long_rest{60'000};

struct state {
  static inline const char* name = "scheduler";

  explicit state(scheduler_actor::pointer me) : self{me} {}

  void load_all() {
    std::optional<storage::stored_schedule> after;
    for (;;) {
      auto rows = ctx->store.list_schedules(after, load_page);
      if (!rows)
        return log::error("scheduler.unreadable",
                          {{"detail", rows.error().detail}});
      for (const auto& row : *rows)
        take_in(row);
      if (rows->size() < load_page)
        break;
      after = rows->back();
    }
    look();
  }

  scheduled* take_in(const storage::stored_schedule& row) {
    auto kept = decode_schedule(row.state);
    if (!kept) {
      log::error("schedule.unreadable",
                 {{"namespace", row.ns}, {"workflow", row.name}});
      return nullptr;
    }
    auto& e = all[{row.ns, row.name}];
    e.kept = std::move(*kept);
    return &e;
  }

  scheduled* find(const schedule_key& which) {
    if (const auto known = all.find(which); known != all.end())
      return &known->second;
    const auto row = ctx->store.read_schedule(which.first, which.second);
    return row ? take_in(*row) : nullptr;
  }

  void go(const schedule_key& which, scheduled& e) {
    if (e.busy)
      return;
    if (e.stale || !e.wishes.empty())
      drop_step(*ctx, e);
    if (e.stale && !reload(which, e))
      return;
    if (!e.wishes.empty())
      return grant(which, e);
    e.due.reset();
    if (!e.by || e.kept.paused)
      return;
    const auto now = clock::now();
    if (ctx->draining || now < e.rests_until)
      return wake(e, std::max(e.rests_until, now + rest));
    if (e.waits)
      return make(which, e, std::move(e.next));
    if (e.by->what.on)
      return read_on(which, e);
    const auto last = last_run_of(*ctx, e.kept);
    auto plan = plan_at(*e.by, e.kept, last, now);
    if (plan.run) {
      e.runs.push_back(std::move(*plan.run));
      return make(which, e, std::move(plan.after));
    }
    if (plan.changed) {
      plan.after.held = held_on(*e.by, plan.after, now);
      return store(which, e, std::move(plan.after));
    }
    if (const auto due = next_due(*e.by, e.kept, last))
      wake(e, *due);
    if (e.by->what.after && !last.ended)
      await_end(which, e);
  }

  /// False if there is nothing more to be done now.
  bool reload(const schedule_key& which, scheduled& e) {
    auto loaded = load_schedule(*ctx, e.kept);
    if (!loaded) {
      log::error("schedule.unreadable", {{"namespace", which.first},
                                         {"workflow", which.second},
                                         {"detail", loaded.error().detail}});
      e.rests_until = clock::now() + long_rest;
      return false;
    }
    e.stale = false;
    static_cast<loaded_schedule&>(e) = std::move(*loaded);
    if (!e.flow) {
      forget(which);
      return false;
    }
    if (!e.fault.empty())
      log::error("schedule.faulted",
                 {{"schedule", schedule_id(e.kept)}, {"detail", e.fault}});
    e.reading = std::make_unique<schedule_reading>(*e.flow, ctx->limits());
    auto next = renewed(e.kept, schedule_rule(*e.flow), clock::now(),
                        ctx->store.last_event());
    if (next.rule == e.kept.rule)
      return true;
    store(which, e, std::move(next));
    return false;
  }

  /// No version is left; one may come just now, so the writer looks again.
  void forget(const schedule_key& which) {
    for (auto& w : all[which].wishes)
      w.reply->give(refusal{
        .what = {errc::not_found, "There is no schedule with this id."}});
    all.erase(which);
    caf::anon_send(
      ctx->writer.get(), write_job{[which](storage::store& s) -> result<> {
        const auto left = s.list_definitions(which.first, which.second, {}, 1);
        if (!left || !left->empty())
          return {};
        return s.remove_schedule(which.first, which.second);
      }});
  }

  void grant(const schedule_key& which, scheduled& e) {
    const auto& w = e.wishes.front();
    const auto now = clock::now();
    auto shown = static_cast<const loaded_schedule&>(e);
    shown.kept = w.what == schedule_wish::verb::pause
                   ? paused(e.kept, now, w.reason)
                   : resumed(e.kept, now);
    answer said{.body = to_text(json::value(shown_schedule(*ctx, shown, now)))};
    auto kept
      = answer_to_keep(w, said, now + ctx->options.retention.idempotency_for);
    e.answers = std::move(said);
    store(which, e, std::move(shown.kept), std::move(kept), w.note);
  }

  void await_end(const schedule_key& which, scheduled& e) {
    const auto key = key_of(e.kept.ns, e.kept.instance);
    e.ending = ctx->changes.observe(
      key, [which, me = caf::actor_cast<scheduler_actor>(self)](
             sequence, instance_status status) {
        if (ended(status))
          caf::anon_send(me, see_to_schedule{which});
      });
    // It may have ended before it was watched.
    if (last_run_of(*ctx, e.kept).ended)
      self->send(self, see_to_schedule{which});
  }

  // --- Instances ------------------------------------------------------------

  void make(const schedule_key& which, scheduled& e, schedule_state next) {
    e.busy = true;
    e.next = std::move(next);
    e.refused = sheds_starts(*ctx);
    if (e.refused)
      return made_all(which, e);
    const auto me = caf::actor_cast<scheduler_actor>(self);
    auto permit = admit_run(
      *ctx, e, [me, which] { caf::anon_send(me, see_to_schedule{which}); });
    if (permit.refused)
      return wait_for_room(which, e, *permit.refused);
    const auto limits = ctx->limiting;
    e.waits = false;
    e.out = e.runs.size();
    for (const auto& run : e.runs) {
      auto answer = make_answer([me, which, limits, permit, ns = e.kept.ns,
                                 instance = run.instance](const reply& r) {
        const auto* no = std::get_if<refusal>(&r);
        limits->settle_start(ns, key_of(ns, instance), permit, no == nullptr);
        caf::anon_send(
          me, run_made{which, instance,
                       no == nullptr ? std::nullopt : std::optional{no->what}});
      });
      self->send(ctx->registry.get(), wish_for(e, run, std::move(answer)));
    }
  }

  /// The step is kept, and tried again when there may be room.
  void wait_for_room(const schedule_key& which, scheduled& e,
                     const start_refusal& why) {
    e.busy = false;
    e.waits = true;
    wake(e, clock::now() + std::clamp(why.again, duration{20}, rest));
    if (e.kept.held)
      return;
    tell_held(e, why);
    auto marked = e.kept;
    marked.held = clock::now();
    e.planned = std::move(e.next);
    store(which, e, std::move(marked));
  }

  void take(const run_made& m) {
    const auto found = all.find(m.which);
    if (found == all.end() || found->second.out == 0)
      return;
    auto& e = found->second;
    // It is there from before a crash: that is as good as made.
    if (m.refused && m.refused->code != errc::already_exists) {
      e.refused = e.refused || is_lack(m.refused->code);
      log::warn("schedule.run_refused", {{"schedule", schedule_id(e.kept)},
                                         {"instance", m.instance},
                                         {"detail", m.refused->detail}});
    }
    if (--e.out == 0)
      made_all(m.which, e);
  }

  void made_all(const schedule_key& which, scheduled& e) {
    if (e.refused)
      drop_step(*ctx, e);
    e.runs.clear();
    if (e.refused) // All of it again, under the same ids.
      return take_rest(e);
    e.next.held = e.kept.held;
    e.next.held = held_on(*e.by, e.next, clock::now());
    store(which, e, std::move(e.next));
  }

  void take_rest(scheduled& e) {
    e.busy = false;
    e.rests_until = clock::now() + rest;
    wake(e, e.rests_until);
  }

  // --- The stored state -----------------------------------------------------

  void store(const schedule_key& which, scheduled& e, schedule_state next,
             std::optional<storage::kept_answer> kept = {},
             std::optional<storage::audit_entry> note = {}) {
    e.busy = true;
    e.next = std::move(next);
    auto done = std::make_shared<bool>(false);
    auto errand
      = make_errand([which, done, me = caf::actor_cast<scheduler_actor>(self)] {
          caf::anon_send(me, schedule_stored{which, *done});
        });
    caf::anon_send(
      ctx->writer.get(),
      write_job{[row = storage::stored_schedule{e.kept.ns, e.kept.name,
                                                encode_schedule(e.next)},
                 done, errand, kept = std::move(kept),
                 note = std::move(note)](storage::store& s) {
        auto put = s.put_schedule(row, kept, note);
        *done = put.has_value();
        return put;
      }});
  }

  void take(const schedule_stored& s) {
    const auto found = all.find(s.which);
    if (found == all.end())
      return;
    auto& e = found->second;
    e.busy = false;
    if (!s.done) { // The writer died over it.
      e.answers.reset();
      drop_step(*ctx, e);
      return take_rest(e);
    }
    if (e.next.dropped != e.kept.dropped)
      log::warn("schedule.gathering_dropped",
                {{"schedule", schedule_id(e.next)}});
    e.ending.reset();
    e.kept = std::move(e.next);
    if (auto planned = std::exchange(e.planned, std::nullopt))
      e.next = std::move(*planned);
    if (auto said = std::exchange(e.answers, std::nullopt)) {
      e.wishes.front().reply->give(std::move(*said));
      e.wishes.pop_front();
    }
    release();
    go(s.which, e);
  }

  // --- Events ----------------------------------------------------------------

  void read_on(const schedule_key& which, scheduled& e) {
    if (!e.by->what.may_overlap && !last_run_of(*ctx, e.kept).ended)
      return await_end(which, e);
    auto page = ctx->store.read_events(e.kept.position, page_size);
    if (!page)
      return log::error("scheduler.unreadable",
                        {{"detail", page.error().detail}});
    if (page->empty())
      return release();
    e.reading->begin(e.kept, std::move(*page));
    read_further(which, e);
  }

  void read_further(const schedule_key& which, scheduled& e) {
    if (auto needs = e.reading->read(*e.by, steps_singly(*ctx, e)))
      return ask_helper(which, e, std::move(*needs));
    auto& found = *e.reading;
    e.runs = std::move(found.runs);
    if (!e.runs.empty())
      return make(which, e, std::move(found.after));
    if (found.changed)
      return store(which, e, std::move(found.after));
    // Nothing was taken, so nothing is lost if it is read again.
    e.kept.position = found.after.position;
    self->send(self, see_to_schedule{which});
  }

  void ask_helper(const schedule_key& which, scheduled& e, evaluation what) {
    e.busy = true;
    const auto go_on = [this, which](result<std::vector<json::value>> values) {
      const auto found = all.find(which);
      if (found == all.end())
        return;
      found->second.busy = false;
      found->second.reading->resume(std::move(values));
      read_further(which, found->second);
    };
    self
      ->request(ctx->evaluator.get(), caf::infinite,
                evaluate{std::make_shared<const evaluation>(std::move(what)),
                         key_of(e.kept.ns, "schedule/" + e.kept.name)})
      .then(
        [go_on](evaluated& v) { go_on(std::move(v.values)); },
        [go_on](const caf::error&) {
          go_on(error{errc::internal, "The expression helpers have failed."});
        });
  }

  /// Events that every schedule has dealt with may go once they expire. One
  /// that is paused waits only as long as they are buffered.
  void release() {
    auto least = std::numeric_limits<std::uint64_t>::max();
    for (const auto& [which, e] : all)
      if (e.stale || (e.by && e.by->what.on && !e.kept.paused))
        least = std::min(least, e.kept.position);
    ctx->store.release_events(storage::event_reader::scheduler, least);
  }

  // --- Time ------------------------------------------------------------------

  void look() {
    const auto now = clock::now();
    auto next = now + look_every;
    // A step may erase its scheduled.
    for (auto at = all.begin(); at != all.end();) {
      auto& [which, e] = *at++;
      if ((e.stale && e.rests_until <= now) || (e.due && *e.due <= now))
        go(which, e);
    }
    for (const auto& [which, e] : all)
      if (e.due)
        next = std::min(next, *e.due);
    release();
    sleep(next - now);
  }

  void wake(scheduled& e, timestamp when) {
    e.due = when;
    sleep(when - clock::now());
  }

  /// By the steady clock, so that a wall clock that is set back stops nothing.
  /// A tick that comes before the next one is due begins no second row of
  /// ticks.
  void sleep(duration length) {
    constexpr std::chrono::milliseconds early{2}; // A tick may be so.
    const auto pause = std::clamp(length, duration{1}, look_every);
    const auto now = std::chrono::steady_clock::now();
    if (next_look > now + early && now + pause >= next_look)
      return;
    next_look = now + pause;
    self->delayed_send(self, pause, tick{});
  }

  void see_to_all_events() {
    for (auto at = all.begin(); at != all.end();) {
      auto& [which, e] = *at++;
      if (e.by && e.by->what.on)
        go(which, e);
    }
  }

  scheduler_actor::pointer self;
  context* ctx = nullptr;
  std::map<schedule_key, scheduled> all;
  std::chrono::steady_clock::time_point next_look;
};

scheduler_actor::behavior_type
scheduler(scheduler_actor::stateful_pointer<state> self, context* ctx) {
  self->state.ctx = ctx;
  self->send(self, tick{});
  const auto loaded = std::make_shared<bool>(false);
  return {
    [self](const see_to_schedule& s) {
      if (auto* e = self->state.find(s.which)) {
        e->stale = e->stale || s.versions_changed;
        self->state.go(s.which, *e);
      }
    },
    [self](schedule_wish& w) {
      const auto which = w.which;
      if (auto* e = self->state.find(which)) {
        e->wishes.push_back(std::move(w));
        self->state.go(which, *e);
      } else {
        w.reply->give(refusal{
          .what = {errc::not_found, "There is no schedule with this id."}});
      }
    },
    [self](const run_made& m) { self->state.take(m); },
    [self](const schedule_stored& s) { self->state.take(s); },
    [self](events_arrived) { self->state.see_to_all_events(); },
    [self, loaded](tick) {
      if (std::exchange(*loaded, true))
        self->state.look();
      else
        self->state.load_all();
    },
  };
}

} // namespace

scheduler_actor spawn_scheduler(caf::actor_system& sys, context& ctx) {
  return sys.spawn(scheduler, &ctx);
}

} // namespace pawl::actors
