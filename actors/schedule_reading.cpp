#include "actors/schedule_reading.hpp"

#include "base/log.hpp"

#include <iterator>

namespace pawl::actors {

void schedule_reading::begin(const schedule_state& from,
                             std::vector<storage::arrived_event> page) {
  after = from;
  runs.clear();
  changed = false;
  unread_.assign(std::make_move_iterator(page.begin()),
                 std::make_move_iterator(page.end()));
  values_.begin_turn();
  values_.begin_step(unread_.front().arrived);
}

std::optional<evaluation> schedule_reading::read(const timetable& by,
                                                 bool only_one) {
  while (!unread_.empty() && !(only_one && !runs.empty())) {
    const auto& arrived = unread_.front();
    if (arrived.ns.empty() || arrived.ns == after.ns) {
      std::string failure;
      auto plan = plan_event(by, after,
                             {arrived.number, arrived.arrived, arrived.event},
                             values_, failure);
      if (values_.pending())
        return values_.take_needs();
      if (!failure.empty())
        log::warn("schedule.filter_failed", {{"namespace", after.ns},
                                             {"workflow", after.name},
                                             {"event", arrived.number},
                                             {"detail", failure}});
      changed = changed || plan.changed;
      if (plan.run)
        runs.push_back(std::move(*plan.run));
      after = std::move(plan.after);
    }
    after.position = arrived.number;
    unread_.pop_front();
    if (!unread_.empty())
      values_.begin_step(unread_.front().arrived);
  }
  unread_.clear();
  return std::nullopt;
}

} // namespace pawl::actors
