#include "actors/gate.hpp"
#include "actors/schedule_view.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <mutex>

namespace pawl::actors {

namespace {

/// Instances that are under way at a time, so that a backfill leaves room for
/// what else starts.
constexpr std::size_t wave = 64;

error fault_at(const char* pointer, std::string detail) {
  return {errc::invalid_request,
          "This backfill cannot be done.",
          {{.pointer = pointer, .detail = std::move(detail)}}};
}

/// Why there is nothing that could be made up for.
std::optional<error> why_not(const backfill_schedule& what,
                             const loaded_schedule& of, timestamp now) {
  if (what.from >= what.to)
    return fault_at("/to", "Must be after `from`.");
  if (what.to > now)
    return fault_at("/to", "Lies in the future: it is " + to_text(now) + '.');
  if (!of.fault.empty())
    return error{errc::invalid_request,
                 "The schedule cannot be read: " + of.fault};
  if (!of.by)
    return error{errc::invalid_request,
                 "The newest version of the workflow has no schedule."};
  if (of.by->what.on || of.by->what.after)
    return error{errc::invalid_request,
                 "Only `cron` and `every` tell times that can be made up for."};
  return std::nullopt;
}

/// Of when an instance is, for it runs at another time.
std::map<std::string, std::string> labels_of(const schedule_state& kept,
                                             timestamp due) {
  auto out = schedule_labels(kept);
  out.emplace("scheduledFor", to_text(due));
  return out;
}

} // namespace

/// One backfill on its way. Killed, it leaves what it has made; asked again, it
/// finds that and makes the rest.
struct gate::backfilling {
  backfill_schedule what;
  loaded_schedule of;
  std::vector<planned_run> runs; ///< Without an instance, as it looked.
  std::size_t existing = 0;
  std::size_t begun = 0; ///< Of `runs`.
  reply_to to;

  std::mutex lock; ///< For all below.
  std::size_t out = 0;
  std::vector<planned_run> made;
  std::optional<refusal> no; ///< The first that was refused.

  /// True for the last answer of a wave.
  bool answered(const planned_run& run, reply r) {
    const std::lock_guard hold{lock};
    auto* why = std::get_if<refusal>(&r);
    if (why == nullptr)
      made.push_back(run);
    else if (why->what.code == errc::already_exists)
      ++existing;
    else if (!no)
      no = std::move(*why);
    return --out == 0;
  }

  /// Looks which times have no instance, and never had one that is remembered.
  result<> look(const storage::store& s, const std::vector<timestamp>& times,
                timestamp now) {
    for (const auto at : times) {
      auto run = run_of_tick(of.kept, at);
      const auto head = s.read_head(key_of(of.kept.ns, run.instance));
      if (!head && head.error().code != errc::not_found)
        return head.error();
      bool known = head.has_value();
      if (!known) {
        const auto buried = s.tombstones_of(run.instance, now);
        if (!buried)
          return buried.error();
        known = std::ranges::any_of(
          *buried, [&](const auto& one) { return one.ns == of.kept.ns; });
      }
      if (known)
        ++existing;
      else
        runs.push_back(std::move(run));
    }
    return {};
  }

