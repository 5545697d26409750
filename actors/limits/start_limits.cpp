#include "actors/limits/limit_keeper.hpp"

#include <algorithm>
#include <fmt/format.h>

/// What may be started in a namespace.
namespace pawl::actors {

namespace {

using namespace std::chrono_literals;
using rule = start_refusal::rule;

/// Room comes when something ends, and nobody knows when.
constexpr duration live_pause = 5s;
/// Space comes when something is purged.
constexpr duration bytes_pause = 30s;
/// What waits until the living are counted asks again.
constexpr duration count_pause = 100ms;

} // namespace

std::string sentence_of(const start_refusal& no) {
  switch (no.by) {
  case rule::live:
    return fmt::format("{} of at most {} instances live in it", no.used,
                       no.max);
  case rule::bytes:
    return fmt::format("its instances take {} of at most {} bytes", no.used,
                       no.max);
  case rule::line:
    return "starts of schedules wait for room";
  default:
    return "no more may be started now";
  }
}

json::object members_of(const start_refusal& no) {
  json::object out{{"limit", no.of.name}};
  if (no.by == rule::live || no.by == rule::bytes) {
    out["rule"] = no.by == rule::live ? "live" : "bytes";
    out["used"] = no.used;
    out["max"] = no.max;
  }
  return out;
}

std::uint64_t limit_keeper::bytes_in(const std::string& ns) const {
  return world_.bytes ? world_.bytes(ns) : 0;
}

/// Under the lock.
void limit_keeper::watch_bytes(const std::string& ns,
                               limit_lines::errands& todo) {
  if (!bytes_.watches(ns))
    return;
  const auto used = bytes_in(ns);
  for (auto& one : bytes_.saw(ns, used)) {
    lines_.count_near(one.of);
    todo.near.push_back({.of = std::move(one.of),
                         .key = {},
                         .used = used,
                         .max = one.max,
                         .until = {}});
  }
}

/// Under the lock: what waits longest in `ns` is to try again.
void limit_keeper::call_first(const std::string& ns,
                              limit_lines::errands& todo) {
  if (auto wake = line_.first(ns, world_.now()))
    todo.granted.push_back(std::move(wake));
}

/// Under the lock: the first limit of `wish` that leaves no room for `key`.
std::optional<start_refusal> limit_keeper::refusal_of(const std::string& ns,
                                                      const token_wish& wish,
                                                      const instance_key& key) {
  for (const auto& one : wish.of) {
    const auto* rules = lines_.find(one);
    if (rules->bytes)
      if (const auto used = bytes_in(ns); used >= *rules->bytes)
        return start_refusal{one, rule::bytes, used, *rules->bytes,
                             bytes_pause};
    // Until they are counted, there is room.
    if (const auto count = living_.count(ns);
        rules->live && count && *count >= *rules->live && !living_.has(ns, key))
      return start_refusal{one, rule::live, *count, *rules->live, live_pause};
  }
  const auto now = world_.now();
  if (const auto seen = lines_.obstacle(wish, now))
    return start_refusal{.of = seen->of,
                         .by = rule::starts,
                         .again = seen->next ? *seen->next - now : 1s};
  return std::nullopt;
}

limit_keeper::start_permit
limit_keeper::admit_start(const std::string& ns, const instance_key& key,
                          const waiting_start* waits) {
  start_permit out;
  if (spaces_ == 0)
    return out;
  locked([&](auto& todo) {
    const auto now = world_.now();
    const token_wish wish{.of = of_namespace(ns)};
    if (wish.of.empty())
      return;
    out.refused = refusal_of(ns, wish, key);
    const bool late = waits != nullptr ? line_.is_behind(ns, *waits, now)
                                       : !line_.empty(ns, now);
    if (!out.refused && late)
      out.refused
        = start_refusal{.of = wish.of.front(), .by = rule::line, .again = 1s};
    // What can wait need not profit from a search that is not over; and as long
    // as that goes on, it keeps nobody else from it.
    const bool early = !out.refused && waits != nullptr && living_.watches(ns)
                       && !living_.count(ns);
    if (early)
      out.refused = start_refusal{
        .of = wish.of.front(), .by = rule::line, .again = count_pause};
    if (out.refused) {
      if (waits == nullptr)
        lines_.count_refusal(out.refused->of);
      else if (!early)
        line_.wait(ns, *waits, out.refused->of, now);
      return;
    }
    for (const auto& one : wish.of)
      if (const auto& most = lines_.find(one)->live)
        out.reserved
          = living_.reserve(ns, key, *most).value_or(false) || out.reserved;
    if (auto got = lines_.take(wish, false, now, todo))
      out.pass = pass_of(std::move(*got));
    if (waits != nullptr) {
      line_.leave(ns, *waits);
      call_first(ns, todo);
    }
  });
  return out;
}

void limit_keeper::settle_start(const std::string& ns, const instance_key& key,
                                const start_permit& by, bool made) {
  if (made && by.pass)
    by.pass->spend();
  if (!made && by.reserved)
    locked([&](auto& todo) {
      living_.saw(ns, key, false);
      call_first(ns, todo);
    });
}

void limit_keeper::leave_line(const std::string& ns, const waiting_start& who) {
  locked([&](auto& todo) {
    line_.leave(ns, who);
    call_first(ns, todo);
  });
}

std::optional<start_refusal>
limit_keeper::obstacle_to_start(const std::string& ns) {
  if (spaces_ == 0)
    return std::nullopt;
  const std::lock_guard guard{lock_};
  const token_wish wish{.of = of_namespace(ns)};
  return wish.of.empty() ? std::nullopt : refusal_of(ns, wish, {});
}

void limit_keeper::saw(const std::string& ns, const instance_key& key,
                       bool lives) {
  if (spaces_ == 0)
    return;
  locked([&](auto& todo) {
    living_.saw(ns, key, lives);
    watch_bytes(ns, todo);
    if (!lives)
      call_first(ns, todo);
  });
}

void limit_keeper::counted(const std::string& ns,
                           const std::vector<instance_key>& living) {
  locked([&](auto& todo) {
    living_.counted(ns, living);
    call_first(ns, todo);
  });
}

} // namespace pawl::actors
