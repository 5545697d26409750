#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pawl::test {

/// A disk of memory that keeps what a real one keeps when the power goes, and
/// fails when it is told to.
///
/// What was appended but not synced may be lost, torn in the middle of a
/// 4 KiB page, or there with a page of zeros before it. Files that were made,
/// renamed or deleted without a sync of their directory may be as before. A
/// failed sync loses its bytes for good, although a later one succeeds: so do
/// kernels.
///
/// Thread safety: all functions may be called from any thread.
class fault_fs : public rocksdb::FileSystem {
public:
  /// What a path names; its bytes outlive its name.
  struct inode {
    std::string bytes;
    std::size_t synced = 0; ///< So many bytes survive.
    std::vector<std::pair<std::size_t, std::size_t>> lost; ///< From, until.
  };

  // --- What is to go wrong -------------------------------------------------

  /// The power goes at the `n`-th change of the disk from now (1: the next):
  /// from then on everything fails.
  void cut_power_in(std::uint64_t n);
  /// Takes the power away now.
  void cut_power();
  [[nodiscard]] bool is_dead() const;
  /// The disk after the power is back: what was not synced is lost or torn as
  /// `seed` decides. This one stays dead, and must live on as long as a
  /// database of it does.
  [[nodiscard]] std::shared_ptr<fault_fs> after_power_cut(std::uint64_t seed);
  /// The disk after the process was killed: all that was appended is there.
  /// This one is dead from now on.
  [[nodiscard]] std::shared_ptr<fault_fs> after_kill();
  /// The `n`-th sync from now (1: the next) fails with EIO, once.
  void fail_sync_in(std::uint64_t n);
  /// The `n`-th append from now fails with EIO after half of it, once.
  void fail_append_in(std::uint64_t n);
  /// So many bytes can still be appended; then ENOSPC.
  void set_room(std::uint64_t bytes);
  /// The `n`-th time from now that `path` is opened to be read from its
  /// beginning, it reads with one bit at `offset` flipped, and from then on.
  void rot_at_open(const std::string& path, std::uint64_t n,
                   std::size_t offset);
  /// Whether an error was injected since the last call.
  bool take_injected();

  // --- Looking at the disk -------------------------------------------------

  [[nodiscard]] std::vector<std::string> files(const std::string& ending) const;
  [[nodiscard]] std::string read(const std::string& path) const;
  /// Replaces the bytes of a file, durably: damage.
  void write(const std::string& path, std::string bytes);
  void remove(const std::string& path);
  [[nodiscard]] std::uint64_t syncs() const;

  // --- rocksdb::FileSystem ---------------------------------------------------

  [[nodiscard]] const char* Name() const override { return "fault_fs"; }
  rocksdb::IOStatus
  NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                    std::unique_ptr<rocksdb::FSSequentialFile>* out,
                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus
  NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                      std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                      rocksdb::IODebugContext*) override;
  rocksdb::IOStatus
  NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                  std::unique_ptr<rocksdb::FSWritableFile>* out,
                  rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewDirectory(const std::string& path,
                                 const rocksdb::IOOptions&,
                                 std::unique_ptr<rocksdb::FSDirectory>* out,
                                 rocksdb::IODebugContext*) override;
  rocksdb::IOStatus FileExists(const std::string& path,
                               const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetChildren(const std::string& path,
                                const rocksdb::IOOptions&,
                                std::vector<std::string>* out,
                                rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteFile(const std::string& path,
                               const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus CreateDir(const std::string& path,
                              const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path,
                                       const rocksdb::IOOptions&,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteDir(const std::string& path,
                              const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetFileSize(const std::string& path,
                                const rocksdb::IOOptions&, std::uint64_t* out,
                                rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& path,
                                            const rocksdb::IOOptions&,
                                            std::uint64_t* out,
                                            rocksdb::IODebugContext*) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions&,
                             rocksdb::FileLock** out,
                             rocksdb::IODebugContext*) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock,
                               const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions&,
                                     std::string* out,
                                     rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& path,
                                    const rocksdb::IOOptions&, std::string* out,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus IsDirectory(const std::string& path,
                                const rocksdb::IOOptions&, bool* out,
                                rocksdb::IODebugContext*) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path,
                                 const rocksdb::IOOptions&, std::uint64_t* out,
                                 rocksdb::IODebugContext*) override;

  // --- For the files it hands out --------------------------------------------

  rocksdb::IOStatus append(inode& to, const rocksdb::Slice& data);
  rocksdb::IOStatus sync(inode& what);
  rocksdb::IOStatus sync_directory(const std::string& path);
  rocksdb::IOStatus read_at(const inode& from, std::uint64_t offset,
                            std::size_t n, rocksdb::Slice* out, char* scratch);

private:
  using names = std::map<std::string, std::shared_ptr<inode>>;
  /// A change of names that is not durable yet: what `path` is to name then.
  struct name_change {
    std::vector<std::pair<std::string, std::shared_ptr<inode>>> sets;
  };

  rocksdb::IOStatus change();
  rocksdb::IOStatus alive() const;
  void rename_now(name_change what);
  static void apply(names& to, const name_change& what);
  static std::string clean(std::string path);

  mutable std::mutex mutex_;
  names names_;
  names durable_names_;
  std::vector<name_change> name_changes_; ///< Since the last directory sync.
  std::set<std::string> directories_{"/"};
  std::set<std::string> locks_;
  bool dead_ = false;
  bool injected_ = false;
  std::uint64_t power_left_ = ~0ULL;
  std::uint64_t syncs_left_ = ~0ULL;
  std::uint64_t appends_left_ = ~0ULL;
  std::uint64_t room_ = ~0ULL;
  std::uint64_t syncs_ = 0;
  std::string rotting_;
  std::uint64_t opens_left_ = 0;
  std::size_t rot_at_ = 0;
};

} // namespace pawl::test
