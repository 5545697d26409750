#include "actors/registry.hpp"

#include "actors/instance.hpp"
#include "actors/restart.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <unordered_map>

namespace pawl::actors {

namespace {

/// Crashes of one instance are forgotten after this long without any.
constexpr duration crash_window{60'000};
constexpr duration first_backoff{100};
constexpr std::uint32_t backoff_factor = 10;
constexpr duration last_backoff{10'000};
/// Wishes that one crashed instance lets wait for its restart.
constexpr std::size_t held_max = 64;
/// Beyond so many, histories of crashes that are too old are swept.
constexpr std::size_t sweep_above = 1024;

struct state {
  static inline const char* name = "registry";

  struct hot_instance {
    instance_actor actor;
    std::uint64_t sent = 0;
  };
  struct crashed_instance {
    std::vector<timestamp> restarts;
    bool waiting = false; ///< For its backoff.
    std::deque<wish> held;
  };

  explicit state(registry_actor::pointer me) : self{me} {}
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() {
    // The instances monitor the registry only through us: none outlives it.
    for (auto& [key, h] : hot)
      caf::anon_send_exit(h.actor, caf::exit_reason::kill);
    if (ctx != nullptr)
      ctx->hot = 0;
  }

  hot_instance& hot_or_started(const instance_key& key) {
    const auto found = hot.find(key);
    if (found != hot.end())
      return found->second;
    auto actor = spawn_instance(self->system(), {key, ctx});
    self->monitor(actor);
    by_actor.emplace(actor.id(), key);
    ctx->hot = hot.size() + 1;
    return hot.emplace(key, hot_instance{std::move(actor)}).first->second;
  }

  template <class Message>
  void forward(const instance_key& key, Message& m) {
    auto& h = hot_or_started(key);
    ++h.sent;
    self->send(h.actor, std::move(m));
  }

  void pass_on(wish& w) {
    const auto key = w.key;
    const auto crashed_before = crashed.find(key);
    if (crashed_before == crashed.end() || !crashed_before->second.waiting)
      return forward(key, w);
    auto& held = crashed_before->second.held;
    if (held.size() < held_max)
      held.push_back(std::move(w));
    else if (w.reply)
      w.reply->give(
        refusal{.what = {errc::overloaded, "The instance is being restarted."},
                .retry_after = last_backoff});
  }

  void pass_on(nudge& n) {
    const auto key = n.key;
    const auto crashed_before = crashed.find(key);
    // A restart looks at everything that a nudge is for.
    if (crashed_before == crashed.end() || !crashed_before->second.waiting)
      forward(key, n);
  }

  void let_go(const may_leave& m) {
    const auto found = hot.find(m.key);
    if (found == hot.end() || found->second.sent != m.handled)
      return;
    // One that has left already may have asked twice; whoever has come in its
    // place is at work, however few messages it was sent.
    const auto& from = self->current_sender();
    if (from == nullptr || from->id() != found->second.actor.id())
      return;
    self->send(found->second.actor, leave{});
    by_actor.erase(found->second.actor.id());
    hot.erase(found);
    ctx->hot = hot.size();
  }

  void bury(const caf::down_msg& down) {
    const auto found = by_actor.find(down.source.id());
    if (found == by_actor.end())
      return;
    const auto key = found->second;
    by_actor.erase(found);
    hot.erase(key);
    ctx->hot = hot.size();
    ctx->measured.restart(meters::child::instance);
    const auto why = to_string(down.reason);
    if (down.reason == caf::exit_reason::kill) {
      // Somebody killed it: that says nothing against the instance.
      log::warn("instance.killed", {{"key", to_hex_text(key)}});
      nudge n{key, nullptr};
      return forward(key, n);
    }
    log::error("instance.crashed",
               {{"key", to_hex_text(key)}, {"reason", why}});
    decide(key, why);
  }

  static std::string to_hex_text(const instance_key& key) {
    return to_hex(
      {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
  }

  void decide(const instance_key& key, const std::string& why) {
    const restart_policy policy{.rule = restart_rule::permanent,
                                .max_restarts
                                = ctx->options.instances.quarantine_after,
                                .within = crash_window,
                                .backoff = first_backoff,
                                .backoff_factor = backoff_factor,
                                .backoff_max = last_backoff};
    const auto now = clock::now();
    sweep(now);
    auto& c = crashed[key];
    const auto decision
      = decide_restart(policy, c.restarts, 1, {.abnormal = true, .at = now});
    if (const auto* again = std::get_if<restarts::again>(&decision)) {
      note_restart(policy, c.restarts, now);
      c.waiting = true;
      self->delayed_send(self, again->delay, restart_due{key});
      return;
    }
    set_aside(key, why, static_cast<std::uint32_t>(c.restarts.size()) + 1);
  }

  /// The quarantine is durable before anybody reads of it; those who wait are
  /// refused by the instance itself, which finds the row.
  void set_aside(const instance_key& key, const std::string& why,
                 std::uint32_t crashes) {
    log::error("instance.quarantined",
               {{"key", to_hex_text(key)}, {"reason", why}});
    ctx->measured.quarantined();
    crashed[key].waiting = true;
    caf::anon_send(
      ctx->writer.get(),
      write_job{[key, why, crashes, me = caf::actor_cast<registry_actor>(self)](
                  storage::store& s) {
        auto done = s.put_quarantine(
          key, storage::quarantine{why, clock::now(), crashes});
        caf::anon_send(me, absolve{key});
        return done;
      }});
  }

  void restart(const instance_key& key) {
    nudge n{key, nullptr};
    release(key, &n);
  }

  /// Lets the instance be started again, and passes on what has waited for it.
  void release(const instance_key& key, nudge* first) {
    const auto found = crashed.find(key);
    if (found == crashed.end())
      return;
    auto held = std::move(found->second.held);
    found->second.held.clear();
    found->second.waiting = false;
    if (first != nullptr)
      forward(key, *first);
    for (auto& w : held)
      forward(key, w);
  }

  void forget_crashes(const instance_key& key) {
    release(key, nullptr);
    crashed.erase(key);
  }

  void sweep(timestamp now) {
    if (crashed.size() > sweep_above)
      std::erase_if(crashed, [&](const auto& pair) {
        const auto& c = pair.second;
        return !c.waiting
               && (c.restarts.empty()
                   || c.restarts.back() <= now - crash_window);
      });
  }

  void kill_one(kill_any what) {
    if (hot.empty())
      return;
    auto chosen = hot.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(
                           ++turn_of % std::min<std::size_t>(hot.size(), 97)));
    if (what.worker) {
      ++chosen->second.sent;
      self->send(chosen->second.actor, what);
    } else {
      self->send_exit(chosen->second.actor, caf::exit_reason::kill);
    }
  }

  registry_actor::pointer self;
  context* ctx = nullptr;
  std::unordered_map<instance_key, hot_instance> hot;
  std::unordered_map<caf::actor_id, instance_key> by_actor;
  std::unordered_map<instance_key, crashed_instance> crashed;
  std::size_t turn_of = 0;
};

registry_actor::behavior_type
registry(registry_actor::stateful_pointer<state> self, context* ctx) {
  self->state.ctx = ctx;
  self->set_down_handler(
    [self](caf::down_msg& down) { self->state.bury(down); });
  return {
    [self](wish& w) { self->state.pass_on(w); },
    [self](nudge& n) { self->state.pass_on(n); },
    [self](const may_leave& m) { self->state.let_go(m); },
    [self](const absolve& a) { self->state.forget_crashes(a.key); },
    [self](const restart_due& r) { self->state.restart(r.key); },
    [self](kill_any k) { self->state.kill_one(k); },
  };
}

} // namespace

registry_actor spawn_registry(caf::actor_system& sys, context& ctx) {
  return sys.spawn(registry, &ctx);
}

} // namespace pawl::actors
