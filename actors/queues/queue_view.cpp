#include "actors/queues/work_queues.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::actors {

namespace {

/// Of the jobs that are held, a queue shows so many.
constexpr std::size_t shown_max = 100;

json::object labels_of(const label_map& from) {
  json::object out;
  for (const auto& [name, value] : from)
    out[name] = value;
  return out;
}

json::value time_of(const std::optional<timestamp>& at) {
  return at ? json::value(to_text(*at)) : json::value{};
}

} // namespace

json::array work_queues::workers_of(const std::string& name,
                                    const queue& q) const {
  std::map<std::string, std::uint64_t> held;
  for (const auto& [until, id] : expiries_)
    if (const auto& l = jobs_.at(id).lease; l.queue == name)
      ++held[l.worker];
  std::map<std::string, bool> asking;
  for (const auto& [number, one] : q.askers)
    asking[one.what.worker] = true;
  json::array out;
  for (const auto& [who, w] : q.workers)
    out.emplace_back(json::object{{"id", who},
                                  {"labels", labels_of(w.labels)},
                                  {"lastSeen", to_text(w.seen)},
                                  {"asking", asking.contains(who)},
                                  {"leased", held[who]}});
  return out;
}

json::object work_queues::view(const std::string& name, const queue& q) const {
  const auto now = world_.now();
  const auto oldest = q.ready.oldest();
  return {
    {"name", name},
    {"ready", q.ready.size()},
    {"onHold", q.kept.size()},
    {"leased", q.held},
    {"oldest", time_of(oldest)},
    {"oldestSeconds",
     oldest ? std::max<std::int64_t>(0, (now - *oldest).count()) / 1000 : 0},
    {"workers", q.workers.size()},
    {"asking", q.askers.size()},
    {"lastPoll", time_of(q.polled)},
    {"unserved", is_unserved(q, now)}};
}

json::array work_queues::list() const {
  const std::lock_guard hold_lock{lock_};
  json::array out;
  for (const auto& [name, q] : queues_)
    out.emplace_back(view(name, q));
  return out;
}

std::optional<json::object> work_queues::read(const std::string& name) const {
  const std::lock_guard hold_lock{lock_};
  const auto found = queues_.find(name);
  if (found == queues_.end())
    return std::nullopt;
  const auto& q = found->second;
  auto out = view(name, q);
  out["workers"] = workers_of(name, q);
  auto& leases = out["leases"].emplace_array();
  for (const auto& [until, id] : expiries_) {
    const auto& j = jobs_.at(id);
    if (j.lease.queue != name || leases.size() >= shown_max)
      continue;
    leases.emplace_back(json::object{{"worker", j.lease.worker},
                                     {"namespace", j.work.ns},
                                     {"instance", j.work.instance},
                                     {"task", j.work.task},
                                     {"fencing", j.lease.fencing},
                                     {"delivery", j.lease.deliveries},
                                     {"given", to_text(j.lease.given)},
                                     {"leaseUntil", to_text(until)},
                                     {"progress", j.progress}});
  }
  out["totals"] = json::object{{"leased", q.leased},
                               {"completed", q.completed},
                               {"failed", q.failed},
                               {"released", q.released},
                               {"lost", q.lost}};
  return out;
}

void work_queues::explain(const instance_key& key, json::object& entry) const {
  const auto* named = entry.if_contains("queue");
  const auto* task = entry.if_contains("task");
  if (named == nullptr || !named->is_string() || task == nullptr)
    return;
  const std::lock_guard hold_lock{lock_};
  const std::string name{named->get_string()};
  const auto found = queues_.find(name);
  const job* here = nullptr; // Of several items of a task the first.
  for (auto at = jobs_.lower_bound({key, 0});
       at != jobs_.end() && at->first.key == key && here == nullptr; ++at)
    if (at->second.ticket != 0 && at->second.work.task == task->as_string())
      here = &at->second;
  if (here != nullptr && here->at == phase::held) {
    entry["worker"] = here->lease.worker;
    entry["leaseUntil"] = to_text(here->lease.until);
    entry["detail"] = "the worker " + here->lease.worker + " has it";
    return;
  }
  std::size_t fitting = 0;
  const bool known = found != queues_.end();
  if (known && here != nullptr)
    for (const auto& [who, w] : found->second.workers)
      fitting
        += std::includes(w.labels.begin(), w.labels.end(),
                         here->work.labels.begin(), here->work.labels.end())
             ? 1
             : 0;
  entry["workers"] = known ? found->second.workers.size() : 0;
  entry["fitting"] = fitting;
  entry["lastPoll"]
    = time_of(known ? found->second.polled : std::optional<timestamp>{});
  if (!known || !found->second.polled)
    entry["detail"] = "no worker has asked for work on the queue " + name;
  else if (is_unserved(found->second, world_.now()))
    entry["detail"] = "no worker has asked for work on the queue " + name
                      + " since " + to_text(*found->second.polled);
  else if (fitting == 0)
    entry["detail"] = "no worker of the queue " + name
                      + " has the labels that the job asks for";
}

std::string work_queues::metrics() const {
  struct family {
    const char* name;
    const char* type;
    const char* help;
    double (*of)(const queue&, timestamp);
  };
  static constexpr family families[] = {
    {"pawl_queue_ready", "gauge", "Jobs that wait for a worker.",
     [](const queue& q, timestamp) { return double(q.ready.size()); }},
    {"pawl_queue_oldest_seconds", "gauge", "How long the oldest job waits.",
     [](const queue& q, timestamp now) {
       const auto since = q.ready.oldest();
       return since ? std::max(0.0, double((now - *since).count()) / 1000)
                    : 0.0;
     }},
    {"pawl_queue_leased", "gauge", "Jobs that workers have.",
     [](const queue& q, timestamp) { return double(q.held); }},
    {"pawl_queue_workers", "gauge", "Workers seen in the last ten minutes.",
     [](const queue& q, timestamp) { return double(q.workers.size()); }},
    {"pawl_queue_unserved", "gauge", "1 if jobs wait and no worker asks.",
     [](const queue& q, timestamp) { return q.unserved ? 1.0 : 0.0; }},
    {"pawl_queue_leases_total", "counter", "Leases given.",
     [](const queue& q, timestamp) { return double(q.leased); }},
    {"pawl_queue_completed_total", "counter", "Jobs that workers completed.",
     [](const queue& q, timestamp) { return double(q.completed); }},
    {"pawl_queue_failed_total", "counter", "Jobs that workers failed.",
     [](const queue& q, timestamp) { return double(q.failed); }},
    {"pawl_queue_released_total", "counter", "Leases given back.",
     [](const queue& q, timestamp) { return double(q.released); }},
    {"pawl_queue_lost_total", "counter", "Leases whose time ran out.",
     [](const queue& q, timestamp) { return double(q.lost); }},
  };
  const std::lock_guard hold_lock{lock_};
  std::string out;
  if (queues_.empty())
    return out;
  const auto now = world_.now();
  for (const auto& f : families) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", f.name, f.help,
                       f.type);
    for (const auto& [name, q] : queues_)
      out += fmt::format("{}{{queue=\"{}\"}} {}\n", f.name, name, f.of(q, now));
  }
  return out;
}

} // namespace pawl::actors
