#pragma once

#include <string>

namespace pawl::daemon {

/// Whether only this machine reaches a listener at `place`.
[[nodiscard]] bool is_local(const std::string& place);

} // namespace pawl::daemon
