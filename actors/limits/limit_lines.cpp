#include "actors/limits/limit_lines.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// What keys share for which there is no room.
const std::string others = "(others)";
/// So many idle keys are looked at to make room for one.
constexpr int looks_max = 16;

std::string key_for(const limit& of, std::string key) {
  if (of.on != limit_scope::named)
    return {};
  if (key.size() > limit_lines::key_bytes_max)
    key.resize(limit_lines::key_bytes_max);
  return key;
}

} // namespace

// --- Limits -----------------------------------------------------------------

void limit_lines::set(const limit& what, timestamp now, errands& todo) {
  auto& e = limits_.try_emplace(what.id, entry{what, {}, {}}).first->second;
  e.rules = what;
  for (auto& [key, l] : e.lines) {
    l.tokens.change(what, now);
    if (what.quota)
      changed_.emplace(what.id, key);
    serve_line({&e, &l, key}, now, todo);
  }
}

void limit_lines::remove(const limit_ref& which, timestamp now, errands& todo) {
  const auto found = limits_.find(which);
  if (found == limits_.end())
    return;
  std::vector<ticket> freed;
  for (auto& [key, l] : found->second.lines) {
    if (l.due)
      due_.erase({*l.due, which, key});
    for (const auto& [turn, who] : l.turns)
      for (const auto one : l.waiting.at(who).tickets)
        freed.push_back(one);
    if (found->second.rules.quota)
      gone_.emplace(which, key);
    changed_.erase({which, key});
    todo.jobs = todo.jobs || l.jobs;
  }
  limits_.erase(found);
  for (const auto one : freed)
    advance(one, now, todo);
}

const limit* limit_lines::find(const limit_ref& which) const {
  const auto found = limits_.find(which);
  return found == limits_.end() ? nullptr : &found->second.rules;
}

std::vector<limit_ref>
limit_lines::in_force(limit_scope on, const std::string& ns,
                      const std::function<bool(const limit&)>& fits) const {
  std::vector<limit_ref> out;
  for (const auto& [id, e] : limits_)
    if (e.rules.on == on && (id.ns.empty() || id.ns == ns) && fits(e.rules))
      out.push_back(id);
  return out;
}

std::size_t limit_lines::count(limit_scope on) const {
  return static_cast<std::size_t>(std::ranges::count_if(
    limits_, [on](const auto& one) { return one.second.rules.on == on; }));
}

// --- Lines ------------------------------------------------------------------

/// Forgets a key that has nothing to remember, if one is found soon.
bool limit_lines::make_room(entry& in, timestamp now) {
  if (in.lines.size() < keys_max)
    return true;
  auto at = in.by_use.begin();
  for (int i = 0; i < looks_max && at != in.by_use.end(); ++i, ++at) {
    const auto found = in.lines.find(*at);
    auto& l = found->second;
    if (l.waiters > 0 || l.due || !l.tokens.is_fresh(now))
      continue;
    if (in.rules.quota)
      gone_.emplace(in.rules.id, found->first);
    changed_.erase({in.rules.id, found->first});
    in.by_use.erase(at);
    in.lines.erase(found);
    return true;
  }
  return false;
}

/// The line of a key; without one if there is no such limit any more.
limit_lines::place limit_lines::place_of(const limit_ref& of,
                                         const std::string& key,
                                         timestamp now) {
  const auto found = limits_.find(of);
  if (found == limits_.end())
    return {};
  auto& e = found->second;
  auto name = key_for(e.rules, key);
  auto at = e.lines.find(name);
  if (at == e.lines.end() && !make_room(e, now)) {
    name = others;
    at = e.lines.find(name);
  }
  if (at == e.lines.end()) {
    at = e.lines.try_emplace(name, e.rules, now).first;
    at->second.id = ++next_;
    at->second.used = e.by_use.insert(e.by_use.end(), name);
    gone_.erase({of, name});
  } else {
    e.by_use.splice(e.by_use.end(), e.by_use, at->second.used);
  }
  return {&e, &at->second, std::move(name)};
}

