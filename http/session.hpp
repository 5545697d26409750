#pragma once

#include "http/connection.hpp"
#include "http/core.hpp"

namespace pawl::http {

/// Serves the requests of one connection, one after the other, until the
/// client, a deadline or a drain ends it. `in` and `at` must outlive it.
async<void> run_session(core& in, connection& client,
                        const listening_place& at);

/// Tells a client that there are too many already, and hangs up.
async<void> refuse_connection(core& in, connection& client);

} // namespace pawl::http
