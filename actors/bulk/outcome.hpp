#pragma once

#include "actors/bulk/bulk.hpp"
#include "actors/orders.hpp"

namespace pawl::actors {

/// Writes into `item` what an instance has said to `what`. An item that was
/// shed, or whose answer did not come, stays pending and is asked again; one
/// that has its outcome keeps it.
void take_reply(bulk_item& item, const reply& said, bulk_action what,
                timestamp now);

} // namespace pawl::actors