void limit_lines::take_at(const place& at, tokens& into, timestamp now,
                          errands& todo) {
  auto& e = *at.in;
  auto& l = *at.at;
  ++e.granted;
  if (l.tokens.take(now)) {
    ++e.near;
    todo.near.push_back({e.rules.id, at.key, l.tokens.used().used,
                         e.rules.quota->max, *l.tokens.window_end()});
  }
  if (e.rules.quota)
    changed_.emplace(e.rules.id, at.key);
  into.push_back({e.rules.id, at.key, l.id});
}

void limit_lines::set_due(const place& at, timestamp now) {
  auto& l = *at.at;
  if (l.due)
    due_.erase({*l.due, at.in->rules.id, at.key});
  l.due.reset();
  if (l.waiters == 0 && !l.jobs)
    return;
  const auto seen = l.tokens.look(now);
  l.due = seen.free ? std::optional{now} : seen.next;
  if (l.due)
    due_.emplace(*l.due, at.in->rules.id, at.key);
}

void limit_lines::enqueue(const place& at, ticket which,
                          const instance_key& who) {
  auto& l = *at.at;
  auto& g = l.waiting[who];
  if (g.tickets.empty()) {
    g.turn = ++next_;
    l.turns.emplace(g.turn, who);
  }
  g.tickets.push_back(which);
  ++l.waiters;
}

void limit_lines::leave(const place& at, ticket which,
                        const instance_key& who) {
  auto& l = *at.at;
  const auto found = l.waiting.find(who);
  if (found == l.waiting.end() || std::erase(found->second.tickets, which) == 0)
    return;
  --l.waiters;
  if (!found->second.tickets.empty())
    return;
  l.turns.erase(found->second.turn);
  l.waiting.erase(found);
}

void limit_lines::serve_line(const place& at, timestamp now, errands& todo) {
  auto& l = *at.at;
  while (!l.turns.empty() && l.tokens.look(now).free) {
    const auto who = l.turns.begin()->second;
    auto& g = l.waiting.at(who);
    const auto which = g.tickets.front();
    leave(at, which, who);
    if (const auto more = l.waiting.find(who); more != l.waiting.end()) {
      // The others first, before this instance has another one.
      l.turns.erase(more->second.turn);
      more->second.turn = ++next_;
      l.turns.emplace(more->second.turn, who);
    }
    auto& w = waiters_.at(which);
    take_at(at, w.have, now, todo);
    ++w.next;
    advance(which, now, todo);
  }
  if (l.jobs && l.turns.empty() && l.tokens.look(now).free) {
    l.jobs = false;
    todo.jobs = true;
  }
  set_due(at, now);
}

/// Takes what there is for a waiter, up to where it must wait.
void limit_lines::advance(ticket which, timestamp now, errands& todo) {
  auto& w = waiters_.at(which);
  for (; w.next < w.what.of.size(); ++w.next) {
    const auto at = place_of(w.what.of[w.next], w.what.key, now);
    if (at.at == nullptr)
      continue;
    if (!at.at->turns.empty() || !at.at->tokens.look(now).free) {
      enqueue(at, which, w.what.whose);
      return set_due(at, now);
    }
    take_at(at, w.have, now, todo);
  }
  todo.granted.emplace_back(
    [then = std::move(w.then), have = std::move(w.have)]() mutable {
      then(std::move(have));
    });
  auto& mine = by_instance_[w.what.whose];
  mine.erase(which);
  if (mine.empty())
    by_instance_.erase(w.what.whose);
  waiters_.erase(which);
}

// --- Tokens -----------------------------------------------------------------

