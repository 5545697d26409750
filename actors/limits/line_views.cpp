#include "actors/limits/limit_lines.hpp"

#include <algorithm>
#include <utility>

/// What is stored of limits' lines, and what people read.
namespace pawl::actors {

namespace {

/// Of the keys of a limit so many are shown, those with the most waiting first.
constexpr std::size_t shown_max = 100;

} // namespace

void limit_lines::restore(const limit_ref& of, const std::string& key,
                          const bucket::usage& what, timestamp now) {
  const auto* rules = find(of);
  const auto window
    = rules == nullptr || !rules->quota
        ? std::nullopt
        : std::optional{now - now.time_since_epoch() % rules->quota->per};
  if (window != what.window) {
    gone_.emplace(of, key);
    return;
  }
  const auto at = place_of(of, key, now);
  at.at->tokens.restore(what, now);
}

std::vector<limit_lines::change> limit_lines::changes() {
  std::vector<change> out;
  for (const auto& [of, key] : std::exchange(changed_, {})) {
    const auto e = limits_.find(of);
    if (e == limits_.end())
      continue;
    const auto l = e->second.lines.find(key);
    if (l != e->second.lines.end())
      out.emplace_back(of, key, l->second.tokens.used());
  }
  for (const auto& [of, key] : std::exchange(gone_, {}))
    out.emplace_back(of, key, std::nullopt);
  return out;
}

std::vector<limit_lines::waiting_step>
limit_lines::waiting_of(const instance_key& who, timestamp now) {
  std::vector<waiting_step> out;
  const auto mine = by_instance_.find(who);
  if (mine == by_instance_.end())
    return out;
  for (const auto one : mine->second) {
    const auto& w = waiters_.at(one);
    const auto& of = w.what.of.at(w.next);
    const auto at = place_of(of, w.what.key, now);
    if (at.at != nullptr)
      out.push_back(
        {w.what.frame, of, at.key, w.since, at.at->tokens.look(now).next});
  }
  return out;
}

std::optional<limit_lines::waiting_step>
limit_lines::obstacle(const token_wish& what, timestamp now) {
  for (const auto& of : what.of) {
    const auto at = place_of(of, what.key, now);
    if (at.at == nullptr)
      continue;
    const auto seen = at.at->tokens.look(now);
    if (!seen.free || !at.at->turns.empty())
      return waiting_step{what.frame, of, at.key, now, seen.next};
  }
  return std::nullopt;
}

limit_lines::view limit_lines::look(const limit_ref& which, timestamp now) {
  view out;
  const auto found = limits_.find(which);
  if (found == limits_.end())
    return out;
  auto& e = found->second;
  out.keys_known = e.lines.size();
  out.granted = e.granted;
  out.refused = e.refused;
  out.near = e.near;
  for (auto& [key, l] : e.lines) {
    out.waiting += l.waiters;
    if (l.waiters == 0 && l.tokens.is_fresh(now) && e.lines.size() > 1)
      continue;
    key_view one{.key = key,
                 .tokens = {},
                 .in_use = l.tokens.in_use(),
                 .waiting = l.waiters,
                 .used = {},
                 .window_end = l.tokens.window_end(),
                 .closed_until = l.tokens.closed_until(now),
                 .next = {}};
    if (e.rules.rate)
      one.tokens = l.tokens.tokens(now);
    if (e.rules.quota)
      one.used = l.tokens.used().used;
    const auto seen = l.tokens.look(now);
    one.next = seen.free ? std::optional{now} : seen.next;
    out.keys.push_back(std::move(one));
  }
  std::ranges::stable_sort(out.keys, std::greater{}, &key_view::waiting);
  if (out.keys.size() > shown_max)
    out.keys.resize(shown_max);
  return out;
}

std::vector<limit_ref> limit_lines::all() const {
  std::vector<limit_ref> out;
  for (const auto& [id, e] : limits_)
    out.push_back(id);
  return out;
}

void limit_lines::count_near(const limit_ref& which) {
  if (const auto found = limits_.find(which); found != limits_.end())
    ++found->second.near;
}

void limit_lines::count_refusal(const limit_ref& which) {
  if (const auto found = limits_.find(which); found != limits_.end())
    ++found->second.refused;
}

} // namespace pawl::actors
