#include "tests/support/fault_fs.hpp"

#include <algorithm>
#include <cstring>
#include <random>

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
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&,
                Slice* out, char* scratch, IODebugContext*) const override {
    return fs_.read_at(*node_, offset, n, out, scratch);
  }
  bool use_direct_io() const override { return false; }
  std::size_t GetRequiredBufferAlignment() const override { return 4096; }
  IOStatus InvalidateCache(std::size_t, std::size_t) override {
    return IOStatus::OK();
  }
  rocksdb::Temperature GetTemperature() const override {
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
  bool IsSyncThreadSafe() const override { return true; }
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

/// What a power cut leaves of the bytes behind the synced ones.
void tear(fault_fs::inode& node, std::mt19937_64& dice) {
  constexpr std::size_t page = 4096;
  for (const auto& [from, until] : node.lost)
    std::fill(node.bytes.begin() + static_cast<std::ptrdiff_t>(from),
              node.bytes.begin() + static_cast<std::ptrdiff_t>(until), '\0');
  node.lost.clear();
  const auto size = node.bytes.size();
  if (size > node.synced) {
    const auto unsynced = size - node.synced;
    const auto kind = dice() % 4;
    if (kind == 0) { // Nothing came through.
      node.bytes.resize(node.synced);
    } else if (kind < 3) { // Part of it; torn within a page.
      node.bytes.resize(node.synced + dice() % (unsynced + 1));
    } else { // Pages in any order; those that are missing read as zeros.
      for (auto at = node.synced; at < size;) {
        const auto end = std::min(size, (at / page + 1) * page);
        if (dice() % 2 == 0)
          std::memset(node.bytes.data() + at, 0, end - at);
        at = end;
      }
    }
  }
  node.synced = node.bytes.size();
}

} // namespace

// --- What is to go wrong -----------------------------------------------------

void fault_fs::cut_power_in(std::uint64_t n) {
  const guard lock{mutex_};
  power_left_ = n;
}

void fault_fs::cut_power() {
  const guard lock{mutex_};
  dead_ = true;
}

bool fault_fs::is_dead() const {
  const guard lock{mutex_};
  return dead_;
}

std::shared_ptr<fault_fs> fault_fs::after_power_cut(std::uint64_t seed) {
  const guard lock{mutex_};
  dead_ = true;
  std::mt19937_64 dice{seed};
  auto after = std::make_shared<fault_fs>();
  auto left = durable_names_;
  const auto survive = dice() % (name_changes_.size() + 1);
  for (std::size_t i = 0; i < survive; ++i)
    apply(left, name_changes_[i]);
  for (const auto& [path, node] : left) {
    auto copy = std::make_shared<inode>(*node);
    tear(*copy, dice);
    after->names_[path] = after->durable_names_[path] = std::move(copy);
  }
  after->directories_ = directories_;
  return after;
}

std::shared_ptr<fault_fs> fault_fs::after_kill() {
  const guard lock{mutex_};
  dead_ = true;
  auto after = std::make_shared<fault_fs>();
  for (const auto& [path, node] : names_)
    after->names_[path] = std::make_shared<inode>(*node);
  after->durable_names_ = after->names_;
  after->directories_ = directories_;
  return after;
}

void fault_fs::fail_sync_in(std::uint64_t n) {
  const guard lock{mutex_};
  syncs_left_ = n;
}

void fault_fs::fail_append_in(std::uint64_t n) {
  const guard lock{mutex_};
  appends_left_ = n;
}

void fault_fs::set_room(std::uint64_t bytes) {
  const guard lock{mutex_};
  room_ = bytes;
}

void fault_fs::rot_at_open(const std::string& path, std::uint64_t n,
                           std::size_t offset) {
  const guard lock{mutex_};
  rotting_ = path;
  opens_left_ = n;
  rot_at_ = offset;
}

bool fault_fs::take_injected() {
  const guard lock{mutex_};
  return std::exchange(injected_, false);
}

IOStatus fault_fs::alive() const {
  return dead_ ? IOStatus::IOError("the power is off") : IOStatus::OK();
}

IOStatus fault_fs::change() {
  if (!dead_ && --power_left_ == 0)
    dead_ = true;
  return alive();
}

// --- Looking at the disk -----------------------------------------------------

std::vector<std::string> fault_fs::files(const std::string& ending) const {
  const guard lock{mutex_};
  std::vector<std::string> out;
  for (const auto& [path, node] : names_)
    if (path.ends_with(ending))
      out.push_back(path);
  return out;
}

std::string fault_fs::read(const std::string& path) const {
  const guard lock{mutex_};
  return names_.at(path)->bytes;
}

void fault_fs::write(const std::string& path, std::string bytes) {
  const guard lock{mutex_};
  auto node = std::make_shared<inode>();
  node->synced = bytes.size();
  node->bytes = std::move(bytes);
  names_[path] = durable_names_[path] = node;
}

void fault_fs::remove(const std::string& path) {
  const guard lock{mutex_};
  names_.erase(path);
  durable_names_.erase(path);
}

std::uint64_t fault_fs::syncs() const {
  const guard lock{mutex_};
  return syncs_;
}

// --- Bytes -------------------------------------------------------------------

IOStatus fault_fs::append(inode& to, const Slice& data) {
  const guard lock{mutex_};
  const bool was_dead = dead_;
  if (auto s = change(); !s.ok()) {
    // The power may go in the middle of it.
    if (!was_dead)
      to.bytes.append(data.data(), data.size());
    return s;
  }
  if (--appends_left_ == 0) {
    to.bytes.append(data.data(), data.size() / 2);
    injected_ = true;
    return IOStatus::IOError("injected: append");
  }
  if (data.size() > room_) {
    to.bytes.append(data.data(), room_);
    room_ = 0;
    injected_ = true;
    return IOStatus::NoSpace("injected: append");
  }
  room_ -= room_ == ~0ULL ? 0 : data.size();
  to.bytes.append(data.data(), data.size());
  return IOStatus::OK();
}

IOStatus fault_fs::sync(inode& what) {
  const guard lock{mutex_};
  if (auto s = change(); !s.ok())
    return s;
  ++syncs_;
  const auto from = std::exchange(what.synced, what.bytes.size());
  if (--syncs_left_ == 0) {
    what.lost.emplace_back(from, what.synced);
    injected_ = true;
    return IOStatus::IOError("injected: sync");
  }
  return IOStatus::OK();
}

IOStatus fault_fs::read_at(const inode& from, std::uint64_t offset,
                           std::size_t n, Slice* out, char* scratch) {
  const guard lock{mutex_};
  *out = Slice{scratch, 0};
  if (auto s = alive(); !s.ok())
    return s;
  if (offset >= from.bytes.size())
    return IOStatus::OK();
  const auto got = std::min<std::size_t>(n, from.bytes.size() - offset);
  std::memcpy(scratch, from.bytes.data() + offset, got);
  *out = Slice{scratch, got};
  return IOStatus::OK();
}

// --- Names -------------------------------------------------------------------

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
