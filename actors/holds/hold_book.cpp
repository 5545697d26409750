#include "actors/holds/hold_book.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

/// Whether a hold keeps effects of the task from being begun, or the task.
bool keeps_task(const hold_selector& on, const hold_place& at,
                std::string_view pointer) {
  const auto kind = kind_of(on);
  return (kind == hold_kind::instance || kind == hold_kind::task)
         && covers(on, at) && names_task(on, pointer);
}

std::vector<std::string> ids_of(const std::vector<placed_hold>& all) {
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& one : all)
    out.push_back(one.id);
  return out;
}

} // namespace

template <class Wanted>
std::vector<placed_hold> hold_book::those(Wanted&& wanted) const {
  std::vector<placed_hold> out;
  if (empty())
    return out;
  const std::lock_guard guard{lock_};
  for (const auto& [id, e] : holds_)
    if (wanted(e.what))
      out.push_back(e.what);
  return out;
}

void hold_book::add(placed_hold what) {
  const std::lock_guard guard{lock_};
  const auto id = what.id;
  holds_.try_emplace(id, entry{std::move(what), {}});
  count_ = holds_.size();
}

std::optional<std::vector<instance_key>>
hold_book::remove(const std::string& id) {
  const std::lock_guard guard{lock_};
  const auto found = holds_.find(id);
  if (found == holds_.end())
    return std::nullopt;
  std::vector<instance_key> who;
  for (const auto& [key, frames] : found->second.resting)
    who.push_back(key);
  holds_.erase(found);
  count_ = holds_.size();
  return who;
}

std::vector<placed_hold> hold_book::list() const {
  return those([](const auto&) { return true; });
}

std::optional<placed_hold> hold_book::find(const std::string& id) const {
  const std::lock_guard guard{lock_};
  const auto found = holds_.find(id);
  return found == holds_.end() ? std::nullopt
                               : std::optional{found->second.what};
}

std::optional<timestamp> hold_book::next_end() const {
  const std::lock_guard guard{lock_};
  std::optional<timestamp> first;
  for (const auto& [id, e] : holds_)
    if (e.what.until && (!first || *e.what.until < *first))
      first = e.what.until;
  return first;
}

std::vector<placed_hold> hold_book::ended(timestamp now) const {
  return those([now](const auto& h) { return h.until && *h.until <= now; });
}

turn_holds hold_book::of_turn(const definition& of) const {
  turn_holds out;
  if (empty())
    return out;
  const hold_place at{of.id.ns, of.id.name, of.id.version};
  const std::lock_guard guard{lock_};
  for (const auto& [id, e] : holds_) {
    const auto& on = e.what.on;
    const auto kind = kind_of(on);
    if (!covers(on, at))
      continue;
    if (kind == hold_kind::instance)
      out.whole.push_back(id);
    if (kind == hold_kind::task)
      for (const auto& node : of.tasks)
        if (names_task(on, node.pointer))
          out.tasks[node.pointer].push_back(id);
  }
  return out;
}

std::vector<placed_hold> hold_book::on_instance(const hold_place& at) const {
  return those([&](const auto& h) {
    return kind_of(h.on) == hold_kind::instance && covers(h.on, at);
  });
}

std::vector<placed_hold> hold_book::on_task(const hold_place& at,
                                            std::string_view pointer) const {
  return those([&](const auto& h) {
    return kind_of(h.on) == hold_kind::task && keeps_task(h.on, at, pointer);
  });
}

std::vector<std::string> hold_book::on_effect(const hold_place& at,
                                              std::string_view pointer) const {
  return ids_of(
    those([&](const auto& h) { return keeps_task(h.on, at, pointer); }));
}

std::vector<std::string> hold_book::on_call(const hold_place& at,
                                            std::string_view pointer,
                                            std::string_view uri) const {
  return ids_of(those([&](const auto& h) {
    return kind_of(h.on) == hold_kind::host && covers(h.on, at)
           && names_task(h.on, pointer) && names_host(h.on, uri);
  }));
}

std::vector<placed_hold> hold_book::on_job(const hold_place& at,
                                           std::string_view pointer,
                                           std::string_view queue) const {
  return those([&](const auto& h) {
    if (kind_of(h.on) != hold_kind::queue)
      return keeps_task(h.on, at, pointer);
    return covers(h.on, at) && names_task(h.on, pointer) && h.on.queue == queue;
  });
}

bool hold_book::rest(const instance_key& who, frame_id frame,
                     std::span<const std::string> ids) {
  const std::lock_guard guard{lock_};
  for (const auto& id : ids)
    if (!holds_.contains(id))
      return false;
  for (const auto& id : ids)
    holds_.at(id).resting[who].insert(frame);
  return true;
}

void hold_book::leave(const instance_key& who) {
  if (empty())
    return;
  const std::lock_guard guard{lock_};
  for (auto& [id, e] : holds_)
    e.resting.erase(who);
}

std::map<frame_id, std::vector<placed_hold>>
hold_book::resting(const instance_key& who) const {
  std::map<frame_id, std::vector<placed_hold>> out;
  const std::lock_guard guard{lock_};
  for (const auto& [id, e] : holds_)
    if (const auto found = e.resting.find(who); found != e.resting.end())
      for (const auto frame : found->second)
        if (frame != 0)
          out[frame].push_back(e.what);
  return out;
}

std::size_t hold_book::kept_by(const std::string& id) const {
  const std::lock_guard guard{lock_};
  const auto found = holds_.find(id);
  return found == holds_.end() ? 0 : found->second.resting.size();
}

std::size_t hold_book::kept() const {
  const std::lock_guard guard{lock_};
  std::set<instance_key> all;
  for (const auto& [id, e] : holds_)
    for (const auto& [key, frames] : e.resting)
      all.insert(key);
  return all.size();
}

} // namespace pawl::actors
