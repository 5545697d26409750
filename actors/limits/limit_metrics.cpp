#include "actors/limits/limit_keeper.hpp"

#include <algorithm>
#include <fmt/format.h>

/// What people and Prometheus read of limits.
namespace pawl::actors {

namespace {

/// Limits that have series of their own; those after them by name have none.
constexpr std::size_t limits_max = 500;

json::value time_json(const std::optional<timestamp>& at) {
  return at ? json::value(to_text(*at)) : json::value{};
}

json::object key_json(const limit_lines::key_view& one, bool keyed) {
  json::object out;
  if (keyed)
    out["key"] = one.key;
  out["inUse"] = one.in_use;
  out["waiting"] = one.waiting;
  if (one.tokens)
    out["tokens"] = static_cast<std::int64_t>(*one.tokens + 1e-6);
  if (one.used) {
    out["used"] = *one.used;
    out["windowEnds"] = time_json(one.window_end);
  }
  if (one.closed_until)
    out["closedUntil"] = time_json(one.closed_until);
  out["nextTokenAt"] = time_json(one.next);
  return out;
}

/// A text as the value of a label.
std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

struct figures {
  std::string labels;
  double tokens = -1, used_share = -1;
  double waiting = 0, in_use = 0;
  double granted = 0, refused = 0, near = 0, living = -1, bytes_share = -1;
};

struct family {
  const char* name;
  const char* type;
  const char* help;
  double figures::*of;
};

constexpr family families[] = {
  {"pawl_limit_tokens", "gauge",
   "Tokens that are free, of the key that has the fewest.", &figures::tokens},
  {"pawl_limit_waiting", "gauge", "Steps and scheduled starts that wait.",
   &figures::waiting},
  {"pawl_limit_in_use", "gauge", "What has a token and has not ended.",
   &figures::in_use},
  {"pawl_limit_quota_used_ratio", "gauge",
   "The part of the quota that is used, of the key that has used most.",
   &figures::used_share},
  {"pawl_limit_granted_total", "counter", "Tokens given.", &figures::granted},
  {"pawl_limit_refused_total", "counter",
   "Tasks that were failed and starts that were refused for want of a token.",
   &figures::refused},
  {"pawl_limit_near_total", "counter",
   "How often a quota, or the bytes of a namespace, came near their end "
   "(warnAt).",
   &figures::near},
  {"pawl_limit_live_instances", "gauge",
   "Instances of the namespace that have not ended.", &figures::living},
  {"pawl_limit_bytes_used_ratio", "gauge",
   "The part of the namespace's bytes that is used.", &figures::bytes_share},
};

} // namespace

json::object limit_keeper::shown(const kept_thing& what) {
  auto out = what.body;
  const std::lock_guard guard{lock_};
  const limit_ref id{what.ns, what.name};
  const auto* rules = lines_.find(id);
  if (rules == nullptr)
    return out;
  const auto seen = lines_.look(id, world_.now());
  json::object state{{"waiting", seen.waiting},
                     {"granted", seen.granted},
                     {"refused", seen.refused}};
  if (rules->on != limit_scope::named) {
    if (!seen.keys.empty())
      for (const auto& [name, value] : key_json(seen.keys.front(), false))
        state[name] = value;
  } else {
    state["keysKnown"] = seen.keys_known;
    auto& keys = state["keys"].emplace_array();
    for (const auto& one : seen.keys)
      keys.emplace_back(key_json(one, true));
  }
  if (rules->on == limit_scope::name_space) {
    state.erase("inUse");
    if (rules->live)
      if (const auto count = living_.count(rules->of))
        state["live"] = *count;
    if (rules->bytes)
      state["bytes"] = bytes_in(rules->of);
    state["waiting"] = seen.waiting + line_.count(id, world_.now());
  }
  out["state"] = std::move(state);
  return out;
}

std::string limit_keeper::metrics() {
  std::vector<figures> all;
  {
    const std::lock_guard guard{lock_};
    const auto now = world_.now();
    for (const auto& id : lines_.all()) {
      if (all.size() == limits_max)
        break;
      const auto& rules = *lines_.find(id);
      const auto seen = lines_.look(id, now);
      figures f{.labels = fmt::format("limit=\"{}\",namespace=\"{}\"",
                                      label(id.name), label(id.ns))};
      if (rules.rate)
        f.tokens = rules.rate->burst;
      if (rules.quota)
        f.used_share = 0;
      f.waiting = double(seen.waiting + line_.count(id, now));
      f.granted = double(seen.granted);
      f.refused = double(seen.refused);
      f.near = double(seen.near);
      if (const auto count = living_.count(rules.of); rules.live && count)
        f.living = double(*count);
      if (rules.bytes)
        f.bytes_share = double(bytes_in(rules.of)) / double(*rules.bytes);
      for (const auto& one : seen.keys) {
        f.in_use += one.in_use;
        if (one.tokens)
          f.tokens = std::min(f.tokens, *one.tokens);
        if (one.used)
          f.used_share = std::max(f.used_share,
                                  double(*one.used) / double(rules.quota->max));
      }
      all.push_back(std::move(f));
    }
  }
  std::string out;
  for (const auto& of : families) {
    std::string lines;
    for (const auto& one : all)
      if (one.*of.of >= 0)
        lines += fmt::format("{}{{{}}} {}\n", of.name, one.labels, one.*of.of);
    if (!lines.empty())
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n{}", of.name, of.help,
                         of.name, of.type, lines);
  }
  return out;
}

std::vector<limit_lines::waiting_step>
limit_keeper::waiting_of(const instance_key& who) {
  const std::lock_guard guard{lock_};
  return lines_.waiting_of(who, world_.now());
}

std::optional<limit_lines::waiting_step>
limit_keeper::obstacle(const token_wish& what) {
  if (what.of.empty())
    return std::nullopt;
  const std::lock_guard guard{lock_};
  return lines_.obstacle(what, world_.now());
}

} // namespace pawl::actors
