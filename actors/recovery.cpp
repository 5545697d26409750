#include "actors/recovery.hpp"

#include "actors/errand.hpp"
#include "actors/left_children.hpp"
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
    while (out < ctx->options.instances.rehydrations_max) {
      if (next.empty() && !read_more())
        break;
      ++out;
      ++woken_count;
      const auto key = next.front();
      next.pop_front();
      auto errand = make_errand([me = caf::actor_cast<caf::actor>(self), key] {
        caf::anon_send(me, woken{key});
      });
      if (is_left)
        settle_left_child(*ctx, key, std::move(errand));
      else
        self->send(ctx->registry.get(), nudge{key, std::move(errand)});
    }
    return out != 0;
  }

  /// Children that were left behind come first, then whoever is busy.
  bool read_more() {
    if (at_end)
      return false;
    const auto limit = ctx->options.instances.rehydrations_max;
    auto keys = is_left ? ctx->store.left_children(after, limit)
                        : ctx->store.busy_instances(after, limit);
    if (!keys)
      log::error("recovery.unreadable", {{"detail", keys.error().detail}});
    if (!keys || keys->empty()) {
      at_end = !is_left;
      is_left = false;
      after.reset();
      return !at_end && read_more();
    }
    after = keys->back();
    next.assign(keys->begin(), keys->end());
    return true;
  }

  context* ctx = nullptr;
  std::optional<instance_key> after;
  std::deque<instance_key> next;
  std::size_t out = 0;
  std::size_t woken_count = 0;
  bool is_left = true; ///< What `next` holds.
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
