#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <string>

namespace pawl::storage {

/// A job of a queue that has been given to a worker: how it stands. It is kept
/// until its task is over.
struct stored_lease {
  instance_key key;
  frame_id frame = 0;
  std::uint32_t dispatch = 0;
  std::uint64_t fencing = 0; ///< The number of the lease.
  std::uint64_t last = 0;    ///< Of all leases; not part of the row.
  std::string token;         ///< SHA-256 of it; "" once it was given back.
  std::string worker;
  std::string queue;
  timestamp given;
  timestamp until;
  duration length{};
  std::uint32_t deliveries = 0; ///< Leases, but for those given back.
  std::string checkpoint;       ///< JSON text, "" if there is none.
  bool operator==(const stored_lease&) const = default;
};

/// Rows that are no instance's turn, to be committed with a group, and `note`
/// with them.
[[nodiscard]] prepared_turn loose_rows(row_list rows,
                                       std::optional<audit_entry> note = {});
/// Adds the row of a lease, and what is to be remembered of `last`.
void add_lease(row_list& rows, const stored_lease& what);
void erase_lease(row_list& rows, const instance_key& key, frame_id frame);

} // namespace pawl::storage
