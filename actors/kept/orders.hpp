#pragma once

#include "actors/orders.hpp"

namespace pawl::actors {

/// Things that operators keep by a name. All have the same life: they are put,
/// read, listed and removed; what they mean is their keeper's.
enum class kept_kind : std::uint8_t {
  limit,
  subscription,
  flag,
  injected_fault
};
inline constexpr std::size_t kept_kind_count = 4;

/// One of them. `ns` is the namespace that it is for; "" for the whole daemon,
/// which is an admin's.
struct kept_ref {
  kept_kind kind = kept_kind::limit;
  std::string ns = {};
  std::string name = {};
  bool rules = false; ///< Who asks is an admin.
  mandate_ptr by = {};
  /// Of a subscription: one of its dead messages is meant; "" for itself.
  std::string message = {};
};
/// Stores it, in place of a former one.
struct put_kept {
  kept_ref which = {};
  json::value body = {};
  std::optional<idempotency> once = {};
};
/// Its test, or its dead messages once more.
struct act_on_subscription {
  kept_ref which = {};
  std::vector<std::string> messages = {}; ///< Ids of dead ones; none: all.
  std::optional<idempotency> once = {};
};
struct list_kept {
  kept_kind kind = kept_kind::limit;
  std::optional<std::string> ns = {}; ///< Absent for all.
  std::uint32_t limit = 100;
  std::string cursor = {};
  mandate_ptr by = {};
  /// Of subscriptions: the dead messages of this one, which is in `ns`, are
  /// meant; "" for themselves.
  std::string dead_of = {};
};

} // namespace pawl::actors
