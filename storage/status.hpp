#pragma once

#include "base/result.hpp"

#include <string_view>

namespace rocksdb {
class Status;
} // namespace rocksdb

namespace pawl::storage {

/// What RocksDB answered, as our error: the only place that decides which code
/// a status is. `doing` begins the sentence: "opening the store".
/// The status must not be ok.
[[nodiscard]] error to_error(const rocksdb::Status& s, std::string_view doing);

} // namespace pawl::storage