std::optional<limit_lines::tokens> limit_lines::take(const token_wish& what,
                                                     bool tells, timestamp now,
                                                     errands& todo) {
  std::vector<place> all;
  for (const auto& of : what.of) {
    auto at = place_of(of, what.key, now);
    if (at.at == nullptr)
      continue;
    if (!at.at->turns.empty() || !at.at->tokens.look(now).free) {
      at.at->jobs = at.at->jobs || tells;
      set_due(at, now);
      return std::nullopt;
    }
    all.push_back(std::move(at));
  }
  tokens out;
  for (const auto& at : all)
    take_at(at, out, now, todo);
  return out;
}

limit_lines::tokens limit_lines::occupy(const token_wish& what, timestamp now) {
  tokens out;
  for (const auto& of : what.of)
    if (const auto at = place_of(of, what.key, now); at.at != nullptr) {
      at.at->tokens.occupy();
      out.push_back({of, at.key, at.at->id});
    }
  return out;
}

limit_lines::ticket limit_lines::ask(token_wish what, timestamp now,
                                     std::function<void(tokens)> then,
                                     errands& todo) {
  const auto which = ++next_;
  by_instance_[what.whose].insert(which);
  waiters_.emplace(which, waiter{.what = std::move(what),
                                 .then = std::move(then),
                                 .have = {},
                                 .since = now});
  advance(which, now, todo);
  return which;
}

void limit_lines::withdraw(ticket which, timestamp now, errands& todo) {
  const auto found = waiters_.find(which);
  if (found == waiters_.end())
    return;
  auto w = std::move(found->second);
  waiters_.erase(found);
  auto& mine = by_instance_[w.what.whose];
  mine.erase(which);
  if (mine.empty())
    by_instance_.erase(w.what.whose);
  const auto& of = w.what.of.at(w.next);
  if (const auto e = limits_.find(of); e != limits_.end())
    for (const auto& key : {key_for(e->second.rules, w.what.key), others})
      if (const auto l = e->second.lines.find(key);
          l != e->second.lines.end()) {
        leave({&e->second, &l->second, key}, which, w.what.whose);
        set_due({&e->second, &l->second, key}, now);
      }
  give_back(w.have, false, now, todo);
}

void limit_lines::give_back(const tokens& what, bool spent, timestamp now,
                            errands& todo) {
  for (const auto& one : what) {
    const auto e = limits_.find(one.of);
    if (e == limits_.end())
      continue;
    const auto l = e->second.lines.find(one.key);
    if (l == e->second.lines.end() || l->second.id != one.line)
      continue;
    if (spent)
      l->second.tokens.leave();
    else
      l->second.tokens.put_back(now);
    if (!spent && e->second.rules.quota)
      changed_.emplace(one.of, one.key);
    serve_line({&e->second, &l->second, one.key}, now, todo);
  }
}

void limit_lines::close(const limit_ref& which, timestamp until,
                        timestamp now) {
  const auto at = place_of(which, {}, now);
  if (at.at == nullptr)
    return;
  at.at->tokens.close(until);
  set_due(at, now);
}

void limit_lines::serve(timestamp now, errands& todo) {
  // Asked too early, as when the clock was set back: all is reckoned anew.
  if (!due_.empty() && std::get<0>(*due_.begin()) > now)
    for (const auto& [at, of, key] : std::set{due_}) {
      auto& e = limits_.at(of);
      set_due({&e, &e.lines.find(key)->second, key}, now);
    }
  while (!due_.empty() && std::get<0>(*due_.begin()) <= now) {
    const auto [at, of, key] = *due_.begin();
    due_.erase(due_.begin());
    auto& e = limits_.at(of);
    auto& l = e.lines.find(key)->second;
    l.due.reset();
    serve_line({&e, &l, key}, now, todo);
    // A fraction of a millisecond may be missing still.
    if (l.due && *l.due <= now) {
      due_.erase({*l.due, of, key});
      l.due = now + duration{1};
      due_.emplace(*l.due, of, key);
    }
  }
}

std::optional<timestamp> limit_lines::next_due() const {
  if (due_.empty())
    return std::nullopt;
  return std::get<0>(*due_.begin());
}

} // namespace pawl::actors