  [[nodiscard]] answer told(std::vector<planned_run> shown) const {
    std::ranges::sort(shown, {}, &planned_run::due);
    json::array times;
    json::array instances;
    for (const auto& run : shown) {
      times.emplace_back(to_text(run.due));
      instances.emplace_back(run.instance);
    }
    return {.body = to_text(
              json::value(json::object{{"schedule", schedule_id(of.kept)},
                                       {"from", to_text(what.from)},
                                       {"to", to_text(what.to)},
                                       {"dryRun", what.dry_run},
                                       {"count", shown.size()},
                                       {"existing", existing},
                                       {"times", std::move(times)},
                                       {"instances", std::move(instances)}}))};
  }
};

void gate::backfill(backfill_schedule what, reply_to to) {
  if (auto no = overload(lane::start))
    return to(std::move(*no));
  const auto key = schedule_named(what.which.id);
  if (!key)
    return to(no_schedule());
  if (auto no = forbids_schedule(what.which.by, *key))
    return to(std::move(*no));
  const auto repeat = what.dry_run ? std::nullopt : what.once;
  once(repeat, std::move(to), [&](reply_to first) {
    aside([g = shared_from_this(), what = std::move(what),
           to = std::move(first)]() mutable {
      auto one = find_schedule(g->ctx_, what.which.id);
      if (!one)
        return to(refusal{.what = one.error()});
      const auto now = clock::now();
      if (auto why = why_not(what, *one, now))
        return to(refusal{.what = std::move(*why)});
      const auto times = ticks_between(*one->by, one->kept, what.from, what.to,
                                       what.limit + std::size_t{1});
      if (times.size() > what.limit)
        return to(refusal{
          .what
          = fault_at("/to", "There are more than " + std::to_string(what.limit)
                              + " times before it, the bound of one "
                                "backfill; ask for a part of them.")});
      auto b = std::make_shared<backfilling>();
      b->what = std::move(what);
      b->of = std::move(*one);
      b->to = std::move(to);
      if (auto seen = b->look(g->ctx_.store, times, now); !seen)
        return b->to(refusal{.what = seen.error()});
      if (b->what.dry_run)
        return b->to(b->told(b->runs));
      g->make_next_runs(b);
    });
  });
}

void gate::make_next_runs(const std::shared_ptr<backfilling>& b) {
  if (!b->no && b->begun < b->runs.size())
    b->no = overload(lane::start);
  if (b->no || b->begun == b->runs.size())
    return end_backfill(b);
  const auto from = b->begun;
  b->begun = std::min(b->runs.size(), from + wave);
  b->out = b->begun - from;
  // After the last order answers may have come that begin the next wave.
  for (auto i = from, end = b->begun; i < end; ++i) {
    const auto& run = b->runs[i];
    reply_to told = [g = shared_from_this(), b, &run](reply r) {
      if (b->answered(run, std::move(r)))
        g->aside([g, b] { g->make_next_runs(b); });
    };
    const auto key = key_of(b->of.kept.ns, run.instance);
    if (auto no = limited_start(b->of.kept.ns, key, told)) {
      told(std::move(*no));
      continue;
    }
    caf::anon_send(
      ctx_.registry.get(),
      wish{.key = key,
           .what = requests::create{.ns = b->of.kept.ns,
                                    .id = run.instance,
                                    .input = run.input,
                                    .labels = labels_of(b->of.kept, run.due),
                                    .fault_if_invalid = true},
           .flow = b->of.flow,
           .reply = make_answer(std::move(told))});
  }
}

// What was made is in the audit log, and a repeat finds the answer. A backfill
// that was cut short is no answer to keep: its repeat makes the rest.
void gate::end_backfill(const std::shared_ptr<backfilling>& b) {
  const auto& o = b->what;
  auto said = b->told(b->made);
  std::optional<storage::kept_answer> kept;
  if (o.once && !b->no)
    kept = storage::kept_answer{
      .scope = o.once->scope,
      .body_digest = o.once->body_digest,
      .status = said.status,
      .location = {},
      .body = said.body,
      .expires = clock::now() + ctx_.options.retention.idempotency_for};
  auto span = to_text(o.from) + " to " + to_text(o.to) + ", "
              + std::to_string(b->made.size()) + " made";
  auto note = note_of(o.which.by, b->of.kept.ns, o.which.id,
                      o.reason.empty() ? span : span + ": " + o.reason);
  caf::anon_send(
    ctx_.writer.get(),
    write_job{[kept = std::move(kept), note = std::move(note),
               said = std::move(said), no = b->no, made = b->made.size(),
               slot = make_answer(b->to)](storage::store& s) -> result<> {
      if (kept)
        if (auto done = s.put_answer(*kept); !done)
          return done;
      if (note)
        if (auto done = s.put_audit(*note); !done)
          return done;
      if (!no) {
        slot->give(said);
        return {};
      }
      auto why = *no;
      why.what.detail
        += " " + std::to_string(made) + " were made; a repeat makes the rest.";
      slot->give(std::move(why));
      return {};
    }});
}

} // namespace pawl::actors
