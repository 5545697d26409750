#include "base/log.hpp"
#include "storage/database.hpp"
#include "storage/status.hpp"
#include "storage/store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

namespace pawl::storage {

namespace {

/// Hears of failed flushes and compactions, which RocksDB would otherwise tell
/// nobody or repeat by itself.
class failure_listener : public rocksdb::EventListener {
public:
  explicit failure_listener(std::shared_ptr<std::atomic<bool>> failed)
      : failed_{std::move(failed)} {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* /*status*/) override {
    *failed_ = true;
  }

private:
  std::shared_ptr<std::atomic<bool>> failed_;
};

/// RocksDB's warnings as lines of ours. A log file of its own would be one
/// more file that a full disk makes fail: Debian's RocksDB then ends the
/// process by an assertion.
class line_logger : public rocksdb::Logger {
public:
  line_logger() : rocksdb::Logger{rocksdb::InfoLogLevel::WARN_LEVEL} {}

  using rocksdb::Logger::Logv;
  void LogHeader(const char* /*format*/, std::va_list /*values*/) override {}
  void Logv(const rocksdb::InfoLogLevel level, const char* format,
            std::va_list values) override {
    if (level < rocksdb::InfoLogLevel::WARN_LEVEL
        || level == rocksdb::InfoLogLevel::HEADER_LEVEL)
      return;
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, values);
    // Each backup says so twice, and nothing is wrong.
    if (std::string_view{text.data()}.find("File Deletions ")
        != std::string_view::npos)
      return;
    log::warn("storage.rocksdb", {{"text", text.data()}});
  }
};

rocksdb::ColumnFamilyOptions
family_options(family where, std::uint64_t memory_max,
               const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions o;
  o.write_buffer_size = std::max<std::uint64_t>(memory_max / 8, 64U << 10);
  // Thirteen families share little memory, so each takes it in small steps:
  // 64 KiB of 128 MiB.
  o.arena_block_size = std::max<std::uint64_t>(memory_max / 2048, 4U << 10);
  o.max_write_buffer_number = 3;
  o.compression = rocksdb::kLZ4Compression;
  o.bottommost_compression = rocksdb::kZSTD;
  rocksdb::BlockBasedTableOptions t;
  t.block_cache = cache;
  t.cache_index_and_filter_blocks = true;
  t.pin_l0_filter_and_index_blocks_in_cache = true;
  t.format_version = 5;
  t.block_size = 8U << 10;
  t.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  if (where == family::journal || where == family::snapshot) {
    constexpr std::size_t instance_size = 16;
    o.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(instance_size));
    t.whole_key_filtering = false;
  }
  if (where == family::head) {
    // Every start asks for a head that is not there.
    o.memtable_whole_key_filtering = true;
    o.memtable_prefix_bloom_size_ratio = 0.02;
  }
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(t));
  return o;
}

} // namespace

rocksdb::DBOptions database::options_for(const rocksdb_setup& setup) {
  rocksdb::DBOptions o;
  o.create_if_missing = setup.create;
  o.paranoid_checks = true;
  // The default would drop everything behind a damaged record and call it
  // success (docs/decisions/0042). Our scanner has cut a torn tail before
  // RocksDB looks, so whatever it still complains of is damage.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  if (setup.damage == on_damage::stop_there)
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  if (setup.damage == on_damage::skip)
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  // A reused log ends in an older one's records: no scanner could tell.
  o.recycle_log_file_num = 0;
  // A log that is missing as a whole is found; not where loss is accepted.
  o.track_and_verify_wals_in_manifest = setup.damage == on_damage::refuse;
  // What was recovered is rewritten and synced before it is served.
  o.avoid_flush_during_recovery = false;
  // RocksDB would only log it.
  o.fail_if_options_file_error = true;
  // A failed background job is never repeated: the kernel may have marked the
  // pages clean. The process ends instead.
  o.max_bgerror_resume_count = 0;
  o.db_write_buffer_size = setup.memory_max / 4;
  o.max_total_wal_size
    = std::max<std::uint64_t>(setup.memory_max / 2, 1U << 20);
  o.max_background_jobs = 2;
  o.max_open_files = 512;
  o.bytes_per_sync = 1U << 20;
  o.info_log = std::make_shared<line_logger>();
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  return o;
}

result<> database::open_rocksdb(const rocksdb_setup& setup) {
  auto db_options = options_for(setup);
  db_options.env = env_.get();
  db_options.listeners.push_back(std::make_shared<failure_listener>(failed_));
  const auto cache = rocksdb::NewLRUCache(setup.memory_max / 2);
  std::vector<rocksdb::ColumnFamilyDescriptor> present;
  std::array<rocksdb::ColumnFamilyOptions, family_count> tuned;
  for (std::size_t i = 0; i < family_count; ++i)
    tuned[i] = family_options(static_cast<family>(i), setup.memory_max, cache);
  const auto number_of = [](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(family_names, name)
                                    - family_names.begin());
  };
  for (const auto& name : setup.families)
    present.emplace_back(name, tuned[number_of(name)]);
  std::vector<rocksdb::ColumnFamilyHandle*> opened_families;
  rocksdb::DB* opened = nullptr;
  const auto place = directory_.string();
  const auto s = setup.read_only ? rocksdb::DB::OpenForReadOnly(
                   db_options, place, present, &opened_families, &opened)
                                 : rocksdb::DB::Open(db_options, place, present,
                                                     &opened_families, &opened);
  if (!s.ok())
    return to_error(s, "opening " + directory_.string());
  db_.reset(opened);
  handles_.assign(family_count, nullptr);
  for (auto* h : opened_families)
    handles_[number_of(h->GetName())] = h;
  return create_families(tuned);
}

result<>
database::create_families(std::span<const rocksdb::ColumnFamilyOptions> tuned) {
  rocksdb::Status s;
  // Not left to DB::Open: where that fails to create a family, Debian's
  // RocksDB ends the process by an assertion.
  for (std::size_t i = 0; i < family_count && s.ok(); ++i)
    if (handles_[i] == nullptr)
      s = db_->CreateColumnFamily(tuned[i], std::string{family_names[i]},
                                  &handles_[i]);
  if (!s.ok()) {
    *failed_ = true;
    return to_error(s, "creating the families of " + directory_.string());
  }
  return {};
}

} // namespace pawl::storage
