#pragma once

#include "base/result.hpp"
#include "cli/output.hpp"
#include "trial/world.hpp"

#include <string>

/// What was tried without a daemon, for a person.
namespace pawl::cli {

/// The way that an instance went, one line a task or remark, indented by how
/// deep the task stands.
[[nodiscard]] table path_table(const trial::ending& came);

/// Every fault of `why` as `file:line:column: pointer: detail`, one a line; its
/// sentence if it has none.
[[nodiscard]] std::string faults_text(const error& why,
                                      const std::string& file);

/// "PT1M30S".
[[nodiscard]] std::string span_text(duration span);

} // namespace pawl::cli
