#include "actors/context.hpp"

namespace pawl::actors {

resource_limits resource_limits_of(const config::options& o) {
  return {.file_roots = o.resources.file_roots,
          .size_max = o.resources.size_max,
          .timeout = o.resources.timeout,
          .fresh_for = o.resources.fresh_for,
          .cache_bytes_max = o.resources.cache_max};
}

machine_limits context::limits() const {
  machine_limits l;
  l.turn_steps_max = options.instances.turn_steps_max;
  l.step_budget.steps = options.expression.steps_max;
  l.retry_delay_max = options.retry.delay_max;
  l.step_budget.bytes = options.expression.bytes_max;
  l.inbox_max = options.instances.events_max;
  l.payload_max = options.instances.payload_max;
  return l;
}

} // namespace pawl::actors
