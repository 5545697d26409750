#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace rocksdb {
class Env;
} // namespace rocksdb

namespace pawl::storage {

/// Reads one write-ahead log of RocksDB as bytes, block by block, without
/// RocksDB: its reader is not public, and its recovery cannot tell a torn tail
/// from damage to what was acknowledged (docs/format/wal.md).
///
/// A group is what one commit wrote: one logical record, in one or more
/// fragments. Groups are written and synced one after the other, so if a group
/// begins behind a bad place, what was at the bad place had been acknowledged.
class wal_scanner {
public:
  static constexpr std::size_t block_size = 32768;

  /// What was found in the file so far.
  struct findings {
    std::uint64_t groups = 0;   ///< Complete ones before the first bad place.
    std::uint64_t good_end = 0; ///< Where the last of them ends.
    std::uint64_t size = 0;     ///< Bytes seen.
    std::optional<std::uint64_t> bad_at;        ///< The first bad place.
    std::string why;                            ///< What is bad about it.
    std::optional<std::uint64_t> next_group_at; ///< The first behind it.
    std::uint64_t first_sequence = 0; ///< Of the first group; 0 if none.
    std::uint64_t next_sequence = 0;  ///< Behind the last good group.
  };

  /// For the log with number `number`.
  explicit wal_scanner(std::uint64_t number) : number_{number} {}

  /// Takes the next block: `block_size` bytes, fewer only at the end.
  void take(std::string_view block);
  /// Ends the file.
  findings finish();

private:
  struct fragment;
  [[nodiscard]] fragment read(std::string_view rest) const;
  void walk(std::string_view block);
  bool accept(const fragment& what, std::uint64_t at);
  void end_group(std::uint64_t end);
  void spoil(std::uint64_t at, std::string why);
  void search(std::string_view block, std::size_t from, bool every_byte);
  [[nodiscard]] bool starts_group(const fragment& what) const;

  std::uint64_t number_;
  findings found_;
  bool in_group_ = false;
  bool ended_ = false; ///< What follows is left over from an older log.
  std::optional<std::uint64_t> zeros_at_;
  std::uint64_t group_at_ = 0;
  std::string group_head_; ///< The first 12 bytes: sequence and count.
};

/// What the logs of a directory say together.
struct wal_verdict {
  enum class kind : std::uint8_t {
    intact,
    torn,   ///< The very last group is incomplete; nothing follows it.
    damaged ///< Something that was acknowledged cannot be read.
  };
  kind what = kind::intact;
  std::string file;             ///< The name of the log that it is about.
  std::uint64_t good_end = 0;   ///< All before this offset is good.
  std::uint64_t offset = 0;     ///< The bad place.
  std::uint64_t tail_bytes = 0; ///< From good_end to the end of the file.
  std::uint64_t lost_bytes = 0; ///< tail_bytes, and all later logs.
  std::string why;
};

/// Scans all logs of `directory` in order. Fails with errc::io.
[[nodiscard]] result<wal_verdict>
scan_logs(rocksdb::Env& env, const std::filesystem::path& directory);

/// Cuts the log `name` to its first `size` bytes, durably.
[[nodiscard]] result<> cut_log(rocksdb::Env& env,
                               const std::filesystem::path& directory,
                               const std::string& name, std::uint64_t size);

} // namespace pawl::storage
