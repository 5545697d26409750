#pragma once

#include "base/result.hpp"
#include "storage/keys.hpp"
#include "storage/rows.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rocksdb {
class ColumnFamilyHandle;
struct ColumnFamilyOptions;
class DB;
class Env;
class FileLock;
class Snapshot;
struct DBOptions;
} // namespace rocksdb

namespace pawl::storage {

struct open_options;
struct recovery_report;

/// RocksDB with our families: rows in, rows out. It knows neither instances
/// nor turns; the parts of `store` are written on it.
///
/// Thread safety: write() and close() are for the writer's thread; the rest is
/// for any.
class database {
public:
  /// As store::open.
  static result<std::unique_ptr<database>> open(const open_options& options,
                                                recovery_report& found);
  /// Opens what lies in `directory` of `env` to read only; nothing is written,
  /// and what its logs hold is read as well. `keeps` lives as long as it.
  /// Fails with errc::corrupt, errc::io.
  static result<std::unique_ptr<database>>
  open_to_read(rocksdb::Env& env, const std::filesystem::path& directory,
               std::shared_ptr<void> keeps);
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// All reads at one read_point see the same state.
  class read_point {
  public:
    explicit read_point(const database& db);
    ~read_point();
    read_point(const read_point&) = delete;
    read_point& operator=(const read_point&) = delete;

  private:
    friend class database;
    friend class scan;
    const database& db_;
    const rocksdb::Snapshot* at_;
  };

  /// The value under `key`, if there is one. Fails with errc::corrupt,
  /// errc::io.
  [[nodiscard]] result<std::optional<std::string>>
  get(family where, std::string_view key, const read_point* at = nullptr) const;

  /// Writes all lists in order, as one batch, synced: all rows are there after
  /// a power cut or none. After a failure nothing is known about this batch,
  /// and every later write fails as well, with errc::io.
  [[nodiscard]] result<> write(std::span<const row_list* const> lists);
  [[nodiscard]] result<> write(const row_list& rows);

  /// Flushes, and marks the stop as orderly. Nothing may be called after.
  [[nodiscard]] result<> close();

  /// Whether any write or sync, or a background job of RocksDB, has failed.
  [[nodiscard]] bool failed() const { return *failed_; }
  [[nodiscard]] std::uint64_t free_bytes() const;
  /// Rewrites all tables of `where` so that nothing erased is left in them. Any
  /// thread; writes go on meanwhile. A family that is being closed, or a disk
  /// that refuses, is errc::io.
  [[nodiscard]] result<> compact(family where);
  /// Makes compact() give up; for whoever closes.
  void stop_compacting() { *no_compaction_ = true; }
  /// Bytes of all table files.
  [[nodiscard]] std::uint64_t table_bytes() const;
  /// Reads all table files and compares their checksums.
  [[nodiscard]] result<> verify_checksums() const;

private:
  friend class scan;
  friend class backups;
  database(rocksdb::Env& base, std::filesystem::path directory);
  result<> open_existing_or_new(const open_options& options,
                                recovery_report& found);
  result<> lock();
  /// What becomes of a damaged log.
  enum class on_damage : std::uint8_t {
    refuse,
    stop_there, ///< All that follows the damage is lost.
    skip        ///< What is damaged is lost.
  };
  struct rocksdb_setup {
    std::vector<std::string> families; ///< Those that are there.
    std::uint64_t memory_max = 0;
    bool create = false;    ///< There is no database yet.
    bool read_only = false; ///< All families are there, too.
    on_damage damage = on_damage::refuse;
  };
  result<> open_rocksdb(const rocksdb_setup& setup);
  result<> create_families(std::span<const rocksdb::ColumnFamilyOptions> tuned);
  result<> open_damaged(rocksdb_setup setup, recovery_report& found);
  static rocksdb::DBOptions options_for(const rocksdb_setup& setup);
  result<> admit_format(bool all_families);
  result<> count_boot();
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(family where) const {
    return handles_[static_cast<std::size_t>(where)];
  }
  void release();

  // Shared with what watches RocksDB's files and its threads.
  std::shared_ptr<std::atomic<bool>> failed_
    = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<std::atomic<bool>> no_compaction_
    = std::make_unique<std::atomic<bool>>(false);
  std::shared_ptr<void> keeps_; ///< What env_ rests on.
  std::unique_ptr<rocksdb::Env> env_;
  std::filesystem::path directory_;
  rocksdb::FileLock* lock_ = nullptr;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

/// Walks over the rows of one family in key order.
class scan {
public:
  struct range {
    family where = family::meta;
    std::string from;
    std::string until; ///< The first key not to be seen; "" for no end.
    /// All of it belongs to one instance, so a bloom filter may answer.
    bool one_instance = false;
    /// Nobody will want these rows again soon: they are not to be cached.
    bool once = false;
    bool backwards = false; ///< From the last row before `until` to `from`.
  };
  /// Works on `db` and, if given, `at`, which must outlive it.
  scan(const database& db, range over,
       const database::read_point* at = nullptr);
  ~scan();
  scan(scan&&) noexcept;

  [[nodiscard]] bool valid() const;
  void next();
  /// Moves to the first row at or behind `key`; backwards, at or before it.
  void seek(std::string_view key);
  /// Valid until the next move.
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::string_view value() const;
  /// Why it is not valid: the end, or errc::corrupt, errc::io.
  [[nodiscard]] result<> status() const;

private:
  struct cursor;
  std::unique_ptr<cursor> cursor_;
};

} // namespace pawl::storage
