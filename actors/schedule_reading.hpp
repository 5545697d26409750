#pragma once

#include "storage/store.hpp"
#include "workflow/evaluator.hpp"
#include "workflow/machine.hpp"
#include "workflow/schedule.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace pawl::actors {

/// A schedule on its way through one page of arrived events: which instances
/// they make, and the state behind them. For one thread.
class schedule_reading {
public:
  /// `of` must outlive it.
  schedule_reading(const definition& of, const machine_limits& limits)
      : values_{of, nobody_, limits.step_budget, limits.payload_max} {}
  schedule_reading(const schedule_reading&) = delete;
  schedule_reading& operator=(const schedule_reading&) = delete;

  /// Begins with `page`, which is not empty, behind the state `from`.
  void begin(const schedule_state& from,
             std::vector<storage::arrived_event> page);
  /// Reads on, until the page is through or, if there may be only one, until
  /// the first run. What it returns has to be evaluated first: then resume().
  [[nodiscard]] std::optional<evaluation> read(const timetable& by,
                                               bool only_one);
  void resume(result<std::vector<json::value>> values) {
    values_.resume_step(std::move(values));
  }

  // What came of it, once read() returns nothing.
  schedule_state after;
  std::vector<planned_run> runs;
  bool changed = false; ///< `after` differs by more than its position.

private:
  instance_state nobody_; ///< There is no instance yet.
  evaluator values_;
  std::deque<storage::arrived_event> unread_;
};

} // namespace pawl::actors
