#pragma once

#include "access/guard.hpp"
#include "actors/bulk/bulk.hpp"
#include "actors/orders.hpp"

/// What may be asked of the control plane about bulk operations.
namespace pawl::actors {

struct create_bulk {
  bulk_order what = {}; ///< Without id, orderer and time.
  bool dry_run = false; ///< Only counts, and shows what would become of some.
  access::caller_ptr who = {}; ///< Null if nobody is asked who he is.
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};
struct bulk_ref {
  std::string id = {};
  mandate_ptr by = {};
};
struct act_on_bulk {
  bulk_ref which = {};
  bulk_verb what = bulk_verb::pause;
  std::string reason = {};
  std::optional<idempotency> once = {};
};
struct list_bulks {
  std::string ns = {}; ///< "" for all.
  std::optional<bulk_status> status = {};
  std::uint32_t limit = 100;
  std::string cursor = {}; ///< The last id of the page before.
  mandate_ptr by = {};
};
struct list_bulk_items {
  bulk_ref which = {};
  std::optional<bulk_outcome> outcome = {};
  std::uint32_t limit = 100;
  std::uint64_t after = 0; ///< A number.
};

} // namespace pawl::actors
