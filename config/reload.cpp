#include "config/reload.hpp"

#include <cassert>

namespace pawl::config {

reload_outcome reload(const options& running, const options& fresh) {
  reload_outcome out{.chosen = running, .changed = {}, .waiting = {}};
  for (const auto& each : catalogue()) {
    const auto wanted = value_text(each, fresh);
    if (wanted == value_text(each, running))
      continue;
    (each.reloadable ? out.changed : out.waiting).emplace_back(each.key);
    if (!each.reloadable)
      continue;
    [[maybe_unused]] const auto done = set_value(each, out.chosen, wanted);
    assert(done); // What was printed reads back; tests/config/options.cpp.
  }
  return out;
}

} // namespace pawl::config
