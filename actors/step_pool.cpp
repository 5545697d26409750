#include "actors/step_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>

namespace pawl::actors {

namespace {

/// How often it looks again when the disk has kept it from granting.
constexpr std::chrono::seconds look_again{1};

/// Tells the pool when the last copy of a permit is gone, whatever became of
/// its holder.
class held_permit {
public:
  explicit held_permit(step_pool_actor of) : pool_{std::move(of)} {}
  held_permit(const held_permit&) = delete;
  held_permit& operator=(const held_permit&) = delete;
  ~held_permit() { caf::anon_send(pool_, permit_back{}); }

private:
  step_pool_actor pool_;
};

struct state {
  static inline const char* name = "step_pool";
  using promise = caf::typed_response_promise<permit>;

  explicit state(step_pool_actor::pointer me) : self{me} {}

  [[nodiscard]] bool may_grant() {
    if (ctx->draining || out >= ctx->options.steps.concurrency_max)
      return false;
    if (ctx->store.free_bytes() >= ctx->options.storage.disk_critical)
      return true;
    if (!looking)
      self->delayed_send(self, look_again, tick{});
    looking = true;
    return false;
  }

  caf::result<permit> ask() {
    auto answer = self->make_response_promise<permit>();
    waiting.push_back(answer);
    grant();
    return answer;
  }

  void grant() {
    while (!waiting.empty() && may_grant()) {
      ++out;
      waiting.front().deliver(permit{
        std::make_shared<held_permit>(caf::actor_cast<step_pool_actor>(self))});
      waiting.pop_front();
    }
  }

  step_pool_actor::pointer self;
  context* ctx = nullptr;
  std::deque<promise> waiting;
  std::uint32_t out = 0;
  bool looking = false;
};

step_pool_actor::behavior_type
step_pool(step_pool_actor::stateful_pointer<state> self, context* ctx) {
  self->state.ctx = ctx;
  return {
    [self](want_permit) { return self->state.ask(); },
    [self](permit_back) {
      --self->state.out;
      self->state.grant();
    },
    [self](tick) {
      self->state.looking = false;
      self->state.grant();
    },
  };
}

} // namespace

step_pool_actor spawn_step_pool(caf::actor_system& sys, context& ctx) {
  return sys.spawn(step_pool, &ctx);
}

} // namespace pawl::actors
