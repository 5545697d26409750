#pragma once

#include "storage/store.hpp"

namespace pawl::storage {

/// Adds to `rows` what turns the index rows of `before` into those of `after`;
/// a null pointer for an instance that does not exist.
void change_indexes(row_list& rows, const instance_key& key, const head* before,
                    const head* after);

/// All index rows of an instance with this head, by their keys.
[[nodiscard]] std::vector<std::string> index_rows(const instance_key& key,
                                                  const head& of);

} // namespace pawl::storage
