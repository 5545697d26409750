#include "storage/watched_files.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <string>
#include <utility>

namespace pawl::storage {

namespace {

using flag = std::shared_ptr<std::atomic<bool>>;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// Notes a failure of the disk; that something is not supported is none.
IOStatus noted(const flag& failed, IOStatus s) {
  if (s.IsIOError())
    *failed = true;
  return s;
}

class watched_file : public rocksdb::FSWritableFileOwnerWrapper {
public:
  watched_file(std::unique_ptr<rocksdb::FSWritableFile> file, flag failed)
      : FSWritableFileOwnerWrapper{std::move(file)}, failed_{
                                                       std::move(failed)} {}

  IOStatus Append(const Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return noted(failed_, target()->Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return noted(failed_, target()->Append(data, options, verification, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, target()->Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, target()->Fsync(options, debug));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t size,
                     const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, target()->RangeSync(offset, size, options, debug));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, target()->Close(options, debug));
  }

private:
  flag failed_;
};

class watched_directory : public rocksdb::FSDirectoryWrapper {
public:
  watched_directory(std::unique_ptr<rocksdb::FSDirectory> directory,
                    flag failed)
      : FSDirectoryWrapper{std::move(directory)}, failed_{std::move(failed)} {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return noted(failed_, FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& why) override {
    return noted(failed_,
                 FSDirectoryWrapper::FsyncWithDirOptions(options, debug, why));
  }

private:
  flag failed_;
};

class watched_file_system : public rocksdb::FileSystemWrapper {
public:
  watched_file_system(const std::shared_ptr<rocksdb::FileSystem>& base,
                      flag failed)
      : FileSystemWrapper{base}, failed_{std::move(failed)} {}

  [[nodiscard]] const char* Name() const override {
    return "pawl_watched_files";
  }

  IOStatus NewWritableFile(const std::string& path,
                           const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext* debug) override {
    return watched(target()->NewWritableFile(path, options, out, debug), out);
  }
  IOStatus ReopenWritableFile(const std::string& path,
                              const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext* debug) override {
    return watched(target()->ReopenWritableFile(path, options, out, debug),
                   out);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext* debug) override {
    auto s = target()->NewDirectory(path, options, out, debug);
    if (s.ok())
      *out = std::make_unique<watched_directory>(std::move(*out), failed_);
    return s;
  }

private:
  IOStatus watched(IOStatus s, std::unique_ptr<rocksdb::FSWritableFile>* out) {
    if (s.ok())
      *out = std::make_unique<watched_file>(std::move(*out), failed_);
    return s;
  }

  flag failed_;
};

} // namespace

std::unique_ptr<rocksdb::Env>
watch_files(rocksdb::Env& base, std::shared_ptr<std::atomic<bool>> failed) {
  return rocksdb::NewCompositeEnv(std::make_shared<watched_file_system>(
    base.GetFileSystem(), std::move(failed)));
}

} // namespace pawl::storage
