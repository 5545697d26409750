#include "actors/steps/step_worker.hpp"

#include "actors/faults/fault_injector.hpp"
#include "actors/limits/step_limits.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

namespace pawl::actors {

namespace {

/// The limits -> worker: these are yours.
struct tokens_came {
  pass_ptr tokens;
};
/// A worker to itself: the injected latency is over.
struct latency_over {};

} // namespace

} // namespace pawl::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::tokens_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pawl::actors::latency_over)

namespace pawl::actors {

namespace {

/// What comes before an effect, in this order: holds, tokens, a permit, holds
/// once more, the gate, injected faults. If the effect then finds that it goes
/// to a host that is limited, all but the gate comes once more.
struct state {
  static inline const char* name = "step_worker";

  explicit state(caf::event_based_actor* me) : self{me} {}

  void start() {
    if (is_kept())
      return;
    if (is_spared(*args.ctx, args.order))
      return want_leave(); // Without a call there is nothing to limit.
    auto& order = args.order;
    auto& limits = *args.ctx->limiting;
    const auto uri = known_uri(order);
    order.leave = std::make_shared<host_leave>();
    order.leave->cleared = site_of(uri);
    auto wish = named_tokens(*args.ctx, order);
    if (const auto missing = refused_of(limits, wish))
      return report(refused_by_limit(*missing, clock::now()));
    if (!uri.empty() && order.what.begins)
      for (auto& one : host_tokens(*args.ctx, order, uri).of)
        wish.of.push_back(std::move(one));
    want_tokens(std::move(wish));
  }

  /// Where the task does not wait for its limit: takes what is `wanted`, or
  /// returns what there is not. A job takes its own later.
  std::optional<limit_lines::waiting_step> refused_of(limit_keeper& limits,
                                                      token_wish& wanted) {
    const auto& order = args.order;
    const auto limit = limit_in(order.what.arguments->as_object());
    if (!limit || !limit->faults || !order.what.begins)
      return std::nullopt;
    if (is_job())
      return limits.refuse({.of = limits.named(order.ns, limit->name),
                            .key = limit->key,
                            .whose = order.whose});
    auto got = limits.take(wanted, false);
    if (!got)
      return limits.refuse(wanted);
    tokens.push_back(std::move(got));
    wanted.of.clear();
    return std::nullopt;
  }

  [[nodiscard]] bool is_job() const {
    return std::holds_alternative<tasks::worker_job>(
      args.order.what.node->kind);
  }

  void want_tokens(token_wish wish) {
    if (wish.of.empty())
      return want_leave();
    asked = args.ctx->limiting->ask(
      std::move(wish), [me = caf::actor_cast<caf::actor>(self)](pass_ptr got) {
        caf::anon_send(me, tokens_came{std::move(got)});
      });
  }

  void came(tokens_came& what) {
    tokens.push_back(std::move(what.tokens));
    asked.reset();
    want_leave();
  }

  void want_leave() {
    if (!needs_permit(*args.order.what.node))
      return set_out();
    self->request(args.ctx->steps.get(), caf::infinite, want_permit{})
      .then(
        [this](permit& p) {
          leave = std::move(p);
          set_out();
        },
        [this](caf::error& why) { self->quit(std::move(why)); });
  }

  /// Whether holds keep it, and if so it has said that. A worker's job is kept
  /// in its queue, and a child, which may have begun, is for its own holds.
  bool is_kept() {
    const auto& book = args.ctx->holds.book();
    if (book.empty() || !needs_permit(*args.order.what.node))
      return false;
    const auto& id = args.order.flow->id;
    auto by
      = book.on_effect({id.ns, id.name, id.version}, args.order.what.task);
    if (by.empty())
      return false;
    report(step_held{std::move(by)});
    return true;
  }

  void set_out() {
    if (is_kept())
      return;
    if (!args.gate->try_begin())
      return report(step_stopped{});
    for (const auto& one : tokens)
      one->spend();
    auto struck = strike_now();
    if (!struck)
      return carry_out();
    if (struck->latency > duration{0}) {
      pending = std::move(struck);
      self->delayed_send(self, pending->latency, latency_over{});
      return;
    }
    suffer(*struck);
  }

  std::optional<strike> strike_now() {
    auto& faults = *args.ctx->faults;
    if (faults.empty() || !args.order.what.begins)
      return std::nullopt;
    const auto& id = args.order.flow->id;
    const auto& arguments = args.order.what.arguments->as_object();
    const auto uri = again ? args.order.leave->asked : known_uri(args.order);
    struck_place where{.at = {id.ns, id.name, id.version},
                       .task = args.order.what.task,
                       .uri = uri,
                       .host_only = again};
    if (is_job())
      where.queue = arguments.at("queue").as_string();
    auto out = faults.strikes(where);
    if (out.detail.empty())
      return std::nullopt;
    return out;
  }

  void suffer(strike& what) {
    if (what.kills)
      return self->quit(caf::make_error(caf::sec::runtime_error, what.detail));
    if (what.instead)
      return report(std::move(*what.instead));
    carry_out();
  }

  void carry_out() {
    running
      = start_step(*args.ctx, args.order,
                   [me = caf::actor_cast<caf::actor>(self)](step_result how) {
                     caf::anon_send(me, step_ended{std::move(how)});
                   });
  }

  void ended(step_ended& e) {
    const auto* held = std::get_if<step_held>(&e.how);
    if (held == nullptr || !held->by.empty())
      return report(std::move(e.how));
    // It wants to go to a host.
    running.reset();
    leave = {};
    again = true;
    const auto uri = args.order.leave->asked;
    args.order.leave->cleared = site_of(uri);
    want_tokens(host_tokens(*args.ctx, args.order, uri));
  }

  void give_up(giving_up how) {
    if (running)
      running->give_up(how);
    else
      report(step_stopped{});
  }

  void report(step_result how) {
    const auto& what = args.order.what;
    self->send(args.owner,
               effect_ended{what.frame, what.dispatch, std::move(how)});
    self->quit();
  }

  caf::event_based_actor* self;
  step_worker_args args;
  std::shared_ptr<void> asked; ///< For tokens; whoever drops it waits no more.
  std::optional<strike> pending;
  bool again = false; ///< It has asked for its host.
  // Held until the worker is gone, the effect the shortest.
  std::vector<pass_ptr> tokens;
  permit leave;
  std::unique_ptr<step> running;
};

caf::behavior step_worker(caf::stateful_actor<state>* self,
                          step_worker_args args) {
  self->state.args = std::move(args);
  self->monitor(self->state.args.owner);
  self->set_down_handler(
    [self](caf::down_msg& down) { self->quit(std::move(down.reason)); });
  self->state.start();
  return {
    [self](step_ended& e) { self->state.ended(e); },
    [self](tokens_came& what) { self->state.came(what); },
    [self](latency_over) {
      auto& s = self->state;
      if (auto what = std::exchange(s.pending, std::nullopt))
        s.suffer(*what);
    },
    [self](give_up_effect how) { self->state.give_up(how.how); },
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
