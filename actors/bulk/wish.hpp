#pragma once

#include "actors/bulk/bulk.hpp"
#include "actors/orders.hpp"

namespace pawl::actors {

/// Why, in the record of each instance: as it was ordered, and by which order.
[[nodiscard]] std::string reason_of(const bulk_order& what);

/// What an order asks of one instance, as if it had been asked of that alone;
/// not of bulk_action::remove. Its `args` were checked when it was ordered.
[[nodiscard]] act_on_instance wish_of(const bulk_order& what,
                                      instance_ref which);

} // namespace pawl::actors
