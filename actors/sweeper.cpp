#include "actors/sweeper.hpp"

#include "actors/ask_writer.hpp"
#include "base/log.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <future>

namespace pawl::actors {

namespace {

/// The wall clock may jump, so it is looked at this often.
constexpr std::chrono::milliseconds look_every{500};
constexpr std::size_t heads_at_once = 256;
/// In one write: some milliseconds of the writer's time.
constexpr std::size_t purged_at_once = 32;
/// Of one instance, to tell its size.
constexpr std::size_t rows_measured_max = 4096;
/// Below this the space is left to RocksDB's own housekeeping.
constexpr std::uint64_t reclaim_min = 16ULL << 20;
/// Records of the audit log, in one write.
constexpr std::uint64_t records_at_once = 2'000;

} // namespace

sweeper::sweeper(context& ctx, bool by_itself)
    : ctx_{ctx}, rules_{ctx.options.retention} {
  if (by_itself)
    thread_ = std::thread{[this] { run(); }};
}

sweeper::~sweeper() {
  stop();
}

void sweeper::stop() {
  {
    const std::lock_guard hold{lock_};
    stopping_ = true;
  }
  wake_.notify_all();
  ctx_.store.stop_reclaiming();
  if (thread_.joinable())
    thread_.join();
}

void sweeper::run() {
  const auto every = ctx_.options.retention.purge_every;
  auto last = clock::now();
  std::unique_lock hold{lock_};
  while (!stopping_) {
    wake_.wait_for(hold, std::min<duration>(look_every, every));
    const auto now = clock::now();
    if (stopping_ || (now >= last && now - last < every))
      continue;
    last = now;
    hold.unlock();
    const auto done = sweep();
    if (done.purged != 0)
      log::info("retention.swept", {{"examined", done.examined},
                                    {"purged", done.purged},
                                    {"bytes", done.bytes},
                                    {"complete", done.complete}});
    hold.lock();
  }
}

sweep_report sweeper::sweep() {
  sweep_report so_far;
  std::optional<instance_key> after;
  do
    so_far.complete = look_at_some(so_far, after);
  while (after && so_far.complete && !stopping_);
  so_far.complete = so_far.complete && !after;
  prune_audit();
  unreclaimed_ += so_far.bytes;
  if (unreclaimed_ >= std::max(reclaim_min, ctx_.store.table_bytes()))
    reclaim();
  ctx_.measured.swept(so_far.examined, so_far.complete);
  return so_far;
}

/// Some heads from `after` on; moves it, to nothing at the end. False if the
/// pass must end here.
bool sweeper::look_at_some(sweep_report& so_far,
                           std::optional<instance_key>& after) {
  // Definitions come and go, so what they say is not remembered for long.
  definition_rules said{ctx_.definitions};
  std::vector<std::pair<instance_key, storage::head>> over;
  const auto now = clock::now();
  auto next = ctx_.store.visit_heads(
    after, heads_at_once, [&](const instance_key& key, storage::head&& of) {
      ++so_far.examined;
      if (ended(of.status)
          && is_over(of, rules_.of(of.ns, of.status, said.of(of.digest)), now))
        over.emplace_back(key, std::move(of));
    });
  if (!next) {
    log::error("retention.unreadable", {{"detail", next.error().detail}});
    return false;
  }
  std::vector<storage::ended_instance> some;
  for (const auto& [key, of] : over) {
    if (auto one = put_down(key, of))
      some.push_back(*one);
    if (some.size() == purged_at_once
        && !purge(std::exchange(some, {}), so_far))
      return false;
  }
  if (!some.empty() && !purge(some, so_far))
    return false;
  after = *next;
  return true;
}

/// A faulted one may have children that stand still with it, for a retry that
/// cannot come any more: they are cancelled first, and it with them.
std::optional<storage::ended_instance>
sweeper::put_down(const instance_key& key, const storage::head& of) {
  if (of.status != instance_status::faulted)
    return storage::ended_instance{key, *of.ended};
  const auto answer = std::make_shared<std::promise<bool>>();
  auto done = answer->get_future();
  caf::anon_send(ctx_.registry.get(),
                 wish{.key = key,
                      .what = requests::cancel{"its retention is over"},
                      .if_match = of.last,
                      .reply = make_answer([answer](const reply& r) {
                        answer->set_value(
                          std::holds_alternative<pawl::actors::answer>(r));
                      })});
  if (!done.get())
    return std::nullopt; // Somebody has opened it again: next time.
  const auto now = ctx_.store.read_head(key);
  if (!now || !ended(now->status) || !now->ended)
    return std::nullopt;
  return storage::ended_instance{key, *now->ended};
}

bool sweeper::purge(const std::vector<storage::ended_instance>& some,
                    sweep_report& so_far) {
  std::uint64_t bytes = 0;
  for (const auto& one : some)
    if (const auto size = ctx_.store.measure(one.key, rows_measured_max))
      bytes += size->bytes;
  const auto now = clock::now();
  const storage::purge_terms terms{now,
                                   now + ctx_.options.retention.tombstones};
  const auto gone
    = ask_writer<std::size_t>(ctx_, [some, terms](storage::store& s) {
        return s.remove_ended(some, terms);
      });
  if (!gone)
    return false;
  for (const auto& one : some)
    ctx_.programs.stop_detached(one.key);
  so_far.purged += *gone;
  so_far.bytes += bytes;
  ctx_.measured.purged(*gone, bytes);
  return !stopping_;
}

/// By whole days: each time leaves a record, which is to be seldom.
void sweeper::prune_audit() {
  const auto keep = ctx_.options.retention.audit;
  if (keep <= duration{})
    return;
  const auto now = clock::now();
  const timestamp until{std::chrono::floor<std::chrono::days>(now - keep)};
  const storage::audit_entry note{
    .at = now, .who = "pawld", .action = "pruneAudit", .status = 200};
  std::uint64_t all = 0;
  for (auto gone = records_at_once; gone == records_at_once && !stopping_;) {
    const auto some
      = ask_writer<std::uint64_t>(ctx_, [until, note](storage::store& s) {
          auto pruned = s.prune_audit(until, records_at_once, note);
          if (!pruned)
            log::error("audit.not_pruned", {{"detail", pruned.error().detail}});
          return pruned;
        });
    gone = some.value_or(0);
    all += gone;
  }
  if (all != 0)
    log::info("audit.pruned", {{"records", all}});
}

void sweeper::reclaim() {
  const auto before = ctx_.store.table_bytes();
  const auto done = ctx_.store.reclaim();
  unreclaimed_ = 0;
  log::info("retention.reclaimed", {{"table_bytes_before", before},
                                    {"table_bytes", ctx_.store.table_bytes()},
                                    {"complete", done.has_value()}});
}

} // namespace pawl::actors
