#include "actors/turn_record.hpp"

#include "actors/figures/waits.hpp"
#include "workflow/approval.hpp"
#include "workflow/sensitive.hpp"
#include "workflow/shown.hpp"

#include <algorithm>
#include <utility>

namespace pawl::actors {

namespace {

std::vector<std::string> names_in(const json::object& of,
                                  std::string_view member) {
  std::vector<std::string> names;
  for (const auto& name : of.at(member).as_array())
    names.emplace_back(name.as_string());
  return names;
}

std::vector<storage::open_approval> approvals_of(const machine& now) {
  std::vector<storage::open_approval> all;
  const auto& s = now.state();
  if (!takes_votes(s))
    return all;
  for (const auto& [id, f] : s.frames) {
    if (!is_open_approval(f))
      continue;
    const auto shown = waiting_for_people(s, f);
    storage::open_approval one{.frame = id,
                               .round = f.dispatch,
                               .task = now.flow().tasks[*f.node].pointer,
                               .title
                               = std::string{shown.at("title").as_string()},
                               .groups = names_in(shown, "groups"),
                               .users = names_in(shown, "users"),
                               .since = f.started,
                               .due = {}};
    if (const auto* due = shown.at("due").if_string())
      if (const auto at = parse_timestamp(*due))
        one.due = *at;
    all.push_back(std::move(one));
  }
  return all;
}

storage::head head_of(const machine& now, bool busy, redactor_ptr known) {
  const auto& s = now.state();
  storage::head h;
  h.ns = s.ns;
  h.id = s.id;
  h.workflow = s.workflow;
  h.digest = s.digest;
  h.status = shown_status(s, now.flow());
  h.created = s.created;
  h.started = s.started;
  h.updated = s.updated;
  h.ended = s.ended;
  h.labels = s.labels;
  const masker hides{s, now.flow(), std::move(known)};
  for (const auto& [name, value] : s.index)
    h.labels.emplace(
      storage::attribute_mark + name,
      hides.idle()
        ? value
        : std::string{hides.anything(json::value(value)).as_string()});
  if (!s.outcome->is_null())
    h.outcome = to_text(hides.anything(*s.outcome));
  if (s.status == instance_status::faulted)
    h.error = to_text(hides.anything(*s.error));
  h.completed = s.tasks_completed;
  h.faulted = s.tasks_faulted;
  h.next_timer = now.next_timer();
  h.state = s.business_state;
  h.busy = busy;
  h.approvals = approvals_of(now);
  h.waits = waits_of(now);
  const auto verbs = allowed_verbs(s);
  h.verbs.assign(verbs.begin(), verbs.end());
  for (auto& one : sendable_now(s, now.flow()))
    h.takes.push_back(
      {std::move(one.type), std::move(one.route), std::move(one.task)});
  return h;
}

/// When the business state was entered.
std::optional<timestamp> state_since(const storage::head& before,
                                     const turn_outcome& what) {
  const bool moved = std::ranges::any_of(what.events, [](const event& e) {
    return std::holds_alternative<events::state_changed>(e);
  });
  return moved ? what.at : before.state_since;
}

bool holds(const std::vector<awaited_event>& all, const awaited_event& one) {
  return std::any_of(all.begin(), all.end(), [&](const auto& a) {
    return a.frame == one.frame && a.type == one.type;
  });
}

} // namespace

std::vector<frame_id> jobs_of(const machine& now) {
  std::vector<frame_id> out;
  const auto& s = now.state();
  if (ended(s.status) && s.status != instance_status::faulted)
    return out;
  for (const auto& [id, f] : s.frames)
    if (f.node && effect_is_ordered(f)
        && std::holds_alternative<tasks::worker_job>(
          now.flow().tasks[*f.node].kind))
      out.push_back(id);
  return out;
}

bool snapshot_due(const footing& before, std::size_t new_events,
                  const snapshot_policy& policy) {
  const bool is_long = before.tail_events + new_events >= policy.events
                       || before.tail_bytes >= policy.bytes;
  return is_long && before.tail_bytes >= before.snapshot_bytes;
}

storage::turn record_turn(const instance_key& key,
                          const std::optional<footing>& before,
                          const machine& now, turn_outcome what,
                          const snapshot_policy& policy) {
  static const footing nothing;
  const auto& old = before ? *before : nothing;
  storage::turn t;
  t.key = key;
  t.creates = !before;
  t.before = old.head;
  t.at = what.at;
  if (snapshot_due(old, what.events.size(), policy))
    t.snapshot = now.snapshot();
  t.after = head_of(now, what.busy, std::move(what.known));
  t.after.state_since = state_since(old.head, what);
  t.events = std::move(what.events);
  t.emitted = std::move(what.emitted);
  t.emitted_for = what.emitted_for;
  t.left = std::move(what.left);
  t.is_child = !now.state().parent.empty();
  t.answer = std::move(what.answer);
  const auto listens = now.awaited();
  for (const auto& l : listens)
    if (!holds(old.listens, l))
      t.subscribed.push_back({.key = key,
                              .frame = l.frame,
                              .ns = t.after.ns,
                              .type = l.type,
                              .since = l.since});
  for (const auto& l : old.listens)
    if (!holds(listens, l))
      t.unsubscribed.push_back({l.frame, l.type});
  const auto jobs = jobs_of(now);
  for (const auto frame : old.jobs)
    if (std::find(jobs.begin(), jobs.end(), frame) == jobs.end())
      t.jobs_ended.push_back(frame);
  return t;
}

footing moved_on(const std::optional<footing>& before,
                 const storage::turn& written,
                 const storage::prepared_turn& rows, const machine& now) {
  footing f = before.value_or(footing{});
  f.head = written.after;
  rows.settle(f.head);
  f.listens = now.awaited();
  f.jobs = jobs_of(now);
  if (written.snapshot.empty()) {
    f.tail_events += written.events.size();
    f.tail_bytes += rows.bytes;
  } else {
    f.tail_events = 0;
    f.tail_bytes = 0;
    f.snapshot_bytes = written.snapshot.size();
  }
  return f;
}

} // namespace pawl::actors
