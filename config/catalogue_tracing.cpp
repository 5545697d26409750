#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using t = options::tracing_options;
constexpr option tracing[] = {
  {.key = "tracing.endpoint",
   .is = unit::text,
   .help = "Where spans of instances and tasks go, as OTLP over HTTP: "
           "http://host:4318/v1/traces. Empty: nowhere.",
   .at = at<&o::tracing, &t::endpoint>},
  {.key = "tracing.headers",
   .is = unit::text,
   .help = "The name of a secret, an object of texts: headers that go with "
           "them.",
   .at = at<&o::tracing, &t::headers>},
  {.key = "tracing.every",
   .is = unit::time,
   .min = 10,
   .max = 1 * hour,
   .help = "How often spans leave.",
   .at = at<&o::tracing, &t::every>},
  {.key = "tracing.queue_max",
   .is = unit::count,
   .min = 1,
   .max = 1'000'000,
   .help = "How many spans may wait to leave; those beyond are dropped, and "
           "counted.",
   .at = at<&o::tracing, &t::queue_max>},
};

} // namespace

std::span<const option> catalogue_of_tracing() {
  return tracing;
}

} // namespace pawl::config
