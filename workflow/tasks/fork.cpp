#include "workflow/planner.hpp"

namespace pawl {

void begin_task(planner& p, const entry& e, const tasks::fork&) {
  (void)p.start(e, true);
}

} // namespace pawl
