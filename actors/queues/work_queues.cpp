#include "actors/queues/work_queues.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

using namespace std::chrono_literals;

/// For so long a lease of a former life is good, whatever its end was.
constexpr duration grace_max = 10s;
/// How often it is looked whether jobs are unserved.
constexpr duration look_every = 1s;
/// What nobody has used for so long is forgotten: workers, empty queues.
constexpr duration remembered_for = 10min;

} // namespace

answer lost_lease() {
  return {.status = 409,
          .body = "This lease is over: the job was given to another worker, "
                  "or its task has ended or was stopped. What was told now is "
                  "not recorded."};
}

result<> work_queues::restore(const storage::store& from) {
  const auto last = from.last_lease();
  if (!last)
    return last.error();
  result<> done;
  locked([&](errands&) {
    last_lease_ = *last;
    const auto now = world_.now();
    done = from.read_leases([&](storage::stored_lease&& row) {
      const job_id id{row.key, row.frame};
      auto& j = jobs_[id];
      j.id = id;
      j.lease = std::move(row);
      j.work.queue = j.lease.queue;
      if (const auto head = from.read_head(id.key))
        j.from = {head->ns, head->workflow.name, head->id};
      if (j.lease.token.empty())
        return;
      tokens_[j.lease.token] = id;
      hold(j,
           std::max(j.lease.until, now + std::min(j.lease.length, grace_max)));
    });
  });
  return done;
}

work_queues::queue& work_queues::queue_of(const std::string& name) {
  auto& q = queues_[name];
  q.touched = world_.now();
  return q;
}

// --- Steps and instances ----------------------------------------------------

std::uint64_t work_queues::offer(offered_job what) {
  std::uint64_t ticket = 0;
  locked([&](errands& todo) {
    auto& j = jobs_[what.id];
    j.id = what.id;
    ticket = j.ticket = ++next_;
    j.told.reset();
    const bool same
      = !j.lease.token.empty() && j.lease.dispatch == what.dispatch;
    const bool begins = what.begins;
    j.work = std::move(what);
    j.from = {j.work.ns, j.work.workflow, j.work.instance + ' ' + j.work.task};
    if (j.at == phase::giving)
      return;    // Its lease is under way; it was a former step's.
    if (!same) { // It was stopped since: whoever had it has it no more.
      let_go(j);
      drop_holder(j);
      j.at = phase::idle;
    }
    if (j.at == phase::telling)
      hold(j, j.lease.until);
    if (j.parked) {
      auto parked = std::move(j.parked->what);
      j.parked.reset();
      parked_.erase(j.id);
      if (same)
        return tell(j, std::move(parked), todo);
      todo.push_back([reply = parked.reply] { reply->give(lost_lease()); });
    }
    if (j.at == phase::held) {
      if (!j.tokens && world_.count)
        j.tokens = world_.count(j.work);
      return;
    }
    if (!begins)
      return stop(j, todo);
    make_ready(j, todo);
  });
  return ticket;
}

ready_jobs::job work_queues::ready_of(const job& j) {
  return {.id = j.id,
          .labels = j.work.labels,
          .priority = j.work.priority,
          .key = j.work.key,
          .since = j.work.since,
          .owner = {j.work.ns, j.work.workflow}};
}

void work_queues::make_ready(job& j, errands& todo) {
  j.at = phase::ready;
  auto& q = queue_of(j.work.queue);
  q.kept.erase(j.id);
  q.ready.add(ready_of(j));
  serve(j.work.queue, todo);
}

void work_queues::hold(job& j, timestamp until) {
  let_go(j);
  j.lease.until = until;
  j.at = phase::held;
  // Of a former life, or given up for lost meanwhile.
  if (!j.tokens && world_.count && !j.work.ns.empty())
    j.tokens = world_.count(j.work);
  ++queue_of(j.lease.queue).held;
  expiries_.emplace(until, j.id);
}

/// Out of its queue, or out of the hands of whoever holds it.
void work_queues::let_go(job& j) {
  if (j.at == phase::ready) {
    auto& q = queue_of(j.work.queue);
    q.ready.remove(j.id);
    q.kept.erase(j.id);
  }
  if (j.at == phase::held) {
    --queue_of(j.lease.queue).held;
    expiries_.erase({j.lease.until, j.id});
  }
  if (j.at != phase::giving)
    j.at = phase::idle;
}

