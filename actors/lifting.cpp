#include "actors/lifting.hpp"

#include <caf/send.hpp>

#include <utility>

namespace pawl::actors {

write_job lift_quarantine(const instance_key& key, std::shared_ptr<wish> again,
                          const instance_actor& me) {
  return {[key, again = std::move(again), me](storage::store& s) {
    auto done = s.put_quarantine(key, std::nullopt);
    if (done && again->note)
      done = s.put_audit(*std::exchange(again->note, {}));
    if (done)
      caf::anon_send(me, lifted{again});
    return done;
  }};
}

} // namespace pawl::actors
