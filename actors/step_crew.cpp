#include "actors/step_crew.hpp"

#include "base/overload.hpp"

#include <algorithm>
#include <iterator>

namespace pawl::actors {

/// What the machine wants of each frame's effect.
struct step_crew::orders {
  std::map<frame_id, commands::perform> calls;
  std::map<frame_id, commands::stop_effect> stops;
  std::map<frame_id, commands::keep_effect> keeps;

  explicit orders(std::vector<command> outstanding) {
    for (auto& c : outstanding)
      std::visit(overload{
                   [&](commands::perform& call) {
                     const auto frame = call.frame;
                     calls.emplace(frame, std::move(call));
                   },
                   [&](commands::stop_effect& stop) {
                     const auto frame = stop.frame;
                     stops.emplace(frame, std::move(stop));
                   },
                   [&](const commands::keep_effect& keep) {
                     keeps.emplace(keep.frame, keep);
                   },
                 },
                 c);
  }
};

/// Whether `m`, the worker of `frame`, has a place in what is wanted now.
bool step_crew::stays(frame_id frame, member& m, orders& wanted) const {
  const auto dispatch = m.order.dispatch;
  const auto call = wanted.calls.find(frame);
  if (call != wanted.calls.end() && call->second.dispatch == dispatch) {
    wanted.calls.erase(call);
    return true;
  }
  if (!m.worker)
    return false;
  const auto keep = wanted.keeps.find(frame);
  if (keep != wanted.keeps.end() && keep->second.dispatch == dispatch
      && !m.gate->try_hold()) {
    wanted.keeps.erase(keep);
    return true;
  }
  const auto stop = wanted.stops.find(frame);
  if (stop == wanted.stops.end() || stop->second.dispatch != dispatch)
    return false;
  give_up(m, stop->second.how);
  wanted.stops.erase(stop);
  return true;
}

// A later word may be a harder one: a cancel after a pause.
void step_crew::give_up(member& m, giving_up how) const {
  if (m.worker && (!m.told || *m.told < how))
    end_(*m.worker, how);
  m.told = std::max(how, m.told.value_or(how));
}

std::vector<reports::effect_stopped>
step_crew::reconcile(std::vector<command> outstanding,
                     const instance_state& after) {
  orders wanted{std::move(outstanding)};
  for (auto at = members_.begin(); at != members_.end();) {
    if (stays(at->first, at->second, wanted)) {
      ++at;
      continue;
    }
    // Nobody waits for this effect any more: its task is over, or has to stand
    // still since the instance has faulted.
    static_cast<void>(at->second.gate->try_hold());
    if (at->second.worker)
      end_(*at->second.worker, after.frames.contains(at->first)
                                 ? giving_up::drain
                                 : giving_up::for_good);
    at = members_.erase(at);
  }
  for (auto& [frame, call] : wanted.calls) {
    auto& m = members_[frame];
    m.order = std::move(call);
    begin(m);
  }
  std::vector<reports::effect_stopped> nobody;
  for (auto& [frame, stop] : wanted.stops) {
    if (!stop.child) {
      nobody.push_back({frame, stop.dispatch});
      continue;
    }
    auto& m = members_[frame];
    m.order = std::move(*stop.child);
    begin(m);
    give_up(m, stop.how);
  }
  for (const auto& [frame, keep] : wanted.keeps)
    nobody.push_back({frame, keep.dispatch});
  return nobody;
}

void step_crew::begin(member& m) {
  m.gate = std::make_shared<effect_gate>();
  m.worker = start_(m.order, m.gate);
}

bool step_crew::ended(frame_id frame, std::uint32_t dispatch) {
  const auto found = members_.find(frame);
  if (found == members_.end() || found->second.order.dispatch != dispatch)
    return false;
  members_.erase(found);
  return true;
}

std::optional<step_crew::loss> step_crew::died(caf::actor_id who, bool abnormal,
                                               timestamp now,
                                               const definition& of) {
  const auto found
    = std::find_if(members_.begin(), members_.end(), [&](const auto& pair) {
        return pair.second.worker && pair.second.worker->id() == who;
      });
  if (found == members_.end())
    return std::nullopt;
  auto& [frame, m] = *found;
  loss l{.frame = frame, .dispatch = m.order.dispatch, .again = {}};
  if (m.told) { // It was to be given up, and it is.
    members_.erase(found);
    return l;
  }
  const auto policy = policy_for(of, m.order.task);
  const death last{
    .who = static_cast<std::size_t>(std::distance(members_.begin(), found)),
    .abnormal = abnormal,
    .at = now};
  const auto decision
    = decide_restart(policy, m.restarts, members_.size(), last);
  const auto* again = std::get_if<restarts::again>(&decision);
  if (again == nullptr) {
    members_.erase(found);
    return l;
  }
  note_restart(policy, m.restarts, now);
  m.worker.reset();
  l.delay = again->delay;
  for (const auto index : again->which) {
    auto& [sibling, other]
      = *std::next(members_.begin(), static_cast<std::ptrdiff_t>(index));
    if (other.told)
      continue;
    if (other.worker)
      end_(*other.worker, std::nullopt);
    other.worker.reset();
    l.again.push_back(sibling);
  }
  return l;
}

void step_crew::start_again(std::span<const frame_id> frames) {
  for (const auto frame : frames)
    if (const auto found = members_.find(frame);
        found != members_.end() && !found->second.worker)
      begin(found->second);
}

std::optional<caf::actor> step_crew::any() const {
  for (const auto& [frame, m] : members_)
    if (m.worker)
      return m.worker;
  return std::nullopt;
}

void step_crew::disband() {
  for (const auto& [frame, m] : members_)
    if (m.worker)
      end_(*m.worker, std::nullopt);
  members_.clear();
}

restart_policy policy_for(const definition& of, std::string_view task) {
  const auto found = of.by_pointer.find(task);
  const auto* own = found == of.by_pointer.end()
                      ? nullptr
                      : &of.tasks[found->second].supervised;
  const auto& s = own != nullptr && *own ? **own : of.supervised;
  using strategy = supervision::strategy_kind;
  using rule = supervision::restart_kind;
  return {
    .scope = s.strategy == strategy::one_for_one ? restart_scope::one_for_one
             : s.strategy == strategy::one_for_all
               ? restart_scope::one_for_all
               : restart_scope::rest_for_one,
    .rule = s.restart == rule::permanent   ? restart_rule::permanent
            : s.restart == rule::transient ? restart_rule::transient
                                           : restart_rule::temporary,
    .max_restarts = s.max_restarts,
    .within = s.within,
    .backoff = s.backoff_initial,
    .backoff_max = s.backoff_max,
  };
}

} // namespace pawl::actors
