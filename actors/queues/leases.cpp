#include "actors/queues/work_queues.hpp"
#include "base/bytes.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

using namespace std::chrono_literals;

constexpr duration lease_min = 1s;
/// How long a report waits for the instance that it is for to be loaded.
constexpr duration report_patience = 10s;
/// What one answer may hold, unless it is a single job.
constexpr std::size_t answer_bytes_max = std::size_t{4} << 20;
/// Workers that one queue remembers; the one unseen longest goes first.
constexpr std::size_t workers_max = 4096;
constexpr std::string_view directives[] = {"continue", "pause", "cancel"};

std::string_view directive_of(std::optional<giving_up> told) {
  return directives[told ? static_cast<std::size_t>(*told) : 0];
}

storage::kept_answer kept(const answer& said, const idempotency& once,
                          timestamp until) {
  return {.scope = once.scope,
          .body_digest = once.body_digest,
          .status = said.status,
          .location = said.location,
          .body = said.body,
          .expires = until};
}

refusal not_written() {
  return {.what = {errc::timed_out, "The part that writes has failed; whether "
                                    "it was written is not known. Ask again."}};
}

} // namespace

// --- Giving -----------------------------------------------------------------

void work_queues::see(queue& q, const std::string& name,
                      const label_map* labels) {
  auto& w = q.workers[name];
  w.seen = world_.now();
  if (labels != nullptr)
    w.labels = *labels;
  if (q.workers.size() <= workers_max)
    return;
  q.workers.erase(std::min_element(q.workers.begin(), q.workers.end(),
                                   [](const auto& a, const auto& b) {
                                     return a.second.seen < b.second.seen;
                                   }));
}

void work_queues::lease(ask what, reply_to to) {
  std::vector<grant> grants;
  bool waits = false;
  locked([&](errands&) {
    auto& q = queue_of(what.queue);
    see(q, what.worker, &what.labels);
    q.polled = world_.now();
    q.unserved = false;
    grants = take(q, what);
    waits = grants.empty() && what.wait.count() > 0 && !world_.closing();
    if (!waits)
      return;
    const auto end = world_.monotonic() + what.wait;
    const auto name = what.queue;
    ends_.emplace(end, name, ++next_);
    q.askers.emplace(next_, asker{std::move(what), std::move(to), end});
  });
  if (!grants.empty())
    give(std::move(grants), what, to);
  else if (!waits)
    to(answer{.status = 204});
}

/// Gives the ready jobs of a queue to those who wait for them.
void work_queues::serve(const std::string& name, errands& todo) {
  auto& q = queue_of(name);
  for (auto at = q.askers.begin(); at != q.askers.end() && !q.ready.empty();) {
    auto grants = take(q, at->second.what);
    if (grants.empty()) {
      ++at;
      continue;
    }
    ends_.erase({at->second.end, name, at->first});
    q.polled = world_.now();
    see(q, at->second.what.worker, nullptr);
    todo.push_back([this, grants = std::move(grants),
                    who = std::move(at->second)]() mutable {
      give(std::move(grants), who.what, who.to);
    });
    at = q.askers.erase(at);
  }
}

std::vector<work_queues::grant> work_queues::take(queue& q, const ask& what) {
  std::vector<grant> out;
  std::size_t bytes = 0;
  while (out.size() < what.max) {
    const auto id = q.ready.take(what.labels, what.may);
    if (!id)
      break;
    auto& j = jobs_.at(*id);
    if (is_kept(j)) {
      q.kept.insert(*id);
      continue;
    }
    bytes += j.work.bytes;
    if (!out.empty() && bytes > answer_bytes_max) {
      q.ready.add(ready_of(j));
      break;
    }
    auto may = world_.admit ? world_.admit(j.work) : queue_world::admission{};
    if (may.queue_closed) {
      q.ready.add(ready_of(j));
      break;
    }
    if (!may.granted) {
      q.kept.insert(*id);
      continue;
    }
    j.tokens = std::move(may.tokens);
    out.push_back(begin_lease(j, what));
  }
  return out;
}

