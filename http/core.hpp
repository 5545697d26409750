#pragma once

#include "http/dispatch.hpp"
#include "http/exchange.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace pawl::http {

/// What all connections of a server share. Outlives them.
struct core {
  core(server_options chosen, actors::gateway door, observer watcher)
      : options{std::move(chosen)}, daemon{std::move(door)}, watching{std::move(
                                                               watcher)} {}

  const server_options options;
  const actors::gateway daemon;
  const observer watching;
  const router table{routes()};
  std::vector<std::string> places; ///< As bound; before the first request.
  const service serve{table, daemon, options, &places};
  std::atomic<std::size_t> connections = 0;
  std::atomic<std::size_t> streams = 0;
};

} // namespace pawl::http
