#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using t = options::retention_options;
using b = options::backup_options;
using k = options::bulk_options;
constexpr option keeping[] = {
  {.key = "retention.idempotency_for",
   .is = unit::time,
   .min = 1 * minute,
   .max = 365 * day,
   .help = "How long the answer to an Idempotency-Key is kept.",
   .at = at<&o::retention, &t::idempotency_for>},
  {.key = "retention.sweep_every",
   .is = unit::time,
   .min = 100,
   .max = 1 * day,
   .help = "How often what has expired is removed: kept answers, events, "
           "tombstones.",
   .at = at<&o::retention, &t::sweep_every>},
  {.key = "retention.sweep_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000'000,
   .help = "Rows that one sweep removes, so that it stays short.",
   .at = at<&o::retention, &t::sweep_max>},
  {.key = "retention.completed",
   .is = unit::time,
   .max = 36'500 * day,
   .help = "How long instances are kept after they completed. 0ms: for ever. "
           "A definition may say otherwise in its metadata.retention.",
   .at = at<&o::retention, &t::completed>},
  {.key = "retention.faulted",
   .is = unit::time,
   .max = 36'500 * day,
   .help = "The same of instances that faulted; until then they can be "
           "retried. 0ms: for ever.",
   .at = at<&o::retention, &t::faulted>},
  {.key = "retention.cancelled",
   .is = unit::time,
   .max = 36'500 * day,
   .help = "The same of instances that were cancelled. 0ms: for ever.",
   .at = at<&o::retention, &t::cancelled>},
  {.key = "retention.namespaces",
   .is = unit::list,
   .help = "Other times for single namespaces: NAMESPACE=TIME for all three, "
           "NAMESPACE/STATUS=TIME for one, as in billing=400d, "
           "scratch/completed=1h, legal=forever.",
   .at = at<&o::retention, &t::namespaces>},
  {.key = "retention.purge_every",
   .is = unit::time,
   .min = 100,
   .max = 30 * day,
   .help = "How often all instances are looked at for those that are to go.",
   .at = at<&o::retention, &t::purge_every>},
  {.key = "retention.tombstones",
   .is = unit::time,
   .max = 3650 * day,
   .help = "How long the id of a purged instance is answered with 410 rather "
           "than 404.",
   .at = at<&o::retention, &t::tombstones>},
  {.key = "retention.audit",
   .is = unit::time,
   .max = 36'500 * day,
   .help = "How long records of the audit log are kept, by whole days (UTC); "
           "that some went is a record itself. 0ms: for ever.",
   .at = at<&o::retention, &t::audit>},
  {.key = "backup.directory",
   .is = unit::text,
   .help = "Where backups go, outside of data_dir and better on another disk; "
           "for one daemon alone. Empty: none are taken.",
   .at = at<&o::backup, &b::directory>},
  {.key = "backup.every",
   .is = unit::time,
   .max = 365 * day,
   .help = "How often one is taken. 0ms: by hand only.",
   .at = at<&o::backup, &b::every>},
  {.key = "backup.keep",
   .is = unit::count,
   .min = 1,
   .max = 100'000,
   .help = "How many of the newest stay; older ones are removed when another "
           "is complete.",
   .at = at<&o::backup, &b::keep>},
  {.key = "bulk.active_max",
   .is = unit::count,
   .min = 1,
   .max = 100,
   .help = "Bulk operations under way, running or paused; more are refused.",
   .at = at<&o::bulk, &k::active_max>},
  {.key = "bulk.concurrency",
   .is = unit::count,
   .min = 1,
   .max = 1000,
   .help = "Instances that one of them asks at a time.",
   .at = at<&o::bulk, &k::concurrency>},
  {.key = "bulk.rate",
   .is = unit::count,
   .min = 1,
   .max = 1000,
   .help = "Instances a second where an order names no ratePerSecond.",
   .at = at<&o::bulk, &k::rate>},
  {.key = "bulk.items_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000'000,
   .help
   = "Instances of one operation, each of which has a line in its report. "
     "It ends there, and says that it is not complete.",
   .at = at<&o::bulk, &k::items_max>},
  {.key = "bulk.kept_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000,
   .help = "Operations that have ended and are kept with their reports; the "
           "oldest go first.",
   .at = at<&o::bulk, &k::kept_max>},
};

} // namespace

std::span<const option> catalogue_of_keeping() {
  return keeping;
}

} // namespace pawl::config
