#include "workflow/machine.hpp"

#include "base/overload.hpp"
#include "workflow/next_task.hpp"
#include "workflow/planner.hpp"
#include "workflow/sharing.hpp"

#include <boost/throw_exception.hpp>

#include <algorithm>
#include <stdexcept>

namespace pawl {

void throw_exception_from_error(const refused& e,
                                const boost::source_location& at) {
  boost::throw_with_location(std::runtime_error{e.what.detail}, at);
}

/// Drives a turn: takes the steps that the input asks for, then every step
/// that is ready, each as planned and folded before the next.
struct machine::impl {
  using outcome = boost::system::result<void, refused>;
  using step = std::function<outcome(planner&)>;

  impl(definition_ptr of, machine_limits limits)
      : of_{std::move(of)}, limits_{limits}, values_{*of_, state_,
                                                     limits_.step_budget,
                                                     limits_.payload_max},
        planner_{*of_, state_, values_, limits_} {}

  boost::system::result<turn, refused> decide(input what,
                                              const turn_context& in) {
    out_ = {};
    if (auto* values = std::get_if<report>(&what);
        values != nullptr
        && std::holds_alternative<reports::evaluated>(*values)) {
      values_.resume_step(
        std::move(std::get<reports::evaluated>(*values).values));
    } else {
      if (underway_)
        throw std::logic_error{"a turn that waits for a value got other input"};
      now_ = in.now;
      seed_ = in.seed;
      held_ = in.held;
      if (in.held_tasks != nullptr)
        held_tasks_ = *in.held_tasks;
      else
        held_tasks_.clear();
      steps_left_ = limits_.turn_steps_max;
      cut_ = false;
      consumed_ = false;
      values_.begin_turn(in.flags);
      std::visit([this](auto& x) { order(std::move(x)); }, what);
    }
    if (auto done = run(); !done)
      return done.error();
    return std::move(out_);
  }

  // --- What the input asks for ---------------------------------------------

  void order(request wish) {
    std::visit(overload{[this](const requests::create& x) {
                          add([x](planner& p) { return p.create(x); });
                          add_beginning();
                        },
                        [this](const requests::pause& x) {
                          add([x](planner& p) { return p.pause(x); });
                        },
                        [this](const requests::resume& x) {
                          add([x](planner& p) { return p.resume(x); });
                          add_beginning();
                          add_examinations();
                          add_timers();
                        },
                        [this](const requests::cancel& x) {
                          add([x](planner& p) { return p.cancel(x); });
                        },
                        [this](const requests::retry& x) {
                          add([x](planner& p) { return p.retry(x); });
                          add_examinations();
                        },
                        [this](const requests::settle& x) {
                          add([x](planner& p) { return p.settle_task(x); });
                          add_examinations();
                        },
                        [this](const requests::vote& x) {
                          add([x](planner& p) { return p.vote(x); });
                        },
                        [this](const requests::rollback& x) {
                          add([x](planner& p) { return p.roll_back(x); });
                        },
                        [this](const requests::redo& x) {
                          add([x](planner& p) { return p.redo(x); });
                        },
                        [this](const requests::deliver& x) {
                          add([x](planner& p) { return p.deliver(x); });
                          add_examinations();
                        }},
               std::move(wish));
  }
  void order(report what) {
    std::visit(overload{[this](reports::effect_done x) {
                          auto shared = std::make_shared<reports::effect_done>(
                            std::move(x));
                          add([shared](planner& p) {
                            p.done(*shared);
                            return outcome{};
                          });
                        },
                        [this](const reports::effect_failed& x) {
                          add([x](planner& p) {
                            p.failed(x);
                            return outcome{};
                          });
                        },
                        [this](const reports::effect_stopped& x) {
                          add([x](planner& p) {
                            p.stopped(x);
                            return outcome{};
                          });
                        },
                        [this](const reports::time_passed&) { add_timers(); },
                        [this](const reports::go_on&) {
                          add_beginning();
                          add_examinations();
                          add_timers();
                        },
                        [](const reports::evaluated&) {}},
               std::move(what));
  }
  void add(step s) { queue_.push_back({std::move(s), false}); }

