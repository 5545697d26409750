#include "actors/chaos.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <random>

namespace pawl::actors {

namespace {

caf::behavior chaos(caf::event_based_actor* self, context* ctx,
                    duration every) {
  auto source = std::make_shared<std::mt19937>(std::random_device{}());
  self->monitor(ctx->supervisor.get());
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->delayed_send(self, every, tick{});
  return {
    [=](tick) {
      const auto die = (*source)() % 10;
      if (die == 0)
        caf::anon_send(ctx->supervisor.get(), kill_any{});
      else
        caf::anon_send(ctx->registry.get(), kill_any{.worker = die > 5});
      self->delayed_send(self, every, tick{});
    },
  };
}

} // namespace

caf::actor spawn_chaos(caf::actor_system& sys, context& ctx, duration every) {
  return sys.spawn(chaos, &ctx, every);
}

} // namespace pawl::actors
