#include "tests/support/fault_fs.hpp"

#include <algorithm>
#include <cstring>
#include <random>

namespace pawl::test {

namespace {

using rocksdb::IOStatus;
using rocksdb::Slice;
using guard = std::lock_guard<std::mutex>;

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
  from.bytes.copy(scratch, got, offset);
  *out = Slice{scratch, got};
  return IOStatus::OK();
}

} // namespace pawl::test