  // An instance that was only created begins.
  void add_beginning() {
    add([this](planner& p) {
      if (pending())
        p.begin_workflow();
      return outcome{};
    });
  }
  [[nodiscard]] bool pending() const {
    return state_.status == instance_status::pending && state_.last > 0
           && !held_ && std::ranges::none_of(state_.timers, [](const auto& t) {
                return t.second.purpose == timer_purpose::start;
              });
  }
  // One step fires the earliest timer that is due and asks for another look.
  void add_timers() {
    add([this](planner& p) {
      const auto* t = due_timer();
      if (t == nullptr)
        return outcome{};
      p.fire(*t);
      again_ = true;
      return outcome{};
    });
  }
  [[nodiscard]] const armed_timer* due_timer() const {
    const armed_timer* first = nullptr;
    for (const auto& [id, t] : state_.timers)
      if (t.due <= now_ && runs(state_, t)
          && (!held_ || t.purpose == timer_purpose::sla)
          && (first == nullptr || t.due < first->due))
        first = &t;
    return first;
  }
  // What was kept in the inbox may fit a listen now. Event by event, so that
  // what one sets off is there before the next, whenever they came.
  void add_examinations() {
    examine_ = false;
    queue_.push_back({[this](planner& p) {
                        again_ = look_through_inbox(p);
                        return outcome{};
                      },
                      true});
  }
  bool look_through_inbox(planner& p) {
    if (!moves(state_) || held_) {
      examine_ = examine_ || held_; // As soon as it is not held any more.
      return false;
    }
    for (const auto& kept : state_.inbox)
      for (const auto& [id, f] : state_.frames) {
        if (!listens(f))
          continue;
        p.examine(f, kept);
        if (!p.plan.empty() || p.values().pending())
          return true;
      }
    return false;
  }
  [[nodiscard]] bool listens(const frame& f) const {
    return f.node && f.at == phase::waiting
           && std::holds_alternative<tasks::listen>(of_->tasks[*f.node].kind);
  }

  // --- The loop ------------------------------------------------------------

  outcome run() {
    for (;;) {
      if (!underway_) {
        if (!next())
          return {};
        ++step_number_;
        values_.begin_step(now_);
      }
      again_ = false;
      planner_.begin_step(now_, seed_ + step_number_);
      auto done = underway_(planner_);
      if (values_.pending()) {
        out_.needs = values_.take_needs();
        return {};
      }
      underway_ = nullptr;
      if (!done) {
        queue_.clear();
        return done;
      }
      // An input's step that asked for another look stays at the front.
      if (from_queue_ && !again_)
        queue_.pop_front();
      commit_plan();
      if (cut_ && !stale_ && (queue_.empty() || queue_.front().examines)) {
        cut_ = false;
        put_off();
        out_.unfinished = ready_frame() != nullptr || has_unexamined();
        return {};
      }
    }
  }

  // What is left of the turn's input is to look at events and timers, which
  // go_on does too.
  void put_off() {
    examine_ = examine_ || !queue_.empty();
    queue_.clear();
  }

  bool next() { // False if the turn is over.
    // In this turn: a crash may follow it, but nothing may follow an end.
    if (std::exchange(stale_, false) && !ended(state_.status)) {
      from_queue_ = false;
      underway_ = [](planner& p) { return p.plan_index(nullptr), outcome{}; };
      return true;
    }
    if (queue_.empty() && pending())
      add_beginning();
    if (queue_.empty() && has_unexamined())
      add_examinations();
    const auto* f = ready_frame();
    from_queue_ = !queue_.empty()
                  && !(consumed_ && f != nullptr && queue_.front().examines);
    if (from_queue_) {
      underway_ = queue_.front().run;
      return true;
    }
    if (f == nullptr)
      return false;
    // At least one step, or costly filters could hold it up for ever.
    const bool first = steps_left_ == limits_.turn_steps_max;
    if (steps_left_ == 0 || (!first && values_.turn_spent())) {
      out_.unfinished = true;
      put_off();
      return false;
    }
    --steps_left_;
    underway_ = [id = f->id, this](planner& p) {
      p.advance(state_.frames.at(id));
      return outcome{};
    };
    return true;
  }
  // A listen that went on waiting may find what it wants in the inbox already.
  [[nodiscard]] bool has_unexamined() const {
    return examine_ && moves(state_) && !held_ && !state_.inbox.empty();
  }
  // What begins lanes comes first; among lanes, chance decides who goes on, so
  // that none can starve the others.
  [[nodiscard]] const frame* ready_frame() const {
    if (!moves(state_) || held_)
      return nullptr;
    std::uint64_t count = 0;
    const frame* chosen = nullptr;
    for (const auto& [id, f] : state_.frames) {
      if ((f.at != phase::ready && f.at != phase::entering) || is_held(f)
          || (f.id == 0 && waits_for_redo()))
        continue;
      if (owns_lanes(*of_, f))
        return &f;
      ++count;
      if (count == 1 || split_mix{state_.last + count}() % count == 0)
        chosen = &f;
    }
    return chosen;
  }

