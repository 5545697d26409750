#include "workflow/planner.hpp"

#include <stdexcept>

namespace pawl {

void begin_task(planner&, const entry&, const tasks::approval&) {
  throw std::logic_error{"no definition holds an approval yet"};
}

planner::answer planner::vote(const requests::vote&) {
  return not_now("vote");
}

void planner::approval_timer(const frame&, timer_purpose) {
  throw std::logic_error{"no approval waits"};
}

} // namespace pawl
