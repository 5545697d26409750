#pragma once

#include "cli/output.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What `pawl top` shows. Pure.
namespace pawl::cli {

/// The samples of a Prometheus text, by name with labels:
/// `pawl_instances_total{status="created"}`. What is no sample is left out.
[[nodiscard]] std::map<std::string, double>
parse_metrics(std::string_view text);

/// What one look at a daemon gave.
struct load_reading {
  timestamp at;
  std::map<std::string, double> metrics; ///< Empty if they may not be seen.
  std::vector<json::value> instances; ///< That have not ended, and the faulted.
  bool complete = true;               ///< These are all of them.
  std::vector<json::value> recent;    ///< The newest, ended or not.
  json::value queues;                 ///< As /v1/queues tells; null if not.
};

/// The state of the daemon as one object: how many instances there are by
/// status and by workflow, what happens a second since `before`, memory and
/// disk, and the queues. Rates are null without metrics in both.
[[nodiscard]] json::object load_of(const load_reading& before,
                                   const load_reading& now);

/// The same as lines for a person.
[[nodiscard]] std::vector<std::string> load_lines(const json::value& load,
                                                  const painter& paint);

} // namespace pawl::cli
