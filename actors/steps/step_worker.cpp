#include "actors/steps/step_worker.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

namespace pawl::actors {

namespace {

struct state {
  static inline const char* name = "step_worker";

  /// Whether holds keep it, and if so it has said that. A worker's job is kept
  /// in its queue, and a child, which may have begun, is for its own holds.
  bool is_kept(caf::event_based_actor* self) {
    const auto& book = args.ctx->holds.book();
    if (book.empty() || !needs_permit(*args.order.what.node))
      return false;
    const auto& id = args.order.flow->id;
    auto by
      = book.on_effect({id.ns, id.name, id.version}, args.order.what.task);
    if (by.empty())
      return false;
    report(self, step_held{std::move(by)});
    return true;
  }

  void begin(caf::event_based_actor* self) {
    if (is_kept(self))
      return;
    if (!args.gate->try_begin())
      return report(self, step_stopped{});
    running
      = start_step(*args.ctx, args.order,
                   [me = caf::actor_cast<caf::actor>(self)](step_result how) {
                     caf::anon_send(me, step_ended{std::move(how)});
                   });
  }

  void report(caf::event_based_actor* self, step_result how) {
    const auto& what = args.order.what;
    self->send(args.owner,
               effect_ended{what.frame, what.dispatch, std::move(how)});
    self->quit();
  }

  step_worker_args args;
  std::unique_ptr<step> running;
  permit leave; ///< Held until the worker is gone.
};

caf::behavior step_worker(caf::stateful_actor<state>* self,
                          step_worker_args args) {
  self->state.args = std::move(args);
  auto& mine = self->state.args;
  self->monitor(mine.owner);
  self->set_down_handler(
    [self](caf::down_msg& down) { self->quit(std::move(down.reason)); });
  if (self->state.is_kept(self))
    return {};
  if (needs_permit(*mine.order.what.node))
    self->request(mine.ctx->steps.get(), caf::infinite, want_permit{})
      .then(
        [self](permit& p) {
          self->state.leave = std::move(p);
          self->state.begin(self);
        },
        [self](caf::error& why) { self->quit(std::move(why)); });
  else
    self->state.begin(self);
  return {
    [self](step_ended& e) { self->state.report(self, std::move(e.how)); },
    [self](give_up_effect how) {
      auto& s = self->state;
      if (s.running)
        s.running->give_up(how.how);
      else
        s.report(self, step_stopped{});
    },
  };
}

} // namespace

bool needs_permit(const task& node) {
  return !std::holds_alternative<tasks::run_workflow>(node.kind)
         && !std::holds_alternative<tasks::worker_job>(node.kind);
}

caf::actor spawn_step_worker(caf::actor_system& sys, step_worker_args args) {
  return sys.spawn(step_worker, std::move(args));
}

} // namespace pawl::actors
