#include "workflow/approval.hpp"
#include "workflow/planner.hpp"

#include <algorithm>
#include <functional>

namespace pawl {

namespace {

bool has_effect_out(const instance_state& s) {
  return std::ranges::any_of(
    s.frames, [](const auto& f) { return effect_is_out(f.second); });
}

bool backs_off(const instance_state& s) {
  return std::ranges::any_of(
    s.frames, [](const auto& f) { return f.second.at == phase::backoff; });
}

bool waits(const instance_state& s) {
  return std::ranges::any_of(s.frames, [](const auto& f) {
    return f.second.at == phase::waiting || f.second.at == phase::handed;
  });
}

bool asks_people(const instance_state& s) {
  return takes_votes(s) && std::ranges::any_of(s.frames, [](const auto& f) {
           return is_open_approval(f.second);
         });
}

// What has failed and is left to the operator of an instance that is paused.
bool is_exhausted(const instance_state& s) {
  return std::ranges::any_of(s.frames, [](const auto& f) {
    return f.first != 0 && f.second.at == phase::faulted;
  });
}

bool over(instance_status s) {
  return s == instance_status::completed || s == instance_status::cancelled;
}

bool pausing(instance_status s) {
  return s == instance_status::suspending || s == instance_status::suspended;
}

} // namespace

std::vector<std::string_view> allowed_verbs(const instance_state& s) {
  std::vector<std::string_view> all;
  switch (s.status) {
  case instance_status::pending:
  case instance_status::running:
  case instance_status::waiting:
  case instance_status::suspending:
  case instance_status::suspended:
    all = {pausing(s.status) ? "resume" : "pause", "cancel"};
    if (!pausing(s.status) && backs_off(s))
      all.emplace_back("retry");
    if (waits(s) || backs_off(s) || is_exhausted(s))
      all.emplace_back("skip");
    if (waits(s))
      all.insert(all.end(), {"complete", "fail"});
    if (asks_people(s))
      all.insert(all.end(), {"approve", "reject"});
    all.emplace_back("event");
    if (s.status == instance_status::running && !s.rollback
        && s.tasks_completed > 0)
      all.emplace_back("redo");
    if (may_roll_back(s) && !s.undoables.empty())
      all.emplace_back("rollback");
    return all;
  case instance_status::faulted:
    all = {"cancel", "retry"};
    if (s.faulted_frame != 0)
      all.emplace_back("skip");
    if (may_roll_back(s) && !s.undoables.empty())
      all.emplace_back("rollback");
    return all;
  case instance_status::cancelling: // Compensations may ask.
    if (asks_people(s))
      all = {"approve", "reject"};
    break;
  case instance_status::completed:
  case instance_status::cancelled:
    break;
  }
  return all;
}

refused planner::not_now(std::string_view verb) const {
  json::array allowed;
  for (const auto known : allowed_verbs(state_))
    allowed.emplace_back(known);
  const auto shown = to_text(shown_status(state_, of_));
  return {{errc::invalid_state, "an instance that is " + std::string{shown}
                                  + " cannot take '" + std::string{verb} + "'"},
          {{"from", shown},
           {"allowed", std::move(allowed)},
           {"allowedActions", allowed_actions(state_)}}};
}

planner::answer planner::create(const requests::create& wish) {
  raised why;
  if (!wish.fault_if_invalid
      && !check_schema(of_.input.schema, *wish.input, "workflow input", "/",
                       why))
    return refused{
      {errc::invalid_input, std::string{why.problem.at("detail").as_string()}},
      {{"error", why.problem}}};
  plan.emplace_back(events::instance_created{.ns = wish.ns,
                                             .id = wish.id,
                                             .workflow = of_.id,
                                             .digest = of_.digest,
                                             .input = wish.input,
                                             .labels = wish.labels,
                                             .parent = wish.parent,
                                             .depth = wish.depth,
                                             .unchecked = wish.fault_if_invalid,
                                             .by = wish.by,
                                             .traceparent = wish.traceparent});
  if (wish.start_at && *wish.start_at > now_)
    arm(0, timer_purpose::start, *wish.start_at);
  if (wish.held)
    plan.emplace_back(events::instance_suspended{"it was started held"});
  return {};
}

vantage planner::seen_from_outside() const {
  return {.node = nullptr,
          .scope = 0,
          .raw = state_.raw_input,
          .input = nullptr,
          .output = nullptr,
          .raw_output = nullptr,
          .started = state_.started.value_or(now_)};
}

void planner::begin_workflow() {
  const auto at = seen_from_outside();
  datum changed;
  raised why;
  bool fine = !state_.unchecked
              || check_schema(of_.input.schema, *state_.raw_input,
                              "workflow input", "/", why);
  if (fine && of_.input.from) {
    auto transformed = values_.evaluate(*of_.input.from, *state_.raw_input, at);
    fine = transformed.has_value();
    if (fine)
      changed = *transformed;
    else
      why = transformed.error();
  }
  plan.emplace_back(events::instance_started{changed});
  if (of_.states)
    plan.emplace_back(events::state_changed{"", "", of_.states->initial});
  if (of_.sla)
    arm(0, timer_purpose::sla, now_ + *of_.sla);
  if (fine && of_.timeout) {
    auto length = values_.evaluate(*of_.timeout,
                                   changed ? *changed : *state_.raw_input, at);
    fine = length.has_value();
    if (fine)
      arm(0, timer_purpose::timeout, add(now_, *length));
    else
      why = length.error();
  }
  if (!fine)
    fail(0, 0, "/", std::move(why));
}

planner::answer planner::pause(const requests::pause& wish) {
  const auto s = state_.status;
  if (ended(s) || s == instance_status::cancelling)
    return not_now("pause");
  if (s == instance_status::suspended)
    return {};
  if (s == instance_status::suspending
      && (wish.mode == state_.mode || wish.mode == pause_mode::drain))
    return {};
  if (wish.until && *wish.until <= now_)
    return refused{{errc::invalid_request, "`until` is over already"}, {}};
  // The first word on its timers holds for the whole pause.
  const bool freeze = pausing(s) ? state_.freeze : wish.freeze;
  if (has_effect_out(state_))
    plan.emplace_back(
      events::instance_suspending{wish.mode, wish.reason, freeze});
  else
    plan.emplace_back(events::instance_suspended{wish.reason, freeze});
  if (wish.until)
    arm(0, timer_purpose::resume, *wish.until);
  return {};
}

planner::answer planner::resume(const requests::resume& wish) {
  const auto s = state_.status;
  if (ended(s) || s == instance_status::cancelling)
    return not_now("resume");
  if (pausing(s))
    plan.emplace_back(events::instance_resumed{wish.reason});
  return {};
}

planner::answer planner::cancel(const requests::cancel& wish) {
  const auto s = state_.status;
  if (over(s) || s == instance_status::cancelling)
    return {};
  const bool undoes
    = wants_saga()
      || (state_.rollback && state_.rollback->then != rollback_end::cancel
          && of_.saga);
  if (undoes || (s != instance_status::faulted && has_effect_out(state_)))
    plan.emplace_back(events::instance_cancelling{wish.reason});
  else
    plan.emplace_back(events::instance_cancelled{wish.reason});
  return {};
}

planner::answer planner::retry(const requests::retry& wish) {
  if (state_.status == instance_status::faulted)
    return wish.from.empty() ? retry_faulted(wish) : retry_from(wish);
  const auto refusal = [&] { return not_now("retry"); };
  if (state_.status != instance_status::running || wish.input
      || !wish.from.empty())
    return refusal();
  if (!backs_off(state_))
    return refusal();
  for (const auto& [id, f] : state_.frames)
    if (f.at == phase::backoff)
      end_backoff(f);
  return {};
}

void planner::end_backoff(const frame& f) {
  const auto& node = of_.tasks[*f.node];
  plan.emplace_back(events::task_retried{.frame = f.id,
                                         .task = node.pointer,
                                         .attempt = f.attempt,
                                         .until = std::nullopt,
                                         .error = nullptr,
                                         .input = nullptr,
                                         .by_operator = true});
  arm_attempt(f);
}

planner::answer planner::retry_faulted(const requests::retry& wish) {
  const auto& f = state_.frames.at(state_.faulted_frame);
  if (wish.input && !f.node)
    return refused{{errc::invalid_request,
                    "the workflow itself faulted, not a task: there is no "
                    "task input to replace"},
                   {}};
  // A workflow that no task of has begun may lack its own input.
  const bool begins = !f.node && f.entered.empty();
  datum replaced = wish.input ? *wish.input : nullptr;
  raised why;
  if (begins && of_.input.from) {
    auto transformed = values_.evaluate(*of_.input.from, *state_.raw_input,
                                        seen_from_outside());
    if (transformed)
      replaced = *transformed;
    else
      why = transformed.error();
  }
  plan.emplace_back(events::task_retried{
    .frame = f.id,
    .task = f.node ? of_.tasks[*f.node].pointer : std::string{"/"},
    .attempt = f.attempt + 1,
    .until = std::nullopt,
    .error = nullptr,
    .input = replaced,
    .by_operator = true});
  if (!why.problem.empty()) {
    fail(0, 0, "/", std::move(why));
    return {};
  }
  renew_limits();
  const auto limited = [&](const auto& t) { return t.second.frame == 0; };
  if (of_.timeout && std::ranges::none_of(state_.timers, limited)) {
    const auto& seen
      = begins && replaced ? replaced : state_.frames.at(0).input;
    auto length = values_.evaluate(*of_.timeout, *seen, seen_from_outside());
    if (length)
      arm(0, timer_purpose::timeout, add(now_, *length));
    else
      fail(0, 0, "/", length.error());
  }
  return {};
}

// While it was faulted nobody could hurry: the limits around start anew.
void planner::renew_limits() {
  for (const auto& [id, t] : state_.timers)
    if (t.purpose == timer_purpose::timeout
        || t.purpose == timer_purpose::attempt)
      arm(t.frame, t.purpose, now_ + (t.due - t.armed));
}

planner::answer planner::deliver(const requests::deliver& wish) {
  using policy = requests::deliver::if_unawaited;
  const auto s = state_.status;
  if (ended(s) || s == instance_status::cancelling) {
    if (wish.otherwise == policy::ignore)
      return {};
    return not_now("event");
  }
  if (wish.arrival != 0 && state_.arrived.contains(wish.arrival))
    return {};
  const auto hash = event_hash(*wish.event);
  for (const auto& [when, known] : state_.taken)
    if (known == hash && when + std::chrono::hours{24} > now_)
      return {};
  // Of what is published to all, nobody can be told that it does not fit: it
  // is not taken.
  const bool published = wish.otherwise == policy::ignore;
  if (!published
      || of_.user_events.contains(
        std::string_view{wish.event->at("type").as_string()}))
    if (auto fine = guard_event(*wish.event); !fine || values_.pending())
      return published && !fine ? answer{} : fine;
  // What some have taken already has its own bound.
  const auto kept = static_cast<std::size_t>(std::ranges::count_if(
    state_.inbox, [](const auto& one) { return one.left_for.empty(); }));
  const bool full = kept >= limits_.inbox_max;
  bool has_room = !full;
  if (wish.otherwise != policy::keep || full) {
    const bool awaited = is_awaited(*wish.event);
    if (!awaited && wish.otherwise == policy::ignore)
      return {};
    if (!awaited && wish.otherwise == policy::refuse)
      return refuse_unawaited();
    // What a listen takes at once needs no room; else an instance whose inbox
    // is full could never get the event that it waits for.
    has_room = has_room || (awaited && s == instance_status::running);
  }
  if (!has_room)
    return refused{
      {errc::overloaded, "the instance keeps " + std::to_string(kept)
                           + " events that nothing has consumed yet"},
      {}};
  plan.emplace_back(
    events::event_received{state_.next_inbox, wish.event, wish.arrival});
  return {};
}

bool planner::is_awaited(const json::value& arrived) {
  bool awaited = false;
  for (const auto& [id, f] : state_.frames) {
    if (!f.node || f.at != phase::waiting)
      continue;
    const auto* what = std::get_if<tasks::listen>(&of_.tasks[*f.node].kind);
    if (what == nullptr)
      continue;
    auto match = match_event(values_, what->to,
                             {f.listening->matched, f.listening->correlation},
                             arrived, seen_from(f));
    // A filter that fails is the listening task's fault: let it fail there.
    awaited = awaited || !match || match->has_value();
  }
  return awaited;
}

refused planner::refuse_unawaited() const {
  json::array awaits;
  for (const auto& [id, f] : state_.frames) {
    if (!f.node || f.at != phase::waiting)
      continue;
    const auto& node = of_.tasks[*f.node];
    const auto* what = std::get_if<tasks::listen>(&node.kind);
    if (what == nullptr)
      continue;
    for_each_filter(what->to, [&](const event_filter& filter) {
      json::object one{{"task", node.pointer}};
      for (const auto& [key, rule] : filter.with)
        if (const auto* fixed = std::get_if<datum>(&rule.form))
          one[key] = **fixed;
      awaits.push_back(std::move(one));
    });
  }
  auto no = not_now("event");
  no.what.detail = "no task waits for this event now";
  no.members["awaits"] = std::move(awaits);
  return no;
}

} // namespace pawl
