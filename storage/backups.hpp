#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
class BackupEngine;
class BackupEngineReadOnly;
class Env;
} // namespace rocksdb

namespace pawl::storage {

class store;

/// One backup, as its directory tells of it.
struct backup_info {
  std::uint32_t number = 0; ///< Counts up; also its name.
  timestamp taken;          ///< What was acknowledged before this is in it.
  std::uint64_t bytes = 0;  ///< Some of it may be shared with other backups.
  std::uint32_t files = 0;
  std::string program = {}; ///< The version of pawld that took it.
  bool damaged = false; ///< Its list of files cannot be read, or files miss.
  bool operator==(const backup_info&) const = default;
};

/// A directory of backups of one store (docs/format/backup.md). Tables that
/// several backups hold lie there once. A backup that was cut short is not seen
/// by anybody, and its files go with the next one.
///
/// Thread safety: all functions may be called from any thread; those that write
/// wait for each other. Nobody else may write to the directory meanwhile.
class backups {
public:
  /// For create() and prune(); makes the directory. `base` is for tests.
  /// Fails with errc::io, errc::disk_low, errc::corrupt.
  static result<std::unique_ptr<backups>>
  open(const std::filesystem::path& directory, rocksdb::Env* base = nullptr);
  /// For reading; nothing is written to the directory. Fails with
  /// errc::not_found if it is none of backups.
  static result<std::unique_ptr<backups>>
  open_to_read(const std::filesystem::path& directory,
               rocksdb::Env* base = nullptr);
  ~backups();
  backups(const backups&) = delete;
  backups& operator=(const backups&) = delete;

  /// Takes one while `of` is being written to. All that was committed before
  /// the call is in it. Durable on return.
  ///
  /// Fails with errc::disk_low or errc::io (the directory), errc::corrupt,
  /// errc::shutting_down (stop() was called). Backups that were there before
  /// stay good.
  result<backup_info> create(const store& of, timestamp now,
                             const std::string& program);
  /// Removes all but the newest `keep`, at least one. Fails with errc::io.
  result<> prune(std::uint32_t keep);
  /// Makes create() end soon, now or when it is called.
  void stop();

  /// Oldest first. The damaged ones are among them.
  [[nodiscard]] std::vector<backup_info> list() const;
  /// Fails with errc::not_found.
  [[nodiscard]] result<backup_info> find(std::uint32_t number) const;
  /// Compares all files with their checksums, and then all that the store
  /// within holds, as verify() does: numbers, chains, heads, indexes. Returns
  /// one sentence a fault.
  ///
  /// Fails with errc::not_found, errc::io.
  [[nodiscard]] result<std::vector<std::string>>
  verify(std::uint32_t number) const;
  /// Writes the store of that backup into `target`, which must not exist, and
  /// compares checksums on the way. Durable on return; after a failure `target`
  /// is not to be used.
  ///
  /// Fails with errc::not_found, errc::already_exists, errc::corrupt,
  /// errc::disk_low, errc::io.
  [[nodiscard]] result<> restore(std::uint32_t number,
                                 const std::filesystem::path& target) const;

private:
  struct engines;
  backups(std::unique_ptr<engines> opened, std::filesystem::path directory);

  std::unique_ptr<engines> engines_;
  std::filesystem::path directory_;
};

} // namespace pawl::storage