  // What runs beside the flow is to be through before the instance is.
  [[nodiscard]] bool waits_for_redo() const {
    const auto& root = state_.frames.at(0);
    return !state_.rollback && root.cursor >= of_->body.size()
           && std::ranges::any_of(state_.frames, [](const auto& f) {
                return f.second.role == frame_role::redo;
              });
  }

  // Whether the task that it would begin next must not begin.
  [[nodiscard]] bool is_held(const frame& f) const {
    if (held_tasks_.empty())
      return false;
    const auto* next = next_task(state_, *of_, f);
    return next != nullptr && held_tasks_.contains(next->pointer);
  }

  void commit_plan() {
    // What a step did may depend on them, so they come before it.
    if (const auto read = values_.flags_read(); read && !planner_.plan.empty()
                                                && *read != *state_.flags
                                                && state_.last > 0)
      take(events::flags_seen{read});
    for (auto& fact : planner_.plan)
      take(std::move(fact));
    planner_.plan.clear();
    planner_.settle();
    for (auto& fact : planner_.plan)
      take(std::move(fact));
    planner_.plan.clear();
  }
  void take(event fact) {
    if (const auto* done = std::get_if<events::task_completed>(&fact))
      note(*done);
    examine_ = examine_ || may_want_kept(fact);
    consumed_
      = consumed_ || std::holds_alternative<events::event_consumed>(fact);
    stale_ = stale_ || changes_index(*of_, fact);
    pawl::apply(state_, *of_, fact, now_, &out_.left);
    out_.events.push_back(std::move(fact));
  }
  void note(const events::task_completed& done) {
    const auto& node = of_->tasks[of_->by_pointer.at(done.task)];
    if (std::holds_alternative<tasks::emit>(node.kind))
      out_.emitted.push_back(planner_.emitted);
    if (planner_.logged)
      out_.logged.push_back(*planner_.logged);
    cut_ = cut_ || node.commit_each.value_or(of_->commit_each);
  }

  definition_ptr of_;
  machine_limits limits_;
  instance_state state_;
  evaluator values_;
  planner planner_;
  turn out_;
  timestamp now_;
  std::uint64_t seed_ = 0;
  std::uint64_t step_number_ = 0;
  std::uint32_t steps_left_ = 0;
  struct queued {
    step run;
    bool examines = false; ///< It looks at events.
  };
  std::deque<queued> queue_;
  step underway_;
  bool from_queue_ = false;
  bool again_ = false;
  bool cut_ = false;      ///< A task asked for a commit of its own.
  bool consumed_ = false; ///< An event was taken in this turn.
  bool held_ = false;     ///< Of the last turn's context.
  std::set<std::string, std::less<>> held_tasks_; ///< Likewise.
  bool stale_ = false; ///< What it can be listed by has to be looked at.
  /// Whether a listen may want what the inbox holds already.
  bool examine_ = false;
};

machine::machine(definition_ptr of, machine_limits limits)
    : impl_{std::make_unique<impl>(std::move(of), limits)} {}
machine::~machine() = default;
machine::machine(machine&&) noexcept = default;
machine& machine::operator=(machine&&) noexcept = default;

boost::system::result<turn, refused> machine::decide(input what,
                                                     const turn_context& in) {
  return impl_->decide(std::move(what), in);
}

void machine::apply(const event& fact, timestamp at) {
  impl_->examine_ = true;
  pawl::apply(impl_->state_, *impl_->of_, fact, at);
}

result<> machine::restore(std::string_view snapshot) {
  auto state = decode_state(snapshot);
  if (!state)
    return state.error();
  impl_->state_ = std::move(*state);
  impl_->examine_ = true;
  return {};
}

std::string machine::snapshot() const {
  return encode_state(impl_->state_);
}

std::vector<command> machine::outstanding() const {
  return outstanding_of(impl_->state_, *impl_->of_);
}

std::optional<timestamp> machine::next_timer() const {
  const auto& s = impl_->state_;
  std::optional<timestamp> first;
  for (const auto& [id, t] : s.timers)
    if (runs(s, t) && (!first || t.due < *first))
      first = t.due;
  return first;
}

bool machine::has_work() const {
  return impl_->underway_ || impl_->pending() || impl_->has_unexamined()
         || impl_->ready_frame() != nullptr;
}

const instance_state& machine::state() const {
  return impl_->state_;
}

definition_ptr machine::shared_flow() const {
  return impl_->of_;
}

const definition& machine::flow() const {
  return *impl_->of_;
}

} // namespace pawl
