#include "actors/supervisor.hpp"

#include "actors/broker.hpp"
#include "actors/evaluator.hpp"
#include "actors/journal_writer.hpp"
#include "actors/recovery.hpp"
#include "actors/registry.hpp"
#include "actors/restart.hpp"
#include "actors/scheduler.hpp"
#include "actors/step_pool.hpp"
#include "actors/timers.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <unistd.h>

namespace pawl::actors {

namespace {

constexpr int exit_software = 70;

struct state {
  static inline const char* name = "supervisor";
  using promise = caf::typed_response_promise<writer_lives>;

  struct child {
    std::string_view name;
    restart_rule rule;
    std::function<caf::strong_actor_ptr()> start;
    caf::strong_actor_ptr lives = nullptr;
    std::vector<timestamp> restarts;
  };

  explicit state(supervisor_actor::pointer me) : self{me} {}
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() {
    std::for_each(children.rbegin(), children.rend(), [](const child& c) {
      if (c.lives)
        caf::anon_send_exit(caf::actor_cast<caf::actor>(c.lives),
                            caf::exit_reason::user_shutdown);
    });
  }

  template <class Spawn, class Door>
  auto into(Spawn spawn, Door& at) {
    return [this, spawn, &at]() -> caf::strong_actor_ptr {
      auto handle = spawn(self->system(), *ctx);
      self->monitor(handle);
      at.set(handle);
      return caf::actor_cast<caf::strong_actor_ptr>(handle);
    };
  }

  void start_all(context* c) {
    ctx = c;
    const auto permanent = restart_rule::permanent;
    children = {
      {"journal_writer",
       permanent,
       into(spawn_journal_writer, ctx->writer),
       {},
       {}},
      {"step_pool", permanent, into(spawn_step_pool, ctx->steps), {}, {}},
      {"evaluator", permanent, into(spawn_evaluator, ctx->evaluator), {}, {}},
      {"registry", permanent, into(spawn_registry, ctx->registry), {}, {}},
      {"timers", permanent, into(spawn_timers, ctx->timers), {}, {}},
      {"broker", permanent, into(spawn_broker, ctx->broker), {}, {}},
      {"scheduler", permanent, into(spawn_scheduler, ctx->scheduler), {}, {}},
      {"recovery",
       restart_rule::transient,
       [this] {
         const auto handle = spawn_recovery(self->system(), *ctx);
         self->monitor(handle);
         return caf::actor_cast<caf::strong_actor_ptr>(handle);
       },
       {},
       {}},
    };
    for (auto& one : children)
      one.lives = one.start();
    self->delayed_send(self, ctx->options.retention.sweep_every, tick{});
  }

  void bury(const caf::down_msg& down) {
    const auto dead
      = std::find_if(children.begin(), children.end(), [&](const child& c) {
          return c.lives && c.lives->address() == down.source;
        });
    if (dead == children.end())
      return;
    dead->lives = nullptr;
    const restart_policy policy{.rule = dead->rule};
    const auto now = clock::now();
    const bool killed = down.reason == caf::exit_reason::kill;
    const auto decision = decide_restart(
      policy, dead->restarts, children.size(),
      {.who = static_cast<std::size_t>(std::distance(children.begin(), dead)),
       .abnormal = down.reason != caf::none,
       .at = now});
    if (std::holds_alternative<restarts::forget>(decision))
      return;
    log::error("supervisor.child_died",
               {{"child", dead->name}, {"reason", to_string(down.reason)}});
    if (!killed && std::holds_alternative<restarts::give_up>(decision))
      give_up(*dead);
    if (!killed)
      note_restart(policy, dead->restarts, now);
    ctx->measured.restart(meters::child::service);
    // At once: all that it does waits for it. The window bounds the rate.
    dead->lives = dead->start();
    if (dead->name == "journal_writer")
      tell_of_writer();
    if (dead->name == "registry")
      recover_again();
  }

  [[noreturn]] static void give_up(const child& c) {
    log::error("supervisor.gave_up", {{"child", c.name}});
    _exit(exit_software);
  }

  /// The instances have died with their registry; those that were busy are to
  /// be found again.
  void recover_again() {
    auto& last = children.back();
    if (last.lives)
      self->send_exit(last.lives, caf::exit_reason::kill);
    last.lives = last.start();
  }

  caf::result<writer_lives> writer_after(const want_writer& w) {
    auto answer = self->make_response_promise<writer_lives>();
    if (ctx->writer.get().id() != w.dead)
      answer.deliver(writer_lives{});
    else
      waiting.push_back(answer);
    return answer;
  }

  void tell_of_writer() {
    for (auto& w : waiting)
      w.deliver(writer_lives{});
    waiting.clear();
  }

  void sweep() {
    self->send(ctx->writer.get(),
               write_job{[max = ctx->options.retention.sweep_max](
                           storage::store& s) -> result<> {
                 const auto done = s.collect_garbage(clock::now(), max);
                 if (!done)
                   return done.error();
                 return {};
               }});
    self->delayed_send(self, ctx->options.retention.sweep_every, tick{});
  }

  supervisor_actor::pointer self;
  context* ctx = nullptr;
  std::vector<child> children; ///< In the order of start.
  std::vector<promise> waiting;
};

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<state> self, context* ctx) {
  self->set_down_handler(
    [self](caf::down_msg& down) { self->state.bury(down); });
  self->state.start_all(ctx);
  return {
    [self](const want_writer& w) { return self->state.writer_after(w); },
    [self](tick) { self->state.sweep(); },
    [self](kill_any) {
      self->send_exit(self->state.ctx->writer.get(), caf::exit_reason::kill);
    },
  };
}

} // namespace

supervisor_actor spawn_supervisor(caf::actor_system& sys, context& ctx) {
  auto made = sys.spawn(supervisor, &ctx);
  ctx.supervisor.set(made);
  return made;
}

} // namespace pawl::actors
