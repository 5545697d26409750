#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::storage {

/// A line of the report of a bulk operation (actors/bulk/bulk.hpp).
struct stored_bulk_item {
  std::uint64_t number = 0; ///< From 1, in the order in which it walks.
  std::string state;        ///< Bytes; only their reader knows what they mean.
  bool operator==(const stored_bulk_item&) const = default;
};

/// In meta: "bulk-item/", id, "/", number.
[[nodiscard]] std::string bulk_item_key(std::string_view id,
                                        std::uint64_t number);
/// What the items of all operations begin with.
[[nodiscard]] std::string bulk_item_prefix();

// Decoders take the row's key for their complaint, and fail with errc::corrupt.

[[nodiscard]] std::string encode_bulk_item(const stored_bulk_item& what);
[[nodiscard]] result<stored_bulk_item> decode_bulk_item(std::string_view key,
                                                        std::string_view value);

} // namespace pawl::storage
