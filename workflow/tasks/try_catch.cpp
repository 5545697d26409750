#include "workflow/planner.hpp"

namespace pawl {

or_raised<std::optional<timestamp>>
attempt_limit(planner& p, const tasks::try_catch& what, const vantage& at) {
  if (!what.retry || !what.retry->attempt_duration)
    return std::optional<timestamp>{};
  auto length
    = p.values().evaluate(*what.retry->attempt_duration, *at.input, at);
  if (!length)
    return length.error();
  return std::optional{add(p.now(), *length)};
}

void begin_task(planner& p, const entry& e, const tasks::try_catch& what) {
  if (!p.start(e, true))
    return;
  auto limit = attempt_limit(p, what, p.seen_from(e));
  if (!limit)
    return p.fail(e, limit.error());
  if (*limit)
    p.arm(e.id, timer_purpose::attempt, **limit);
}

} // namespace pawl
