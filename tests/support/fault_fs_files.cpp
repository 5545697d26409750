#include "tests/support/fault_fs.hpp"

namespace pawl::test {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using guard = std::lock_guard<std::mutex>;

class readable : public rocksdb::FSSequentialFile,
                 public rocksdb::FSRandomAccessFile {
public:
  readable(fault_fs& fs, std::shared_ptr<fault_fs::inode> node)
      : fs_{fs}, node_{std::move(node)} {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* out, char* scratch,
                IODebugContext*) override {
    auto s = fs_.read_at(*node_, at_, n, out, scratch);
    at_ += out->size();
    return s;
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }
  // The interface is RocksDB's.
  // NOLINTNEXTLINE(readability-function-size)
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&,
                Slice* out, char* scratch, IODebugContext*) const override {
    return fs_.read_at(*node_, offset, n, out, scratch);
  }
  [[nodiscard]] bool use_direct_io() const override { return false; }
  [[nodiscard]] std::size_t GetRequiredBufferAlignment() const override {
    return 4096;
  }
  IOStatus InvalidateCache(std::size_t, std::size_t) override {
    return IOStatus::OK();
  }
  [[nodiscard]] rocksdb::Temperature GetTemperature() const override {
    return rocksdb::Temperature::kUnknown;
  }

private:
  fault_fs& fs_;
  std::shared_ptr<fault_fs::inode> node_;
  std::uint64_t at_ = 0;
};

class writable : public rocksdb::FSWritableFile {
public:
  writable(fault_fs& fs, std::shared_ptr<fault_fs::inode> node)
      : fs_{fs}, node_{std::move(node)} {}
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&,
                  IODebugContext*) override {
    return fs_.append(*node_, data);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return fs_.sync(*node_);
  }
  [[nodiscard]] bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    return node_->bytes.size();
  }

private:
  fault_fs& fs_;
  std::shared_ptr<fault_fs::inode> node_;
};

class directory : public rocksdb::FSDirectory {
public:
  directory(fault_fs& fs, std::string path) : fs_{fs}, path_{std::move(path)} {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return fs_.sync_directory(path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

private:
  fault_fs& fs_;
  std::string path_;
};

struct held_lock : rocksdb::FileLock {
  explicit held_lock(std::string p) : path{std::move(p)} {}
  std::string path;
};

IOStatus not_there(const std::string& path) {
  return IOStatus::PathNotFound(path, "No such file or directory");
}

} // namespace

std::string fault_fs::clean(std::string path) {
  for (auto at = path.find("//"); at != std::string::npos; at = path.find("//"))
    path.erase(at, 1);
  if (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  return path;
}

void fault_fs::apply(names& to, const name_change& what) {
  for (const auto& [path, node] : what.sets)
    if (node)
      to[path] = node;
    else
      to.erase(path);
}

void fault_fs::rename_now(name_change what) {
  apply(names_, what);
  name_changes_.push_back(std::move(what));
}

IOStatus fault_fs::sync_directory(const std::string& /*path*/) {
  const guard lock{mutex_};
  if (auto s = change(); !s.ok())
    return s;
  ++syncs_;
  if (--syncs_left_ == 0) {
    injected_ = true;
    return IOStatus::IOError("injected: directory sync");
  }
  // One directory is all that a store has.
  for (const auto& c : name_changes_)
    apply(durable_names_, c);
  name_changes_.clear();
  return IOStatus::OK();
}

IOStatus fault_fs::NewSequentialFile(
  const std::string& path, const rocksdb::FileOptions&,
  std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) {
  const guard lock{mutex_};
  const auto found = names_.find(clean(path));
  if (found == names_.end())
    return not_there(path);
  if (clean(path) == rotting_ && --opens_left_ == 0)
    found->second->bytes[rot_at_] ^= 1;
  *out = std::make_unique<readable>(*this, found->second);
  return alive();
}

IOStatus fault_fs::NewRandomAccessFile(
  const std::string& path, const rocksdb::FileOptions&,
  std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) {
  const guard lock{mutex_};
  const auto found = names_.find(clean(path));
  if (found == names_.end())
    return not_there(path);
  *out = std::make_unique<readable>(*this, found->second);
  return alive();
}

IOStatus
fault_fs::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                          std::unique_ptr<rocksdb::FSWritableFile>* out,
                          IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = change(); !s.ok())
    return s;
  auto node = std::make_shared<inode>();
  rename_now({{{clean(path), node}}});
  *out = std::make_unique<writable>(*this, std::move(node));
  return IOStatus::OK();
}

