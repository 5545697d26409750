#pragma once

#include "actors/context.hpp"
#include "actors/gateway.hpp"

namespace pawl::actors {

/// Fills the control plane's door in. `ctx` and its actors must outlive every
/// call of it; after them every answer still under way has been given.
[[nodiscard]] gateway make_gateway(context& ctx);

} // namespace pawl::actors
