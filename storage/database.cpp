#include "storage/database.hpp"

#include "storage/directory.hpp"
#include "storage/status.hpp"
#include "storage/watched_files.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <limits>
#include <mutex>
#include <utility>

namespace pawl::storage {

database::database(rocksdb::Env& base, std::filesystem::path directory)
    : env_{watch_files(base, failed_)}, directory_{std::move(directory)} {}

database::~database() {
  release();
}

namespace {

/// Debian's RocksDB asserts that a log which has failed is not touched again,
/// and touches it when it is closed. So a database that has failed is never
/// closed: it stays here until the process ends, which must be soon.
struct failed_database {
  std::unique_ptr<rocksdb::DB> db;
  std::unique_ptr<rocksdb::Env> env;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
};

void abandon(failed_database failed) {
  static auto* const abandoned = new std::vector<failed_database>;
  static std::mutex guard;
  const std::lock_guard lock{guard};
  abandoned->push_back(std::move(failed));
}

} // namespace

void database::release() {
  if (db_ && !*failed_) {
    for (auto* h : handles_)
      if (h != nullptr)
        db_->DestroyColumnFamilyHandle(h).PermitUncheckedError();
    handles_.clear();
    db_->Close().PermitUncheckedError();
    db_.reset();
  }
  if (lock_ != nullptr)
    env_->UnlockFile(std::exchange(lock_, nullptr)).PermitUncheckedError();
  if (db_)
    abandon({std::move(db_), std::move(env_), std::move(handles_)});
}

database::read_point::read_point(const database& db)
    : db_{db}, at_{db.db_->GetSnapshot()} {}

database::read_point::~read_point() {
  db_.db_->ReleaseSnapshot(at_);
}

result<std::optional<std::string>>
database::get(family where, std::string_view key, const read_point* at) const {
  rocksdb::ReadOptions options;
  if (at != nullptr)
    options.snapshot = at->at_;
  std::string value;
  const auto s = db_->Get(options, handle(where), key, &value);
  if (s.IsNotFound())
    return std::optional<std::string>{};
  if (!s.ok())
    return to_error(s, "reading the store");
  return std::optional{std::move(value)};
}

result<> database::write(std::span<const row_list* const> lists) {
  if (*failed_)
    return error{errc::io, "the disk has refused a write before; the process "
                           "must end before it can be trusted again"};
  std::size_t bytes = 0;
  for (const auto* list : lists)
    bytes += list->bytes();
  // Eight bytes a row guard it from here to the write-ahead log and the
  // memory table.
  rocksdb::WriteBatch batch{bytes, 0, 8, 0};
  rocksdb::Status s;
  for (const auto* list : lists)
    list->for_each([&](const row_list::row& r) {
      if (!s.ok())
        return;
      if (r.change == row_change::put)
        s = batch.Put(handle(r.where), r.key, r.value);
      else if (r.change == row_change::erase)
        s = batch.Delete(handle(r.where), r.key);
      else
        s = batch.DeleteRange(handle(r.where), r.key, r.value);
    });
  rocksdb::WriteOptions options;
  options.sync = true;
  options.protection_bytes_per_key = 8;
  if (s.ok())
    s = db_->Write(options, &batch);
  // A background job may have failed while this write came through: the disk
  // is not to be trusted, so it does not count as done.
  if (s.ok() && !*failed_)
    return {};
  *failed_ = true;
  const auto why
    = s.ok() ? rocksdb::Status::IOError("a background job failed") : s;
  return error{errc::io, to_error(why, "writing to the store").detail};
}

result<> database::write(const row_list& rows) {
  const std::array lists{&rows};
  return write(lists);
}

result<> database::close() {
  if (*failed_)
    return error{errc::io, "the disk has refused a write; the stop is not an "
                           "orderly one"};
  rocksdb::FlushOptions options;
  options.wait = true;
  if (auto s = db_->Flush(options, handles_); !s.ok())
    return to_error(s, "flushing the store");
  for (auto* h : handles_)
    db_->DestroyColumnFamilyHandle(h).PermitUncheckedError();
  handles_.clear();
  const auto s = db_->Close();
  db_.reset();
  if (!s.ok())
    return to_error(s, "closing the store");
  if (*failed_)
    return error{errc::io, "a background job failed while closing"};
  auto marked = mark_clean(*env_, directory_);
  release();
  return marked;
}

std::uint64_t database::free_bytes() const {
  std::uint64_t free = 0;
  const auto s = env_->GetFileSystem()->GetFreeSpace(
    directory_.string(), rocksdb::IOOptions{}, &free, nullptr);
  // A file system that cannot tell is not a reason to stop.
  return s.ok() ? free : std::numeric_limits<std::uint64_t>::max();
}

result<> database::compact(family where) {
  rocksdb::CompactRangeOptions options;
  // Others are not kept waiting by it, nor it by them.
  options.exclusive_manual_compaction = false;
  options.canceled = no_compaction_.get();
  const auto s = db_->CompactRange(options, handle(where), nullptr, nullptr);
  if (!s.ok() && !s.IsIncomplete())
    return to_error(s, "compacting the store");
  return {};
}

std::uint64_t database::table_bytes() const {
  std::uint64_t sum = 0;
  for (auto* h : handles_) {
    std::uint64_t one = 0;
    if (db_->GetIntProperty(h, rocksdb::DB::Properties::kTotalSstFilesSize,
                            &one))
      sum += one;
  }
  return sum;
}

result<> database::verify_checksums() const {
  if (auto s = db_->VerifyChecksum(); !s.ok())
    return to_error(s, "comparing the checksums of the tables");
  return {};
}

// --- scan -------------------------------------------------------------------

struct scan::cursor {
  range over;
  rocksdb::Slice from;
  rocksdb::Slice until;
  std::unique_ptr<rocksdb::Iterator> rows;
};

scan::scan(const database& db, range over, const database::read_point* at)
    : cursor_{std::make_unique<cursor>()} {
  cursor_->over = std::move(over);
  rocksdb::ReadOptions options;
  options.total_order_seek = !cursor_->over.one_instance;
  options.fill_cache = !cursor_->over.once;
  if (at != nullptr)
    options.snapshot = at->at_;
  if (!cursor_->over.until.empty()) {
    cursor_->until = cursor_->over.until;
    options.iterate_upper_bound = &cursor_->until;
  }
  if (cursor_->over.backwards) {
    cursor_->from = cursor_->over.from;
    options.iterate_lower_bound = &cursor_->from;
  }
  cursor_->rows.reset(
    db.db_->NewIterator(options, db.handle(cursor_->over.where)));
  if (cursor_->over.backwards)
    cursor_->rows->SeekToLast();
  else
    cursor_->rows->Seek(cursor_->over.from);
}

scan::~scan() = default;
scan::scan(scan&&) noexcept = default;

bool scan::valid() const {
  return cursor_->rows->Valid();
}
void scan::next() {
  if (cursor_->over.backwards)
    cursor_->rows->Prev();
  else
    cursor_->rows->Next();
}
void scan::seek(std::string_view key) {
  if (cursor_->over.backwards)
    cursor_->rows->SeekForPrev(key);
  else
    cursor_->rows->Seek(key);
}
std::string_view scan::key() const {
  return cursor_->rows->key().ToStringView();
}
std::string_view scan::value() const {
  return cursor_->rows->value().ToStringView();
}
result<> scan::status() const {
  if (auto s = cursor_->rows->status(); !s.ok())
    return to_error(s, "reading the store");
  return {};
}

} // namespace pawl::storage
