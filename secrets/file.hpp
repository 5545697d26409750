#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>

namespace pawl::secrets {

/// The bytes of the regular file at `path`, at most `max`. Blocks on the disk.
/// Fails with errc::not_found, errc::too_large, else errc::io; the detail does
/// not name the file.
[[nodiscard]] result<std::string> read_file(const std::string& path,
                                            std::size_t max);

} // namespace pawl::secrets
