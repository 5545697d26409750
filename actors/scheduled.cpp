#include "actors/scheduled.hpp"

#include "actors/context.hpp"

namespace pawl::actors {

bool is_lack(errc why) {
  switch (why) {
  case errc::overloaded:
  case errc::shutting_down:
  case errc::disk_low:
  case errc::timed_out:
  case errc::conflict:
  case errc::io:
    return true;
  default:
    return false;
  }
}

bool sheds_starts(const context& ctx) {
  const auto& o = ctx.options;
  return shed(lane::start,
              {.queued_bytes = ctx.journal.queued_bytes(),
               .overdue = ctx.journal.overdue(journal_gauge::steady::now()),
               .free_bytes = ctx.store.free_bytes(),
               .hot = ctx.hot,
               .draining = ctx.draining},
              {.queue_bytes_max = o.journal.queue_bytes_max,
               .shed_after = o.journal.shed_after,
               .disk_low = o.storage.disk_low,
               .disk_critical = o.storage.disk_critical,
               .hot_max = o.instances.hot_max})
    .has_value();
}

} // namespace pawl::actors
