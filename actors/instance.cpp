#include "actors/instance.hpp"

#include "actors/containment.hpp"
#include "actors/holds/instance_holds.hpp"
#include "actors/left_children.hpp"
#include "actors/lifting.hpp"
#include "actors/open_turn.hpp"
#include "actors/sensitive_book.hpp"
#include "actors/step_crew.hpp"
#include "actors/steps/step_worker.hpp"
#include "actors/stored_machine.hpp"
#include "actors/turn_news.hpp"
#include "actors/worker_news.hpp"
#include "base/log.hpp"
#include "base/overload.hpp"
#include "workflow/shown.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <stdexcept>

namespace pawl::actors {

namespace {

struct state : instance_args {
  static inline const char* name = "instance";

  explicit state(instance_actor::pointer me)
      : self{me}, crew{
                    [this](const auto& c, const auto& g) {
                      return start_worker(c, g);
                    },
                    [this](const caf::actor& a, std::optional<giving_up> how) {
                      end_worker(a, how);
                    }} {}

  // --- The instance's messages ---------------------------------------------

  void take(wish& w) {
    ++handled;
    grant(w);
  }

  void grant(wish& w) {
    turn.emplace();
    turn->reply = std::move(w.reply);
    turn->once = std::move(w.once);
    turn->errand = std::move(w.errand);
    turn->note = std::move(w.note);
    turn->creates = std::holds_alternative<requests::create>(w.what);
    turn->delivers = std::holds_alternative<requests::deliver>(w.what);
    turn->urgent = std::holds_alternative<requests::pause>(w.what)
                   || std::holds_alternative<requests::cancel>(w.what);
    if (turn->creates && !flow)
      flow.emplace(std::move(w.flow), ctx->limits());
    else if (auto no = unwelcome(w))
      return refuse(std::move(*no));
    if (set_aside)
      return lift(w);
    if (auto known = look_back(*ctx, key, *flow, w.what); !known)
      return refuse({.what = known.error()});
    if (w.dry_run)
      return rehearse(std::move(w.what));
    step(std::move(w.what));
  }

  /// Tries the wish on a copy, and tells what would come of it.
  void rehearse(request what) {
    memory.see(ctx->store, key, *flow, {}, turn->at);
    auto told = rehearsal_of(*flow, ctx->limits(), std::move(what), turn->at,
                             memory.get());
    if (auto* no = std::get_if<refusal>(&told))
      return refuse(std::move(*no));
    if (turn->reply)
      turn->reply->give(std::get<answer>(std::move(told)));
    try_leave();
  }

  void take(nudge& n) {
    ++handled;
    turn.emplace();
    turn->errand = std::move(n.errand);
    armed.due.reset(); // The timers have forgotten it by now.
    if (!load() || set_aside)
      return try_leave();
    step(reports::time_passed{});
  }

  void take(effect_ended& e) {
    if (!crew.ended(e.frame, e.dispatch)) {
      refuse_worker(e.how);
      return try_leave();
    }
    if (std::holds_alternative<step_held>(e.how)) // A pause waits for it too.
      return rest_or_go_on(moves(flow->state()) && held.rest(*ctx, e));
    turn.emplace();
    std::visit(
      overload{[&](effect_outcome& x) {
                 step(reports::effect_done{e.frame, e.dispatch, std::move(x)});
               },
               [&](step_failed& x) {
                 step(reports::effect_failed{e.frame, e.dispatch,
                                             std::move(x.detail), x.kind});
               },
               [&](worker_told& x) { step(take_told(*turn, e, std::move(x))); },
               [&](step_stopped) {
                 step(reports::effect_stopped{e.frame, e.dispatch});
               },
               [](const step_held&) {}},
      e.how);
  }

  void take(go_on) {
    turn.emplace();
    if (!flow)
      return try_leave();
    if (!orphans.empty()) {
      const auto next = orphans.back();
      orphans.pop_back();
      return step(next);
    }
    step(reports::go_on{});
  }

