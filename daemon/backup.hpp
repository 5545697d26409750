#pragma once

#include <string>
#include <vector>

namespace pawl::daemon {

/// `pawld backup ls|verify|restore`, without a running daemon:
///
///     ls DIR
///     verify DIR [--name N]                  one backup, or all
///     restore DIR [--name N] --to DATA_DIR   one, or the newest
///
/// `arguments` are those after "backup". Returns the exit code: 0, 64, 74, 75,
/// or 78 if something is damaged.
int backup(const std::vector<std::string>& arguments);

} // namespace pawl::daemon