IOStatus fault_fs::NewDirectory(const std::string& path, const IOOptions&,
                                std::unique_ptr<rocksdb::FSDirectory>* out,
                                IODebugContext*) {
  *out = std::make_unique<directory>(*this, clean(path));
  return IOStatus::OK();
}

IOStatus fault_fs::FileExists(const std::string& path, const IOOptions&,
                              IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = alive(); !s.ok())
    return s;
  const auto name = clean(path);
  return names_.contains(name) || directories_.contains(name)
           ? IOStatus::OK()
           : IOStatus::NotFound();
}

IOStatus fault_fs::GetChildren(const std::string& path, const IOOptions&,
                               std::vector<std::string>* out, IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = alive(); !s.ok())
    return s;
  const auto prefix = clean(path) + '/';
  out->clear();
  for (const auto& [name, node] : names_)
    if (name.starts_with(prefix)
        && name.find('/', prefix.size()) == std::string::npos)
      out->push_back(name.substr(prefix.size()));
  return IOStatus::OK();
}

IOStatus fault_fs::DeleteFile(const std::string& path, const IOOptions&,
                              IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = change(); !s.ok())
    return s;
  if (!names_.contains(clean(path)))
    return not_there(path);
  rename_now({{{clean(path), nullptr}}});
  return IOStatus::OK();
}

IOStatus fault_fs::CreateDir(const std::string& path, const IOOptions&,
                             IODebugContext*) {
  const guard lock{mutex_};
  directories_.insert(clean(path));
  return alive();
}

IOStatus fault_fs::CreateDirIfMissing(const std::string& path,
                                      const IOOptions& options,
                                      IODebugContext* debug) {
  return CreateDir(path, options, debug);
}

IOStatus fault_fs::DeleteDir(const std::string& path, const IOOptions&,
                             IODebugContext*) {
  const guard lock{mutex_};
  directories_.erase(clean(path));
  return alive();
}

IOStatus fault_fs::GetFileSize(const std::string& path, const IOOptions&,
                               std::uint64_t* out, IODebugContext*) {
  const guard lock{mutex_};
  const auto found = names_.find(clean(path));
  if (found == names_.end())
    return not_there(path);
  *out = found->second->bytes.size();
  return alive();
}

IOStatus fault_fs::GetFileModificationTime(const std::string&, const IOOptions&,
                                           std::uint64_t* out,
                                           IODebugContext*) {
  *out = 0;
  return IOStatus::OK();
}

IOStatus fault_fs::RenameFile(const std::string& from, const std::string& to,
                              const IOOptions&, IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = change(); !s.ok())
    return s;
  const auto found = names_.find(clean(from));
  if (found == names_.end())
    return not_there(from);
  rename_now({{{clean(to), found->second}, {clean(from), nullptr}}});
  return IOStatus::OK();
}

IOStatus fault_fs::LockFile(const std::string& path, const IOOptions&,
                            rocksdb::FileLock** out, IODebugContext*) {
  const guard lock{mutex_};
  if (auto s = alive(); !s.ok())
    return s;
  if (!locks_.insert(clean(path)).second)
    return IOStatus::IOError("lock hold by current process: " + path);
  *out = new held_lock{clean(path)};
  return IOStatus::OK();
}

IOStatus fault_fs::UnlockFile(rocksdb::FileLock* lock, const IOOptions&,
                              IODebugContext*) {
  const guard hold{mutex_};
  const std::unique_ptr<held_lock> held{static_cast<held_lock*>(lock)};
  locks_.erase(held->path);
  return IOStatus::OK();
}

IOStatus fault_fs::GetTestDirectory(const IOOptions&, std::string* out,
                                    IODebugContext*) {
  *out = "/test";
  return IOStatus::OK();
}

IOStatus fault_fs::GetAbsolutePath(const std::string& path, const IOOptions&,
                                   std::string* out, IODebugContext*) {
  *out = path;
  return IOStatus::OK();
}

IOStatus fault_fs::IsDirectory(const std::string& path, const IOOptions&,
                               bool* out, IODebugContext*) {
  const guard lock{mutex_};
  *out = directories_.contains(clean(path));
  return IOStatus::OK();
}

IOStatus fault_fs::GetFreeSpace(const std::string&, const IOOptions&,
                                std::uint64_t* out, IODebugContext*) {
  const guard lock{mutex_};
  *out = room_;
  return IOStatus::OK();
}

} // namespace pawl::test
