#pragma once

#include <atomic>
#include <memory>

namespace rocksdb {
class Env;
} // namespace rocksdb

namespace pawl::storage {

/// The environment `base` with a watch on its files: as soon as any write or
/// sync fails, `failed` is set. RocksDB tells its callers of most such
/// failures, but passes over some in silence, and a disk that has failed once
/// must not be trusted again. `base` must outlive it.
[[nodiscard]] std::unique_ptr<rocksdb::Env>
watch_files(rocksdb::Env& base, std::shared_ptr<std::atomic<bool>> failed);

} // namespace pawl::storage
