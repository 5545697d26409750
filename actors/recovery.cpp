#include "actors/recovery.hpp"

#include "actors/errand.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <deque>

namespace pawl::actors {

namespace {

struct state {
  static inline const char* name = "recovery";

  /// Wakes as many as may be woken at once. False when all are awake.
  bool pump(caf::event_based_actor* self) {
    const auto registry = ctx->registry.get();
    while (out < ctx->options.instances.rehydrations_max) {
      if (next.empty() && !read_more())
        break;
      ++out;
      ++woken_count;
      self->send(
        registry,
        nudge{next.front(), make_errand([me = caf::actor_cast<caf::actor>(self),
                                         key = next.front()] {
                caf::anon_send(me, woken{key});
              })});
      next.pop_front();
    }
    return out != 0;
  }

  bool read_more() {
    if (at_end)
      return false;
    auto keys = ctx->store.busy_instances(
      after, ctx->options.instances.rehydrations_max);
    if (!keys)
      log::error("recovery.unreadable", {{"detail", keys.error().detail}});
    at_end = !keys || keys->empty();
    if (at_end)
      return false;
    after = keys->back();
    next.assign(keys->begin(), keys->end());
    return true;
  }

  context* ctx = nullptr;
  std::optional<instance_key> after;
  std::deque<instance_key> next;
  std::size_t out = 0;
  std::size_t woken_count = 0;
  bool at_end = false;
};

caf::behavior recovery(caf::stateful_actor<state>* self, context* ctx) {
  self->state.ctx = ctx;
  self->send(self, tick{});
  const auto go_on_or_end = [self] {
    if (!self->state.pump(self)) {
      log::info("recovery.done", {{"woken", self->state.woken_count}});
      self->quit();
    }
  };
  return {
    [=](tick) { go_on_or_end(); },
    [=](const woken&) {
      --self->state.out;
      go_on_or_end();
    },
  };
}

} // namespace

caf::actor spawn_recovery(caf::actor_system& sys, context& ctx) {
  return sys.spawn(recovery, &ctx);
}

} // namespace pawl::actors