void work_queues::look_again() {
  locked([&](errands& todo) {
    std::vector<std::string> names;
    for (auto& [name, q] : queues_) {
      for (const auto& id : std::exchange(q.kept, {}))
        q.ready.add(ready_of(jobs_.at(id)));
      names.push_back(name);
    }
    for (const auto& name : names)
      serve(name, todo);
  });
}

void work_queues::drop_holder(job& j) {
  tokens_.erase(j.lease.token);
  j.lease.token.clear();
  j.tokens.reset();
}

void work_queues::stop(job& j, errands& todo) {
  let_go(j);
  drop_holder(j);
  if (auto done = std::exchange(j.work.done, {}))
    todo.push_back([done = std::move(done)] { done(step_stopped{}); });
}

void work_queues::tell(job& j, worker_told what, errands& todo) {
  let_go(j);
  j.at = phase::telling;
  j.failed = !what.what.error.empty();
  address(what.note, j);
  // Without its step, which has ended by itself, nobody can be told.
  if (auto done = std::exchange(j.work.done, {}))
    todo.push_back([done = std::move(done),
                    told = std::make_shared<worker_told>(std::move(what))] {
      done(std::move(*told));
    });
}

void work_queues::give_up(const job_id& id, std::uint64_t ticket,
                          giving_up how) {
  locked([&](errands& todo) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || found->second.ticket != ticket)
      return;
    auto& j = found->second;
    j.told = std::max(how, j.told.value_or(how));
    if (j.at == phase::ready || j.at == phase::idle)
      stop(j, todo);
  });
}

void work_queues::detach(const job_id& id, std::uint64_t ticket) {
  locked([&](errands&) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || found->second.ticket != ticket)
      return;
    auto& j = found->second;
    j.ticket = 0;
    j.told.reset();
    j.work.done = {};
    j.work.describe = {};
    if (j.at == phase::ready)
      let_go(j);
    if (j.at == phase::idle && j.lease.fencing == 0)
      jobs_.erase(found);
  });
}

void work_queues::erase(const job_id& id, errands& todo) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  auto& j = found->second;
  if (j.at == phase::telling) {
    auto& q = queue_of(j.lease.queue);
    ++(j.failed ? q.failed : q.completed);
  }
  if (j.parked)
    todo.push_back(
      [reply = j.parked->what.reply] { reply->give(lost_lease()); });
  parked_.erase(id);
  let_go(j);
  drop_holder(j);
  jobs_.erase(found);
}

void work_queues::forget(const job_id& id) {
  locked([&](errands& todo) { erase(id, todo); });
}

void work_queues::keep_only(const instance_key& key,
                            std::span<const frame_id> frames) {
  locked([&](errands& todo) {
    std::vector<job_id> over;
    for (auto at = jobs_.lower_bound({key, 0});
         at != jobs_.end() && at->first.key == key; ++at)
      if (std::ranges::count(frames, at->first.frame) == 0)
        over.push_back(at->first);
    for (const auto& id : over)
      erase(id, todo);
  });
}

void work_queues::not_recorded(const job_id& id) {
  locked([&](errands&) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || found->second.at != phase::telling)
      return;
    found->second.at = phase::idle;
    drop_holder(found->second);
  });
}

void work_queues::post_erase(const job_id& id) {
  letter one;
  storage::erase_lease(one.rows, id.key, id.frame);
  one.then = [](bool) {};
  post(std::move(one));
}

void work_queues::send_letters() {
  std::unique_lock hold_lock{lock_};
  if (std::exchange(sending_, true))
    return;
  while (!outbox_.empty()) {
    auto one = std::move(outbox_.front());
    outbox_.pop_front();
    hold_lock.unlock();
    world_.write(storage::loose_rows(std::move(one.rows), std::move(one.note)),
                 std::move(one.then));
    hold_lock.lock();
  }
  sending_ = false;
}

// --- Time -------------------------------------------------------------------

void work_queues::lose(job& j, errands& todo) {
  auto& q = queue_of(j.lease.queue);
  ++q.lost;
  log::warn("lease.lost", {{"queue", j.lease.queue},
                           {"worker", j.lease.worker},
                           {"fencing", j.lease.fencing},
                           {"instance", j.work.instance},
                           {"task", j.work.task}});
  let_go(j);
  j.tokens.reset();
  if (j.told)
    return stop(j, todo);
  // Until another worker gets it, its holder may still come back with it.
  if (j.ticket != 0)
    make_ready(j, todo);
}

