#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using q = options::queues_options;
constexpr option queues[] = {
  {.key = "queues.lease",
   .is = unit::time,
   .min = 1 * second,
   .max = 1 * day,
   .help = "How long a job is given to a worker where neither it nor the "
           "definition says.",
   .at = at<&o::queues, &q::lease>},
  {.key = "queues.lease_max",
   .is = unit::time,
   .min = 1 * second,
   .max = 30 * day,
   .help = "The longest lease that a worker may ask for.",
   .at = at<&o::queues, &q::lease_max>},
  {.key = "queues.unserved_after",
   .is = unit::time,
   .min = 1 * second,
   .max = 30 * day,
   .help = "How long jobs wait without any worker asking for work before a "
           "queue counts as unserved.",
   .at = at<&o::queues, &q::unserved_after>},
  {.key = "queues.checkpoint_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 8 * mib,
   .help = "Size of a checkpoint that a worker leaves.",
   .at = at<&o::queues, &q::checkpoint_max>},
};

} // namespace

std::span<const option> catalogue_of_queues() {
  return queues;
}

} // namespace pawl::config