  void take(const caf::down_msg& down) {
    if (!flow)
      return;
    const auto lost = crew.died(down.source.id(), down.reason != caf::none,
                                clock::now(), flow->flow());
    if (!lost)
      return;
    log::warn("worker.died", {{"instance", flow->state().id},
                              {"frame", lost->frame},
                              {"restarts", !lost->again.empty()}});
    if (!lost->again.empty()) {
      ctx->measured.restart(meters::child::worker);
      self->delayed_send(self, lost->delay, start_again{lost->again});
      return;
    }
    turn.emplace();
    step(reports::effect_failed{lost->frame, lost->dispatch,
                                death_of_worker(down.reason)});
  }

  // --- One turn ------------------------------------------------------------

  /// Loads the instance if that has not been done. False if there is none, or
  /// if it is set aside and cannot be read: to crash once more would not help.
  bool load() {
    if (flow)
      return true;
    auto loaded = load_machine(*ctx, key);
    if (!loaded && loaded.error().code == errc::not_found)
      return false;
    if (auto quarantined = ctx->store.read_quarantine(key))
      set_aside = std::move(*quarantined);
    if (!loaded && set_aside)
      return false;
    if (!loaded)
      throw std::runtime_error{loaded.error().detail};
    flow.emplace(std::move(loaded->flow));
    stands = std::move(loaded->stands);
    seen.begin(*ctx, *flow, stands->head.state_since);
    ctx->queues.keep_only(key, stands->jobs);
    turned_away = flow->state().inbox.size() >= ctx->limits().inbox_max;
    stop_detached(*ctx, key, stands->head.status);
    ctx->measured.rehydrated();
    return true;
  }

  /// Why a wish cannot even be tried.
  std::optional<refusal> unwelcome(const wish& w) {
    if (!load())
      return set_aside ? quarantined_one(*set_aside) : no_such_instance();
    if (turn->creates)
      return taken_id(flow->state().id);
    if (w.if_match && !w.if_match->has(flow->state().last))
      return refusal{.what = {errc::precondition_failed,
                              "The instance stands at sequence "
                                + std::to_string(flow->state().last) + '.'}};
    if (set_aside && !std::holds_alternative<requests::retry>(w.what))
      return quarantined_one(*set_aside);
    return std::nullopt;
  }

  void step(input what) {
    if (ctx->before_turn)
      ctx->before_turn(key, what);
    auto made
      = flow->decide(std::move(what), held.before_turn(*ctx, *flow, turn->at));
    if (!made)
      return refuse({.what = std::move(made.error().what),
                     .members = std::move(made.error().members),
                     .forbidden = made.error().forbidden});
    turn->known = memory.see(ctx->store, key, *flow, made->events, turn->at);
    for (const auto& line : made->logged)
      say(line, *flow, turn->known);
    turn->add(*made);
    if (made->needs)
      return ask_helper(std::move(*made->needs));
    if (turn->events.empty())
      return proceed();
    write();
  }

  /// Awaits, so that no other message comes between the halves of a turn.
  void ask_helper(evaluation what) {
    self
      ->request(
        ctx->evaluator.get(), caf::infinite,
        evaluate{std::make_shared<const evaluation>(std::move(what)), key})
      .await(
        [this](evaluated& e) {
          ctx->measured.expression_sandboxed(!e.values);
          step(reports::evaluated{std::move(e.values)});
        },
        [this](const caf::error&) {
          step(reports::evaluated{
            error{errc::internal, "The expression helpers have failed."}});
        });
  }