bool work_queues::is_kept(const job& j) const {
  const auto& w = j.work;
  return world_.kept
         && world_.kept({w.ns, w.workflow}, w.version, w.task, w.queue);
}

work_queues::grant work_queues::begin_lease(job& j, const ask& what) {
  grant g{j.id, world_.token(), {}, j.lease, j.work.describe};
  const auto now = world_.now();
  auto length = what.lease.value_or(j.work.lease.value_or(world_.lease));
  // What the definition says is the most that is given at first.
  length = std::max(lease_min, std::min(length, j.work.lease.value_or(length)));
  tokens_.erase(j.lease.token);
  j.at = phase::giving;
  j.progress = nullptr;
  auto& l = j.lease;
  l.key = j.id.key;
  l.frame = j.id.frame;
  l.dispatch = j.work.dispatch;
  l.fencing = l.last = ++last_lease_;
  l.token = sha256(g.token);
  l.worker = what.worker;
  l.queue = what.queue;
  l.given = now;
  l.until = now + length;
  l.length = length;
  ++l.deliveries;
  g.lease = l;
  return g;
}

void work_queues::give(std::vector<grant> grants, const ask& what,
                       const reply_to& to) {
  json::array leases;
  timestamp until;
  for (const auto& g : grants) {
    until = std::max(until, g.lease.until);
    auto task = g.describe();
    task["fencing"] = g.lease.fencing;
    task["delivery"] = g.lease.deliveries;
    const auto checkpoint = parse_json(g.lease.checkpoint);
    task["checkpoint"] = checkpoint ? *checkpoint : json::value{};
    leases.emplace_back(json::object{{"token", g.token},
                                     {"leaseUntil", to_text(g.lease.until)},
                                     {"task", std::move(task)}});
  }
  answer said{
    .body = to_text(json::value(json::object{{"leases", std::move(leases)}}))};
  letter one;
  if (what.once) // No longer than the leases in it are good.
    storage::add_answer(one.rows, kept(said, *what.once, until));
  const auto shared = std::make_shared<std::vector<grant>>(std::move(grants));
  one.then = [this, shared, said = std::move(said), to](bool durable) {
    locked([&](errands& todo) { given(*shared, durable, todo); });
    if (durable)
      to(said);
    else
      to(not_written());
  };
  locked([&](errands&) {
    for (auto& g : *shared) {
      g.lease.last = last_lease_;
      storage::add_lease(one.rows, g.lease);
    }
    post(std::move(one));
  });
}

void work_queues::given(const std::vector<grant>& grants, bool durable,
                        errands& todo) {
  for (const auto& g : grants) {
    const auto found = jobs_.find(g.id);
    if (found == jobs_.end()) {
      post_erase(g.id); // Its task ended meanwhile; the row came behind that.
      continue;
    }
    auto& j = found->second;
    if (j.at != phase::giving || j.lease.fencing != g.lease.fencing)
      continue;
    if (!durable) {
      j.lease = g.before;
      j.tokens.reset();
    }
    const bool same = j.lease.dispatch == j.work.dispatch;
    if (durable && (same || j.ticket == 0)) {
      tokens_[j.lease.token] = j.id;
      ++queue_of(j.lease.queue).leased;
      hold(j, j.lease.until);
      continue;
    }
    j.at = phase::idle;
    drop_holder(j);
    if (j.told || j.ticket == 0)
      stop(j, todo);
    else
      make_ready(j, todo);
  }
}

// --- Holding ----------------------------------------------------------------

bool work_queues::may_have(const job& j, const claim& from) {
  return !from.may || from.may(j.lease.queue, j.from.ns, j.from.workflow);
}

/// What was done to `j` is told in `note`, if there is one.
void work_queues::address(std::optional<storage::audit_entry>& note,
                          const job& j) {
  if (!note)
    return;
  note->ns = j.from.ns;
  note->target = j.from.target;
}

