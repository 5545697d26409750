#include "tests/sim/world.hpp"

#include "base/overload.hpp"
#include "workflow/approval.hpp"
#include "workflow/redo.hpp"

#include <algorithm>
#include <stdexcept>

namespace pawl::sim {

namespace {

machine_limits small_limits() {
  machine_limits l;
  l.turn_steps_max = 7; // Small, so that turns are cut often.
  l.inbox_max = 8;
  l.payload_max = 4096; // A fork in a loop multiplies its data.
  return l;
}

datum asked_event(std::uint64_t number) {
  return make_datum({{"specversion", "1.0"},
                     {"id", std::to_string(number)},
                     {"source", "https://pawl.test"},
                     {"type", number % 3 == 0 ? "test.other" : "test.asked"},
                     {"data", {{"n", number}}}});
}

bool paused(instance_status s) {
  return s == instance_status::suspending || s == instance_status::suspended;
}

} // namespace

world::world(definition_ptr of, std::uint64_t seed)
    : of_{std::move(of)}, limits_{small_limits()}, random_{seed},
      machine_{of_, limits_}, now_{from_unix_ms(1'750'000'000'000)} {
  requests::create wish{"sim", "one", make_datum({{"n", pick(4)}}), {}};
  if (pick(6) == 0)
    wish.start_at = now_ + duration{static_cast<std::int64_t>(pick(5000))};
  wish.held = pick(8) == 0;
  if (pick(4) == 0)
    wish.by = "ann";
  decide(std::move(wish));
  sync();
}

void world::broken(const std::string& what) const {
  throw std::runtime_error{what + "; instance: "
                           + to_text(view(machine_.state(), *of_))
                           + "; document: " + to_text(of_->document)};
}

machine world::fold(std::size_t count) const {
  machine m{of_, limits_};
  for (std::size_t i = 0; i < count; ++i)
    m.apply(journal_[i].what, journal_[i].at);
  return m;
}

void world::check_fold() const {
  if (fold(journal_.size()).snapshot() != machine_.snapshot())
    broken("I5: the state is not the fold of its history");
  machine copy{of_, limits_};
  if (!copy.restore(machine_.snapshot())
      || copy.snapshot() != machine_.snapshot())
    broken("I5: a snapshot does not give the state back");
}

// What the invariants remember of the past.
void world::note(const event& what, timestamp at) {
  if (seen_.over)
    broken("I6: " + std::string{type_of(what)} + " after the end");
  std::visit(
    overload{
      [&](const events::timer_armed& x) { seen_.armed[x.timer] = x.due; },
      [&](const events::timer_fired& x) {
        const auto due = seen_.armed.find(x.timer);
        if (due == seen_.armed.end())
          broken("I9: a timer fired twice, or was never armed");
        if (at < due->second)
          broken("I9: a timer fired early");
        seen_.armed.erase(due);
      },
      [&](const events::task_started& x) {
        seen_.intended.emplace(x.frame, x.task);
        seen_.voted[x.frame].clear();
      },
      [&](const events::task_completed& x) {
        if (!seen_.completed.insert(x.frame).second)
          broken("I4: " + x.task + " completed twice");
      },
      [&](const events::approval_voted& x) {
        if (!seen_.voted[x.frame].insert(x.by).second)
          broken("I10: " + x.by + " voted twice on " + x.task);
      },
      [&](const events::instance_completed&) { seen_.over = true; },
      [&](const events::instance_cancelled&) { seen_.over = true; },
      [](const auto&) {}},
    what);
}

void world::check_turn(const std::vector<event>& events) {
  for (const auto& what : events) {
    note(what, now_);
    journal_.push_back({what, now_});
  }
}

void world::decide(input what) {
  const auto before = machine_.snapshot();
  auto made = machine_.decide(std::move(what), {now_, random_()});
  if (!made) {
    if (machine_.snapshot() != before)
      broken("a refused request changed the state");
    return;
  }
  check_turn(made->events);
  while (made->needs) {
    // The helper answers, or fails, or its time runs out.
    reports::evaluated answer{std::vector<json::value>{1}};
    if (pick(5) == 0)
      answer.values = error{errc::timed_out, "the deadline passed"};
    made = machine_.decide(std::move(answer), {now_, random_()});
    if (!made) { // A skip whose `export` fails.
      if (machine_.snapshot() != before)
        broken("a request that was refused late changed the state");
      return;
    }
    check_turn(made->events);
  }
  unfinished_ = made->unfinished;
}

void world::sync() {
  synced_ = journal_.size();
  acknowledged_ = synced_;
  release();
}

// Carries out what the synced state orders. I3 and I7 are checked here, at the
// only place where effects leave.
void world::release() {
  const auto wanted = machine_.outstanding();
  std::vector<std::pair<frame_id, std::uint32_t>> keep;
  std::set<std::string_view> keys;
  for (const auto& w : wanted)
    std::visit(
      overload{
        [&](const commands::perform& call) {
          keep.emplace_back(call.frame, call.dispatch);
          if (!keys.insert(call.effect_key).second)
            broken("two effects are wanted as " + call.effect_key);
          const auto known = std::ranges::find_if(out_, [&](const order& o) {
            return o.call.frame == call.frame
                   && o.call.dispatch == call.dispatch;
          });
          if (known != out_.end())
            return;
          if (paused(machine_.state().status))
            broken("I7: an effect left while paused");
          if (journal_.size() != synced_
              || !seen_.intended.contains({call.frame, call.task}))
            broken("I3: an effect left before its intention");
          if (seen_.keys.try_emplace(call.effect_key, call.task).first->second
              != call.task)
            broken("the key " + call.effect_key + " names two tasks");
          out_.push_back({call});
        },
        [&](const commands::stop_effect& stop) {
          // Half of the stops come too late: the outcome is on
          // its way.
          std::erase_if(out_, [&](const order& o) {
            return o.call.frame == stop.frame && pick(2) == 0;
          });
          const auto live = std::ranges::any_of(
            out_, [&](const order& o) { return o.call.frame == stop.frame; });
          if (live)
            keep.emplace_back(stop.frame, stop.dispatch);
        },
        [&](const commands::keep_effect& k) {
          keep.emplace_back(k.frame, k.dispatch);
        }},
      w);
  for (auto o = out_.begin(); o != out_.end();) {
    if (std::ranges::find(keep, std::pair{o->call.frame, o->call.dispatch})
        != keep.end()) {
      ++o;
      continue;
    }
    stale_.push_back(*o);
    o = out_.erase(o);
  }
}

void world::crash() {
  if (acknowledged_ > synced_)
    broken("I1: an acknowledged change is not in the journal");
  journal_.resize(synced_);
  for (auto& o : out_)
    stale_.push_back(o); // Its request may have left all the same.
  out_.clear();
  machine_ = fold(journal_.size());
  seen_ = {};
  for (const auto& f : journal_)
    note(f.what, f.at);
  if (machine_.state().last != journal_.size())
    broken("I2: the history has a gap");
  unfinished_ = true;
  release();
}

void world::report_some() {
  for (const auto& w : machine_.outstanding()) {
    frame_id frame = 0;
    std::uint32_t dispatch = 0;
    const bool held
      = std::visit(overload{[&](const commands::stop_effect& s) {
                              frame = s.frame;
                              dispatch = s.dispatch;
                              return true;
                            },
                            [&](const commands::keep_effect& s) {
                              frame = s.frame;
                              dispatch = s.dispatch;
                              return true;
                            },
                            [](const commands::perform&) { return false; }},
                   w);
    const auto live = std::ranges::any_of(
      out_, [&](const order& o) { return o.call.frame == frame; });
    if (held && !live)
      return decide(reports::effect_stopped{frame, dispatch});
  }
  auto& from = !stale_.empty() && pick(4) == 0 ? stale_ : out_;
  if (from.empty())
    return;
  const auto& chosen = from[pick(from.size())].call;
  if (pick(10) == 0)
    return decide(
      reports::effect_failed{chosen.frame, chosen.dispatch, "worker died"});
  decide(
    reports::effect_done{chosen.frame, chosen.dispatch, outcome_of(chosen)});
}

effect_outcome world::outcome_of(const commands::perform& call) {
  const auto luck = pick(10);
  if (std::holds_alternative<tasks::run_program>(call.node->kind))
    return program_outcome{
      .code = luck == 0 ? 1 : 0, .out = "done\n", .err = {}};
  if (std::holds_alternative<tasks::run_workflow>(call.node->kind)) {
    child_outcome ended{.id = "child"};
    if (luck == 0)
      ended.error = make_datum({{"type", "https://pawl.test/errors/child"},
                                {"status", 400},
                                {"title", "Broken"}});
    else if (luck != 1) // Else it was cancelled.
      ended.output = make_datum({{"n", pick(5)}});
    return ended;
  }
  http_outcome outcome;
  if (luck == 0)
    outcome.failure = "connection refused";
  else if (luck == 1)
    outcome = {.failure = {},
               .status = 503,
               .headers = {{"Retry-After", "2"}},
               .body = "busy",
               .request = {}};
  else
    outcome = {.failure = {},
               .status = 200,
               .headers = {{"Content-Type", "application/json"}},
               .body = R"({"n": )" + std::to_string(pick(5)) + "}",
               .request = {}};
  return outcome;
}

requests::pause world::some_pause() {
  requests::pause wish{pick(2) == 0 ? pause_mode::drain : pause_mode::interrupt,
                       "test"};
  wish.freeze = pick(3) == 0;
  if (pick(4) == 0)
    wish.until = now_ + duration{static_cast<std::int64_t>(pick(5000))};
  return wish;
}

void world::act_by_hand() {
  switch (pick(10)) {
  case 0:
    return decide(requests::cancel{"test"});
  case 9:
    return redo_some();
  case 8:
    return decide(
      requests::rollback{.to = of_->tasks[pick(of_->tasks.size())].pointer,
                         .since = pick(machine_.state().last + 1),
                         .input = make_datum({{"n", pick(4)}}),
                         .reason = "test"});
  case 1:
  case 2:
  case 3: {
    requests::settle wish{.how = static_cast<requests::settle::way>(pick(3)),
                          .lane = static_cast<std::uint32_t>(pick(3))};
    if (pick(2) == 0)
      wish.output = make_datum(json::value(pick(9)));
    return decide(std::move(wish));
  }
  case 4:
    return decide(requests::retry{make_datum({{"n", pick(4)}}), "test",
                                  of_->tasks[pick(of_->tasks.size())].pointer});
  default:
    return decide(requests::retry{std::nullopt, "test"});
  }
}

// Some task, or some item of a loop, once more.
void world::redo_some() {
  requests::redo wish{.task = of_->tasks[pick(of_->tasks.size())].pointer,
                      .item = static_cast<std::uint32_t>(pick(3))};
  machine again{of_, limits_};
  redo_finder finder{wish.task, wish.item};
  for (const auto& [what, at] : journal_) {
    finder.before(again.state(), *of_, what);
    again.apply(what, at);
    finder.after(again.state(), *of_, what);
  }
  finder.tell(wish);
  if (pick(2) == 0)
    wish.input = make_datum({{"n", pick(4)}});
  decide(std::move(wish));
}

// Somebody votes; at times a stranger, or on what asks no more.
void world::vote(const std::string& by, bool fairly) {
  for (const auto& [id, f] : machine_.state().frames) {
    if (!is_open_approval(f) || (!fairly && pick(3) == 0))
      continue;
    requests::vote wish{.frame = id, .round = f.dispatch, .by = by};
    wish.operates = fairly || pick(2) == 0;
    if (fairly || pick(2) == 0)
      wish.groups.emplace_back("peer");
    wish.round -= !fairly && pick(8) == 0 ? 1 : 0;
    const bool rejects = !fairly && pick(3) == 0;
    wish.outcome = rejects ? "rejected" : "approved";
    if (fairly || pick(2) == 0)
      wish.comment = "seen";
    if (fairly || pick(2) == 0)
      wish.data = make_datum(json::value(pick(9)));
    return decide(std::move(wish));
  }
}

bool world::asks_people() const {
  return takes_votes(machine_.state())
         && std::ranges::any_of(machine_.state().frames, [](const auto& f) {
              return is_open_approval(f.second);
            });
}

void world::step() {
  static constexpr const char* people[] = {"ann", "bob", "eve", "joe"};
  switch (pick(18)) {
  case 0:
    return crash();
  case 1:
    return decide(some_pause());
  case 2:
  case 3:
    return decide(requests::resume{"test"});
  case 4:
    return act_by_hand();
  case 5:
    now_ += duration{static_cast<std::int64_t>(pick(3000))};
    return decide(reports::time_passed{});
  case 6: // The clock steps, forwards or back.
    now_ += duration{static_cast<std::int64_t>(pick(20'000)) - 10'000};
    return decide(reports::time_passed{});
  case 7:
  case 8: {
    // At times the same event twice.
    const auto number = pick(4) == 0 ? next_event_ : ++next_event_;
    const auto how = pick(3);
    using policy = requests::deliver::if_unawaited;
    return decide(requests::deliver{asked_event(number), how == 0 ? policy::keep
                                                         : how == 1
                                                           ? policy::refuse
                                                           : policy::ignore});
  }
  case 9:
    return decide(reports::go_on{});
  case 10:
  case 11:
    return vote(people[pick(4)], false);
  default:
    return report_some();
  }
}

void world::run(int steps) {
  for (int i = 0; i < steps; ++i) {
    step();
    if (pick(3) != 0)
      sync();
    if (pick(8) == 0)
      check_fold();
  }
  come_to_rest();
  check_fold();
}

// With a fair world and no more wishes, an instance ends or waits for an
// event; it is never stuck.
void world::come_to_rest() {
  sync();
  decide(requests::resume{"rest"});
  sync();
  int refused = 0; // Votes, one after the other.
  for (int i = 0; i < 400; ++i) {
    if (ended(machine_.state().status))
      return;
    const auto before = journal_.size();
    if (machine_.state().status == instance_status::suspended) {
      // Something was left to an operator, who may have to give in.
      if (pick(3) == 0)
        decide(requests::settle{});
      decide(requests::resume{"rest"});
    }
    decide(reports::go_on{});
    sync();
    report_some();
    sync();
    if (const auto due = machine_.next_timer()) {
      now_ = std::max(now_, *due);
      decide(reports::time_passed{});
      sync();
    }
    if (journal_.size() != before)
      continue;
    if (asks_people()) {
      static constexpr const char* people[] = {"ann", "bob", "eve"};
      vote(i % 4 < 3 ? people[i % 4] : "p" + std::to_string(i), true);
      sync();
      refused = journal_.size() != before ? 0 : refused + 1;
      if (refused > 8) // Each of them has been asked twice.
        broken("stuck: nobody who is asked may decide");
      continue;
    }
    if (!machine_.awaited().empty()) {
      ++next_event_; // Of both types in turn.
      decide(requests::deliver{asked_event(3 * next_event_ + next_event_ % 2)});
      sync();
      continue;
    }
    if (stale_.empty())
      broken("stuck: nothing is ordered, no timer, no event awaited");
    stale_.clear();
  }
}

} // namespace pawl::sim
