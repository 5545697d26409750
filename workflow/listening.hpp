#pragma once

#include "workflow/evaluator.hpp"

#include <optional>
#include <string_view>
#include <vector>

/// Which events a `listen` or a schedule takes.
namespace pawl {

/// Whether `filter` takes `arrived`. `known` is what the correlation keys must
/// be; a key without an `expect` that is not in it yet is added.
or_raised<bool> takes(evaluator& values, const event_filter& filter,
                      const json::value& arrived, const vantage& at,
                      json::object& known);

/// How an event fits a strategy.
struct event_match {
  /// Counted from 1 over the filters of the strategy and then those of its
  /// `until`; 0 for an `any` without filters.
  std::uint32_t filter = 0;
  bool ends = false; ///< It belongs to `until`, and is not put out.
  datum correlation; ///< What the keys must be from now on; null pointer:
                     ///< unchanged.
};

/// What came before the event that is looked at.
struct matched_before {
  /// The filters that have had their event: with `all`, each takes one only.
  const std::vector<std::uint32_t>& filters;
  const datum& correlation;
};

/// How `arrived` fits, if it does.
or_raised<std::optional<event_match>> match_event(evaluator& values,
                                                  const event_strategy& by,
                                                  const matched_before& before,
                                                  const json::value& arrived,
                                                  const vantage& at);

/// Whether no constant of `by` rules `arrived` out: it may take the event, now
/// or with other data.
[[nodiscard]] bool may_take(const event_strategy& by,
                            const json::value& arrived);

/// Whether a strategy has all that it wants, with `gathered` put out so far
/// (an array); `at` is for the `until` expression, which sees `gathered`.
or_raised<bool> is_over(evaluator& values, const event_strategy& by,
                        const std::vector<std::uint32_t>& matched,
                        const json::value& gathered, const vantage& at);

/// `arrived` as `read` puts it out.
[[nodiscard]] datum read_event(read_kind read, const datum& arrived);

/// Whether a constant of a filter is a regular expression to more than its own
/// text.
[[nodiscard]] bool is_pattern(std::string_view text);

/// Names an event for the detection of duplicates.
[[nodiscard]] std::uint64_t event_hash(const json::value& arrived);

/// Calls `f` for each filter, those of `until` behind the others.
template <class F>
void for_each_filter(const event_strategy& by, F&& f) {
  for (const auto& filter : by.filters)
    f(filter);
  if (by.until_events)
    for (const auto& filter : by.until_events->filters)
      f(filter);
}

} // namespace pawl