/// The job that this is the token of, out of its queue; null if there is none.
work_queues::job* work_queues::holder(const claim& from) {
  const auto found = tokens_.find(sha256(from.token));
  if (found == tokens_.end())
    return nullptr;
  auto& j = jobs_.at(found->second);
  if (j.at == phase::telling || j.at == phase::giving || j.parked
      || !may_have(j, from))
    return nullptr;
  see(queue_of(j.lease.queue), j.lease.worker, nullptr);
  return &j;
}

/// Writes how the lease of `j` stands with `one`, then says `said`.
void work_queues::write(job& j, letter one, answer said,
                        const std::optional<idempotency>& once,
                        const reply_to& to) {
  j.lease.last = last_lease_;
  storage::add_lease(one.rows, j.lease);
  if (once)
    storage::add_answer(one.rows,
                        kept(said, *once, world_.now() + world_.answers_for));
  one.then = [this, to, said = std::move(said), id = j.id](bool durable) {
    locked([&](errands&) {
      if (!jobs_.contains(id))
        post_erase(id);
    });
    if (durable)
      to(said);
    else
      to(not_written());
  };
  post(std::move(one));
}

void work_queues::heartbeat(const beat& what, const reply_to& to) {
  bool known = false;
  locked([&](errands&) {
    auto* j = holder(what.from);
    known = j != nullptr;
    if (!known)
      return;
    if (what.progress)
      j->progress = *what.progress;
    if (what.checkpoint)
      j->lease.checkpoint
        = what.checkpoint->is_null() ? "" : to_text(*what.checkpoint);
    // Who is to stop has only the time that is left to him.
    if (!j->told || *j->told == giving_up::drain)
      hold(*j, world_.now()
                 + std::max(lease_min, what.extend.value_or(j->lease.length)));
    write(*j, {},
          {.body = to_text(
             json::value(json::object{{"leaseUntil", to_text(j->lease.until)},
                                      {"directive", directive_of(j->told)}}))},
          what.once, to);
  });
  if (!known)
    to(lost_lease());
}

void work_queues::release(const claim& from,
                          const std::optional<idempotency>& once,
                          const reply_to& to) {
  bool known = false;
  locked([&](errands& todo) {
    auto* j = holder(from);
    known = j != nullptr;
    if (!known)
      return;
    ++queue_of(j->lease.queue).released;
    if (j->lease.deliveries > 0)
      --j->lease.deliveries;
    j->progress = nullptr;
    let_go(*j);
    drop_holder(*j);
    // First, so that another lease is written behind the end of this one.
    letter one{.rows = {}, .then = {}, .note = from.note};
    address(one.note, *j);
    write(*j, std::move(one), {.body = R"({"outcome":"released"})"}, once, to);
    if (j->told)
      stop(*j, todo);
    else if (j->ticket != 0)
      make_ready(*j, todo);
  });
  if (!known)
    to(lost_lease());
}

void work_queues::report(const claim& from, worker_outcome outcome,
                         const idempotency& once, reply_to to) {
  const bool failed = !outcome.error.empty();
  worker_told told{.what = std::move(outcome),
                   .once = once,
                   .said = {.body = failed ? R"({"outcome":"failed"})"
                                           : R"({"outcome":"completed"})"},
                   .reply = make_answer(std::move(to)),
                   .note = from.note};
  bool known = false;
  std::optional<instance_key> hurry;
  locked([&](errands& todo) {
    auto* j = holder(from);
    known = j != nullptr;
    if (!known)
      return;
    if (j->ticket != 0)
      return tell(*j, std::move(told), todo);
    j->parked
      = parked_report{std::move(told), world_.monotonic() + report_patience};
    parked_.insert(j->id);
    hurry = j->id.key;
  });
  if (!known)
    told.reply->give(lost_lease());
  if (hurry)
    world_.hurry(*hurry);
}

} // namespace pawl::actors
