#include "actors/figures/census_taker.hpp"

#include "actors/context.hpp"
#include "actors/figures/past_lessons.hpp"
#include "base/log.hpp"
#include "workflow/schedule.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace pawl::actors {

namespace {

constexpr std::size_t heads_at_once = 256;
constexpr std::size_t schedules_at_once = 100;
/// Noted in one write.
constexpr std::size_t measured_at_once = 64;
/// It rests so many times as long as it works.
constexpr int rest_factor = 49;

bool count_schedules(const storage::store& in, census& into) {
  std::optional<storage::stored_schedule> after;
  while (true) {
    auto page = in.list_schedules(after, schedules_at_once);
    if (!page)
      return false;
    for (const auto& row : *page) {
      const auto kept = decode_schedule(row.state);
      if (!kept)
        return false;
      // Without a rule the highest version has no schedule any more.
      if (!kept->rule.empty())
        ++(kept->paused ? into.schedules_paused : into.schedules_active);
    }
    if (page->size() < schedules_at_once)
      return true;
    after = page->back();
  }
}

bool count_quarantined(const storage::store& in, census& into) {
  storage::list_query query;
  query.quarantined = true;
  query.limit = 1000;
  do {
    auto page = in.list(query);
    if (!page)
      return false;
    into.quarantined += page->items.size();
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  return true;
}

/// Has noted what was found of instances that an older program has written.
void note_sizes(context& ctx, std::vector<storage::measured_instance> found) {
  if (found.empty() || !ctx.writer.open())
    return;
  caf::anon_send(ctx.writer.get(), write_job{[found = std::move(found)](
                                               storage::store& s) -> result<> {
                   const auto put = s.put_sizes(found);
                   if (!put)
                     return put.error();
                   log::info("census.measured", {{"instances", *put}});
                   return {};
                 }});
}

} // namespace

census_taker::census_taker(context& ctx, bool by_itself) : ctx_{ctx} {
  if (by_itself)
    thread_ = std::thread{[this] { run(); }};
}

census_taker::~census_taker() {
  stop();
}

void census_taker::stop() {
  {
    const std::lock_guard hold{lock_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

bool census_taker::is_stopping() {
  const std::lock_guard hold{lock_};
  return stopping_;
}

void census_taker::run() {
  learn_from_histories(ctx_.store, ctx_.figures,
                       [this] { return is_stopping(); });
  std::unique_lock hold{lock_};
  while (!stopping_) {
    hold.unlock();
    const auto done = take();
    const auto rest = done ? done->took * rest_factor : duration{};
    hold.lock();
    wake_.wait_for(hold, std::max(ctx_.options.metrics.census_every, rest),
                   [this] { return stopping_; });
  }
}

census_ptr census_taker::take() {
  const auto begun = std::chrono::steady_clock::now();
  const auto now = clock::now();
  auto counted = std::make_shared<census>();
  std::optional<instance_key> after;
  std::vector<storage::measured_instance> measured;
  bool good = true;
  do {
    auto next = ctx_.store.visit_heads(
      after, heads_at_once, [&](const instance_key& key, storage::head&& one) {
        counted->add(one, now);
        if (one.sizes)
          return;
        if (const auto takes = ctx_.store.measure_sizes(key, one))
          measured.push_back({key, one.last, *takes});
        if (measured.size() == measured_at_once)
          note_sizes(ctx_, std::exchange(measured, {}));
      });
    good = next.has_value();
    after = next ? *next : std::nullopt;
  } while (after && !is_stopping());
  note_sizes(ctx_, std::move(measured));
  good = good && count_schedules(ctx_.store, *counted)
         && count_quarantined(ctx_.store, *counted);
  if (!good)
    log::error("census.unreadable", {});
  if (!good || is_stopping())
    return nullptr;
  counted->at = clock::now();
  counted->took = std::chrono::duration_cast<duration>(
    std::chrono::steady_clock::now() - begun);
  ctx_.figures.counted(counted);
  return counted;
}

} // namespace pawl::actors
