#pragma once

#include <string>
#include <vector>

namespace pawl::daemon {

/// Without a name, verify reads all backups, and restore takes the newest.
inline constexpr const char* backup_usage
  = "usage: pawld backup ls DIR\n"
    "       pawld backup verify DIR [--name N]\n"
    "       pawld backup restore DIR [--name N] --to DATA_DIR\n";

/// `pawld backup ls|verify|restore`, without a running daemon. `arguments` are
/// those after "backup". Returns the exit code: 0, 64, 74, 75, or 78 if
/// something is damaged.
int backup(const std::vector<std::string>& arguments);

} // namespace pawl::daemon
