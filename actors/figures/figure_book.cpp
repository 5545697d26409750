#include "actors/figures/figure_book.hpp"

#include "actors/figures/figure_view.hpp"
#include "actors/figures/series.hpp"

#include <array>
#include <mutex>
#include <utility>

namespace pawl::actors {

struct figure_book::state {
  explicit state(const config::options::metrics_options& how)
      : window{how.window}, shown{how} {}

  /// The span under way at `now`. Spans begin at times that nobody's doing
  /// changes, since everybody may read them.
  figure_span& now_at(timestamp now) {
    const auto spans = (now - current.begun) / window;
    if (spans <= 0)
      return current;
    const auto begun = current.begun + spans * window;
    former = std::exchange(current, {});
    current.begun = begun;
    if (spans > 1) { // Nothing was in the one before.
      former = figure_span{};
      former->begun = begun - window;
    }
    return current;
  }

  const duration window;
  std::mutex lock;
  series shown;
  figure_span current = [] {
    figure_span first;
    first.begun = clock::now();
    return first;
  }();
  std::optional<figure_span> former;
  figure_span past; ///< Of former lives.
  census_ptr last;
};

figure_book::figure_book(const config::options::metrics_options& how)
    : state_{std::make_unique<state>(how)} {}

figure_book::~figure_book() = default;

void figure_book::saw(const turn_figures& turn, timestamp now) {
  const std::lock_guard hold{state_->lock};
  state_->shown.saw(turn);
  state_->now_at(now).add(turn);
}

void figure_book::published(std::size_t events) {
  const std::lock_guard hold{state_->lock};
  state_->shown.published(events);
  state_->current.published += events;
}

void figure_book::called(std::string_view uri, std::uint32_t status) {
  const std::lock_guard hold{state_->lock};
  state_->shown.called(uri, status);
}

void figure_book::learned(const turn_figures& past) {
  const std::lock_guard hold{state_->lock};
  state_->past.add(past);
}

void figure_book::counted(census_ptr all) {
  const std::lock_guard hold{state_->lock};
  state_->last = std::move(all);
}

std::map<std::string, duration>
figure_book::usual(const workflow_name& workflow,
                   const std::vector<std::string>& wanted) const {
  std::map<std::string, duration> out;
  const std::lock_guard hold{state_->lock};
  // What is going on now tells more than what was before.
  const std::array<const figure_span*, 3> newest_first{
    &state_->current, state_->former ? &*state_->former : nullptr,
    &state_->past};
  for (const auto* span : newest_first) {
    if (span == nullptr)
      continue;
    const auto found = span->workflows.find(workflow);
    if (found == span->workflows.end())
      continue;
    for (const auto& pointer : wanted)
      if (const auto task = found->second.tasks.find(pointer);
          task != found->second.tasks.end())
        if (const auto half = task->second.duration.quantile(0.5))
          out.emplace(pointer, *half);
  }
  return out;
}

json::object figure_book::view(const filter& of, timestamp now) const {
  figure_span all;
  census_ptr counted;
  {
    const std::lock_guard hold{state_->lock};
    all.begun = state_->now_at(now).begun;
    if (state_->former)
      all.add(*state_->former, of.shows);
    all.add(state_->current, of.shows);
    counted = state_->last;
  }
  return stats_of(all, counted.get(), of, now);
}

std::string figure_book::metrics(std::size_t hot, timestamp now) const {
  const std::lock_guard hold{state_->lock};
  return state_->shown.text(state_->last.get(), hot, now);
}

} // namespace pawl::actors
