#pragma once

#include "actors/orders.hpp"

/// What may be asked of schedules.
namespace pawl::actors {

/// A schedule as a client names it: "namespace.name".
struct schedule_ref {
  std::string id = {};
  mandate_ptr by = {};
};
/// A schedule with the next `runs` times that it makes instances.
struct read_schedule {
  schedule_ref which = {};
  std::uint32_t runs = 5;
};
/// What an operator wants of a schedule.
struct act_on_schedule {
  enum class verb : std::uint8_t { pause, resume };
  schedule_ref which = {};
  verb what = verb::pause;
  std::string reason = {};
  std::optional<idempotency> once = {};
};
/// An instance now, whatever the schedule says.
struct trigger_schedule {
  schedule_ref which = {};
  json::value input = {}; ///< Absent input is an empty object.
  std::string reason = {};
  std::optional<idempotency> once = {};
};
/// Instances for the times of the schedule in [from, to) that have none yet.
struct backfill_schedule {
  schedule_ref which = {};
  timestamp from = {};
  timestamp to = {};
  std::uint32_t limit = 1000; ///< If there are more times, none is made up for.
  bool dry_run = false;
  std::string reason = {};
  std::optional<idempotency> once = {};
};
/// All schedules, by namespace and name.
struct list_schedules {
  std::string ns = {}; ///< "" for all.
  std::uint32_t limit = 100;
  std::string cursor = {};
  mandate_ptr by = {};
};

} // namespace pawl::actors
