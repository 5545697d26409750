#pragma once

#include "access/guard.hpp"

namespace pawl::http {

/// Who is at the other end of the connected socket `descriptor`: an address,
/// or, of a unix socket, the user that the kernel vouches for. A peer that
/// cannot be told is not local.
[[nodiscard]] access::peer peer_of(int descriptor);

} // namespace pawl::http
