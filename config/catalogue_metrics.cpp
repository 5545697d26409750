#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using m = options::metrics_options;
constexpr option metrics[] = {
  {.key = "metrics.census_every",
   .is = unit::time,
   .min = 100,
   .max = 1 * day,
   .help = "How often all instances are counted by status and by what they "
           "wait for; more seldom where that would take more than 2 % of a "
           "core.",
   .at = at<&o::metrics, &m::census_every>},
  {.key = "metrics.workflows_max",
   .is = unit::count,
   .max = 10'000,
   .help = "How many workflows have series of their own in /metrics; the "
           "others share one.",
   .at = at<&o::metrics, &m::workflows_max>},
  {.key = "metrics.hosts_max",
   .is = unit::count,
   .max = 10'000,
   .help = "How many hosts that steps call have series of their own in "
           "/metrics; the others share one.",
   .at = at<&o::metrics, &m::hosts_max>},
  {.key = "metrics.window",
   .is = unit::time,
   .min = 1 * minute,
   .max = 365 * day,
   .help = "GET /v1/stats covers the last one to two such spans, from the "
           "start of the daemon at the earliest.",
   .at = at<&o::metrics, &m::window>},
};

} // namespace

std::span<const option> catalogue_of_metrics() {
  return metrics;
}

} // namespace pawl::config
