#pragma once

#include "http/handler.hpp"
#include "http/origin.hpp"
#include "http/router.hpp"

namespace pawl::http {

/// What stays the same from request to request.
struct service {
  const router& table;
  const actors::gateway& daemon;
  const server_options& options;
  const std::vector<std::string>* places = nullptr; ///< What it listens on.
};

/// What must be done about a request, and by which route.
struct dispatched {
  const route* by = nullptr; ///< Null: no route was found.
  outcome what;
};

/// Checks `message` against all conventions, finds its route and asks the
/// route's handler. `from` is the other end of the connection. Pure but for
/// `daemon.metrics` and `daemon.unready`, so the conventions are tested without
/// a socket. `where` is the taken-apart target of `message`. An exception of a
/// handler becomes a 500.
[[nodiscard]] dispatched dispatch(const service& serve, const request& message,
                                  const target& where,
                                  const listening_place& at,
                                  const access::peer& from = {});

/// What can be refused before the body of `message` is read, for a client that
/// waits with it (Expect: 100-continue); absent if it may send on.
[[nodiscard]] std::optional<response>
refuse_early(const service& serve, const request& message, const target& where,
             const listening_place& at, const access::peer& from = {});

} // namespace pawl::http
