#include "workflow/planner.hpp"

namespace pawl {

void begin_task(planner& p, const entry& e, const tasks::switch_on& what) {
  (void)p.start(e, false);
  std::uint32_t number = 0;
  std::uint32_t fallback = 0;
  for (const auto& one : what.cases) {
    ++number;
    if (!one.when) {
      fallback = number;
      continue;
    }
    auto matches = p.values().holds(*one.when, *e.input, p.seen_from(e));
    if (!matches)
      return p.fail(e, matches.error());
    if (*matches)
      return p.finish(e, e.input, number);
  }
  p.finish(e, e.input, fallback);
}

} // namespace pawl
