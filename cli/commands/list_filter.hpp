#pragma once

#include "cli/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pawl::cli::commands {

/// Which instances a command is about; "" for all.
struct list_filter {
  std::string workflow = {}; ///< [NS/]NAME[@VER]
  std::string status = {};
  std::string state = {};
  std::string started_after = {};
  std::string started_before = {};
  std::vector<std::string> labels = {}; ///< KEY=VALUE
  std::vector<std::string> index = {};  ///< NAME=VALUE
  bool quarantined = false;
};

/// Adds the options of a filter to a command.
void add_list_filter(CLI::App& to, list_filter& filter);

/// The path and query of their list, `limit` a page. Fails with usage.
[[nodiscard]] outcome<std::string>
list_target(const session& s, const list_filter& filter, std::uint32_t limit);

} // namespace pawl::cli::commands
