#pragma once

#include "cli/session.hpp"

#include <cstdint>
#include <string>

namespace pawl::cli::commands {

/// One verb for all instances that a query selects.
struct bulk_wish {
  std::string action;
  std::string query;
  json::object args = {};
  std::string reason = {};
  double rate = 0;         ///< 0: the daemon's.
  std::uint32_t limit = 0; ///< 0: all.
  bool dry_run = false;
  bool detach = false; ///< Do not wait for the end.
};

/// Adds -q and what goes with it to a command.
void add_bulk_options(CLI::App& to, bulk_wish& wish);

/// Orders it, once the one at the terminal agrees, and follows it to its end.
[[nodiscard]] outcome<exit_code> order_bulk(session& s, const bulk_wish& wish);

/// Shows operations as a table.
void show_bulks(session& s, const json::value& data,
                const std::vector<json::value>& which);

} // namespace pawl::cli::commands
