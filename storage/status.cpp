#include "storage/status.hpp"

#include <rocksdb/status.h>

#include <string>

namespace pawl::storage {

namespace {

errc code_of(const rocksdb::Status& s) {
  if (s.IsNoSpace())
    return errc::disk_low;
  if (s.IsCorruption())
    return errc::corrupt;
  // RocksDB says these of stored bytes that it cannot make sense of.
  if (s.IsNotSupported() || s.IsInvalidArgument())
    return errc::corrupt;
  return errc::io;
}

} // namespace

error to_error(const rocksdb::Status& s, std::string_view doing) {
  return {code_of(s), std::string{doing} + ": " + s.ToString()};
}

} // namespace pawl::storage