void work_queues::expire(timestamp now, errands& todo) {
  while (!expiries_.empty() && expiries_.begin()->first <= now)
    lose(jobs_.at(expiries_.begin()->second), todo);
}

void work_queues::end_waits(errands& todo) {
  const auto now = world_.monotonic();
  const bool closing = world_.closing();
  while (!ends_.empty() && (closing || std::get<0>(*ends_.begin()) <= now)) {
    const auto [end, name, number] = *ends_.begin();
    ends_.erase(ends_.begin());
    auto& askers = queues_.at(name).askers;
    const auto found = askers.find(number);
    todo.push_back(
      [to = std::move(found->second.to)] { to(answer{.status = 204}); });
    askers.erase(found);
  }
  for (auto at = parked_.begin(); at != parked_.end();) {
    auto& j = jobs_.at(*at);
    if (!closing && j.parked->until > now) {
      ++at;
      continue;
    }
    // Its instance wants nothing of it. Or the daemon stops, and the worker is
    // to come again.
    todo.push_back([reply = j.parked->what.reply, closing] {
      if (closing)
        reply->give(refusal{
          .what = {errc::shutting_down, "The daemon is shutting down."}});
      else
        reply->give(lost_lease());
    });
    j.parked.reset();
    at = parked_.erase(at);
  }
}

bool work_queues::is_unserved(const queue& q, timestamp now) const {
  if (q.ready.empty() || !q.askers.empty())
    return false;
  const auto since
    = std::max(*q.ready.oldest(), q.polled.value_or(timestamp{}));
  return now - since >= world_.unserved_after;
}

void work_queues::look_for_unserved(timestamp now) {
  for (auto& [name, q] : queues_) {
    const bool is = is_unserved(q, now);
    if (is && !q.unserved)
      log::warn("queue.unserved",
                {{"queue", name},
                 {"ready", static_cast<std::uint64_t>(q.ready.size())},
                 {"oldest", to_text(*q.ready.oldest())},
                 {"polled", q.polled ? to_text(*q.polled) : "never"}});
    q.unserved = is;
  }
}

void work_queues::tidy(timestamp now) {
  // Each second it is called at least, and there may be thousands of workers.
  constexpr std::int64_t every = 16;
  if (unix_ms(now) / 1000 % every != 0)
    return;
  for (auto at = queues_.begin(); at != queues_.end();) {
    auto& q = at->second;
    std::erase_if(q.workers, [&](const auto& w) {
      return w.second.seen + remembered_for < now;
    });
    const bool used = !q.workers.empty() || !q.ready.empty() || !q.kept.empty()
                      || !q.askers.empty() || q.held != 0
                      || q.touched + remembered_for >= now;
    at = used ? std::next(at) : queues_.erase(at);
  }
}

void work_queues::tick() {
  locked([&](errands& todo) {
    armed_.reset();
    const auto now = world_.now();
    expire(now, todo);
    end_waits(todo);
    look_for_unserved(now);
    tidy(now);
  });
}

/// Sees to it that somebody looks again when something is due. The wall clock
/// may be moved, so it looks each second while a lease runs.
void work_queues::arm(errands& todo) {
  const auto now = world_.monotonic();
  auto next = steady::time_point::max();
  if (!expiries_.empty())
    next
      = std::min(next, now
                         + std::clamp(expiries_.begin()->first - world_.now(),
                                      duration{1}, look_every));
  if (!ends_.empty())
    next = std::min(next, std::get<0>(*ends_.begin()));
  if (!parked_.empty() || !queues_.empty())
    next = std::min(next, now + look_every);
  if (next == steady::time_point::max() || (armed_ && *armed_ <= next))
    return;
  armed_ = next;
  const auto delay
    = std::max(std::chrono::ceil<duration>(next - now), duration{1});
  todo.push_back([this, delay, next] {
    world_.wake(delay, [this, next] {
      // Unless an earlier alarm has taken its place.
      bool mine = false;
      {
        const std::lock_guard hold_lock{lock_};
        mine = armed_ == next;
      }
      if (mine)
        tick();
    });
  });
}

} // namespace pawl::actors