  void write() {
    outstanding = flow->outstanding();
    publish_lifecycle(*ctx, *turn, *flow);
    turn_outcome outcome{
      .events = std::move(turn->events),
      .emitted = std::move(turn->emitted),
      .left = living(*ctx, turn->left),
      .emitted_for = ctx->options.events.buffer_for,
      .at = turn->at,
      .busy = !outstanding.empty() || flow->has_work() || held.keep(*flow),
      .answer = {},
      .known = turn->known,
    };
    outcome.answer = kept_for_worker(*turn, outcome.events,
                                     ctx->options.retention.idempotency_for);
    if (turn->once) {
      turn->kept = answer_now(outcome.events);
      outcome.answer
        = to_keep(*turn, *turn->kept, ctx->options.retention.idempotency_for);
    }
    turn->delivers = turn->delivers && !consumed(outcome.events);
    const auto& s = ctx->options.storage;
    turn->record = record_turn(key, stands, *flow, std::move(outcome),
                               {s.snapshot_events, s.snapshot_bytes});
    turn->record.after.status = held.shown(*flow, !outstanding.empty());
    complete_record(*ctx, *turn, *flow);
    turn->rows = std::make_shared<const queued_turn>(
      storage::prepare(turn->record), ctx->journal);
    submit();
  }

  /// Awaits, so that no other message comes between the disk and the machine.
  void submit() {
    const auto writer = ctx->writer.get();
    self->request(writer, caf::infinite, commit{turn->rows, turn->urgent})
      .await([this](committed& c) { on_committed(c); },
             [this, id = writer.id()](const caf::error&) { await_writer(id); });
  }

  /// The writer has died with the turn unwritten: the next one takes it.
  void await_writer(caf::actor_id dead) {
    self->request(ctx->supervisor.get(), caf::infinite, want_writer{dead})
      .await([this](writer_lives) { submit(); },
             [this](caf::error& why) { self->quit(std::move(why)); });
  }

  void on_committed(const committed& c) {
    if (!c.how) {
      if (!turn->creates || c.how.error().code != errc::already_exists)
        // Somebody else wrote: only the journal knows what holds.
        throw std::runtime_error{c.how.error().detail};
      const auto no = taken_id(flow->state().id);
      unmake();
      return refuse(no);
    }
    stands = moved_on(stands, turn->record, turn->rows->rows, *flow);
    turn->rows.reset();
    count_turn(*ctx, turn->record, seen, *flow);
    ctx->changes.changed(key, stands->head.last, stands->head.status);
    tell_of_lifecycle(*ctx, *turn, stands->head.last, *flow);
    turned_away = tell_broker(*ctx, *turn, *stands, *flow, turned_away);
    tell_queues(*ctx, turn->record);
    for (const auto& child : turn->record.left)
      cancel_left_child(*ctx, child);
    proceed();
    stop_detached(*ctx, key, stands->head.status);
  }

  /// All is durable: see to the world, then answer. In this order, since who
  /// has been told of a pause must see nothing begin after it.
  void proceed() {
    if (turn->record.events.empty())
      outstanding = flow->outstanding();
    orphans = crew.reconcile(std::move(outstanding), flow->state());
    outstanding.clear();
    if (turn->reply)
      turn->reply->give(turn->kept ? std::move(*turn->kept)
                                   : answer_now(turn->record.events));
    answer_worker(*ctx, key, *turn);
    turn.reset();
    if (arm now{key, flow->next_timer(), held.keep_all(*flow)}; now != armed)
      self->send(ctx->timers.get(), armed = now);
    rest_or_go_on(held.rest(*ctx, *flow) && orphans.empty()
                  && !flow->has_work());
  }

  void rest_or_go_on(bool rests) {
    if (rests)
      return try_leave();
    self->send(self, go_on{});
  }

  void refuse(refusal no) {
    turned_away
      = turned_away || (turn->delivers && no.what.code == errc::overloaded);
    if (no.what.code == errc::invalid_state && flow
        && !no.members.contains("allowedActions"))
      no.members["allowedActions"] = actions_now(flow->state(), flow->flow());
    if (turn->reply)
      turn->reply->give(std::move(no));
    if (!stands)
      unmake();
    turn.reset();
    try_leave();
  }

