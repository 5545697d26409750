#include "workflow/planner.hpp"

namespace pawl {

void begin_task(planner& p, const entry& e, const tasks::wait& what) {
  auto length = p.values().evaluate(what.length, *e.input, p.seen_from(e));
  if (!length) {
    (void)p.start(e, false);
    return p.fail(e, length.error());
  }
  const auto due = add(p.now(), *length);
  if (due <= p.now()) {
    (void)p.start(e, false);
    return p.finish(e, e.input);
  }
  if (p.start(e, true))
    p.arm(e.id, timer_purpose::wait, due);
}

} // namespace pawl
