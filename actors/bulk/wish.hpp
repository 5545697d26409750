#pragma once

#include "actors/bulk/bulk.hpp"
#include "actors/orders.hpp"

namespace pawl::actors {

/// What an order asks of one instance, as if it had been asked of that alone;
/// not of bulk_action::remove. Its `args` were checked when it was ordered.
[[nodiscard]] act_on_instance wish_of(const bulk_order& what,
                                      instance_ref which);

} // namespace pawl::actors
