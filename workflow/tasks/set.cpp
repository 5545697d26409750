#include "workflow/planner.hpp"

namespace pawl {

void begin_task(planner& p, const entry& e, const tasks::set& what) {
  auto value = p.values().evaluate(what.value, *e.input, p.seen_from(e));
  (void)p.start(e, false);
  if (!value)
    return p.fail(e, value.error());
  p.finish(e, std::move(*value));
}

} // namespace pawl