  /// It was to be created, and is not.
  void unmake() {
    flow.reset();
    memory.forget();
  }

  void try_leave() {
    turn.reset();
    if (crew.empty() && orphans.empty() && !lifting)
      self->send(ctx->registry.get(), may_leave{key, handled});
  }

  [[nodiscard]] answer answer_now(const std::vector<event>& facts) const {
    return answer_of(*turn, facts, *flow, set_aside);
  }
  // --- Quarantine ----------------------------------------------------------

  /// An operator's retry ends the quarantine first; when that is durable the
  /// wish comes again.
  void lift(wish& w) {
    lifting = true;
    auto again = std::make_shared<wish>(std::move(w));
    again->reply = std::move(turn->reply);
    again->once = std::move(turn->once);
    again->note = std::move(turn->note);
    turn.reset();
    caf::anon_send(ctx->writer.get(),
                   lift_quarantine(key, std::move(again),
                                   caf::actor_cast<instance_actor>(self)));
  }

  void take(const lifted& l) {
    lifting = false;
    set_aside.reset();
    self->send(ctx->registry.get(), absolve{key});
    // What was running goes on by itself, the machine has nothing to retry.
    if (flow->state().status == instance_status::faulted)
      return grant(*l.what);
    turn.emplace();
    turn->reply = std::move(l.what->reply);
    step(reports::time_passed{});
  }

  // --- Workers -------------------------------------------------------------

  caf::actor start_worker(const commands::perform& c,
                          const std::shared_ptr<effect_gate>& gate) {
    auto worker = spawn_step_worker(
      self->system(), {.order = order_of(*ctx, c, *flow, key),
                       .gate = gate,
                       .owner = caf::actor_cast<instance_actor>(self),
                       .ctx = ctx});
    self->monitor(worker);
    return worker;
  }

  void end_worker(const caf::actor& worker, std::optional<giving_up> how) {
    if (how)
      caf::anon_send(worker, give_up_effect{*how});
    else
      self->send_exit(worker, caf::exit_reason::kill);
  }

  void kill_a_worker() {
    ++handled;
    if (const auto one = crew.any())
      end_worker(*one, std::nullopt);
    try_leave();
  }

  instance_actor::pointer self;
  std::optional<machine> flow;
  own_memory memory;
  std::optional<footing> stands; ///< None as long as nothing is committed.
  std::optional<storage::quarantine> set_aside;
  instance_holds held{key};
  witness seen;
  step_crew crew;
  std::optional<open_turn> turn;
  std::vector<command> outstanding;             ///< After the turn under way.
  std::vector<reports::effect_stopped> orphans; ///< Nobody is at work on them.
  arm armed;                 ///< What the timers were told last.
  std::uint64_t handled = 0; ///< Messages of the registry.
  bool lifting = false;
  bool turned_away = false; ///< An event; the broker is asked for it again.
};

instance_actor::behavior_type
instance(instance_actor::stateful_pointer<state> self, instance_args args) {
  static_cast<instance_args&>(self->state) = args;
  self->set_down_handler(
    [self](caf::down_msg& down) { self->state.take(down); });
  self->set_exception_handler(contained);
  return {
    [self](wish& w) { self->state.take(w); },
    [self](nudge& n) { self->state.take(n); },
    [self](leave) { self->quit(); },
    [self](effect_ended& e) { self->state.take(e); },
    [self](const start_again& s) { self->state.crew.start_again(s.frames); },
    [self](go_on g) { self->state.take(g); },
    [self](const lifted& l) { self->state.take(l); },
    [self](kill_any) { self->state.kill_a_worker(); },
  };
}

} // namespace

instance_actor spawn_instance(caf::actor_system& sys, instance_args args) {
  return sys.spawn(instance, args);
}

} // namespace pawl::actors
