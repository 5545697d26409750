#include "actors/timers.hpp"

#include "actors/errand.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace pawl::actors {

namespace {

/// How far ahead timers are held in memory, and how many at most.
constexpr duration span_ahead{60'000};
constexpr std::size_t held_max = 10'000;
/// The store is read again when this much of the span is left.
constexpr duration refill_below{30'000};
constexpr duration look_every{1000};

struct state {
  static inline const char* name = "timers";

  explicit state(timers_actor::pointer me) : self{me} {}

  void take(const arm& a) {
    const auto known = due_of.find(a.key);
    if (known != due_of.end()) {
      in_order.erase({known->second, a.key});
      due_of.erase(known);
    }
    if (a.asleep)
      asleep.insert(a.key);
    else
      asleep.erase(a.key);
    if (a.asleep || !a.due || *a.due >= horizon)
      return; // The store has it, and it is read in time.
    in_order.emplace(*a.due, a.key);
    due_of.emplace(a.key, *a.due);
    sleep_until(*a.due);
  }

  void look() {
    const auto now = clock::now();
    if (now + refill_below >= horizon)
      refill(now);
    fire(now);
    const auto next
      = in_order.empty() ? timestamp::max() : in_order.begin()->first;
    sleep_until(std::min(next, now + look_every));
  }

  void fire(timestamp now) {
    const auto registry = ctx->registry.get();
    while (!in_order.empty() && in_order.begin()->first <= now
           && out.size() < ctx->options.instances.rehydrations_max) {
      const auto key = in_order.begin()->second;
      in_order.erase(in_order.begin());
      due_of.erase(key);
      if (!out.insert(key).second)
        continue; // It is being woken just now.
      self->send(
        registry,
        nudge{key, make_errand([key, me = caf::actor_cast<timers_actor>(self)] {
                caf::anon_send(me, woken{key});
              })});
    }
  }

  /// Reads the store ahead. What it holds beyond what fits comes next time,
  /// since the span then ends at the last one that was read.
  void refill(timestamp now) {
    const auto until = now + span_ahead;
    const auto max = held_max + asleep.size();
    auto read = ctx->store.due_timers(until, max);
    if (!read) {
      log::error("timers.unreadable", {{"detail", read.error().detail}});
      return;
    }
    for (const auto& [due, key] : *read) {
      if (out.contains(key) || due_of.contains(key) || asleep.contains(key))
        continue;
      in_order.emplace(due, key);
      due_of.emplace(key, due);
    }
    horizon = read->size() < max ? until : read->back().first;
  }

  /// By the steady clock, so that a wall clock that is set back stops nothing.
  /// Each tick begins the next one; one that comes before that is due must not
  /// begin a second row of ticks beside the first.
  void sleep_until(timestamp when) {
    constexpr std::chrono::milliseconds early{2}; // A tick may be so.
    const auto pause = std::clamp(when - clock::now(), duration{0}, look_every);
    const auto now = std::chrono::steady_clock::now();
    if (next_look > now + early && now + pause >= next_look)
      return;
    next_look = now + pause;
    self->delayed_send(self, pause, tick{});
  }

  timers_actor::pointer self;
  context* ctx = nullptr;
  /// All timers that are due before this stand in memory.
  timestamp horizon = timestamp::min();
  std::set<std::pair<timestamp, instance_key>> in_order;
  std::unordered_map<instance_key, timestamp> due_of;
  std::unordered_set<instance_key> out; ///< Being woken.
  /// Kept by holds: whatever the store says of their timers, these are still.
  std::unordered_set<instance_key> asleep;
  std::chrono::steady_clock::time_point next_look;
};

timers_actor::behavior_type timers(timers_actor::stateful_pointer<state> self,
                                   context* ctx) {
  self->state.ctx = ctx;
  self->send(self, tick{});
  return {
    [self](const arm& a) { self->state.take(a); },
    [self](const woken& w) {
      self->state.out.erase(w.key);
      self->state.fire(clock::now());
    },
    [self](tick) { self->state.look(); },
  };
}

} // namespace

timers_actor spawn_timers(caf::actor_system& sys, context& ctx) {
  return sys.spawn(timers, &ctx);
}

} // namespace pawl::actors
