#pragma once

#include "storage/store.hpp"

#include <string_view>

namespace pawl::storage {

/// Adds the row by which the content of a definition that is no longer named,
/// or no longer pinned, is looked at again by the garbage collection.
void expire_content(row_list& rows, std::string_view digest, timestamp now);

/// Whether the content is named by a version or pinned by an instance.
[[nodiscard]] result<bool> is_needed(const database& db,
                                     std::string_view digest);

} // namespace pawl::storage
