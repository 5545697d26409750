#include "storage/backups.hpp"

#include "base/json.hpp"
#include "storage/database.hpp"
#include "storage/directory.hpp"
#include "storage/status.hpp"
#include "storage/store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <atomic>

namespace pawl::storage {

struct backups::engines {
  rocksdb::Env* env = nullptr;
  std::unique_ptr<rocksdb::BackupEngine> writing; ///< Null: to read only.
  std::unique_ptr<rocksdb::BackupEngineReadOnly> reading;
  std::atomic<bool> stopped = false;

  [[nodiscard]] const rocksdb::BackupEngineReadOnlyBase& any() const {
    if (writing)
      return *writing;
    return *reading;
  }
};

namespace {

rocksdb::BackupEngineOptions options_of(const std::filesystem::path& directory,
                                        rocksdb::Env& env) {
  // Not the store's own environment: a failure over here must not count as one
  // of the store's disk.
  rocksdb::BackupEngineOptions o{directory.string(), &env};
  o.sync = true;
  o.share_table_files = true;
  o.share_files_with_checksum = true;
  return o;
}

std::string note_of(timestamp taken, const std::string& program) {
  return to_text(json::value(
    json::object{{"takenAt", to_text(taken)}, {"program", program}}));
}

backup_info info_of(const rocksdb::BackupInfo& of) {
  backup_info out{.number = of.backup_id,
                  .taken = from_unix_ms(of.timestamp * 1000),
                  .bytes = of.size,
                  .files = of.number_files,
                  .program = {},
                  .damaged = false};
  const auto note = parse_json(of.app_metadata);
  const auto* members = note ? note->if_object() : nullptr;
  if (members == nullptr)
    return out;
  if (const auto* at = members->if_contains("takenAt"); at && at->is_string())
    if (const auto taken = parse_timestamp(at->get_string()))
      out.taken = *taken;
  if (const auto* by = members->if_contains("program"); by && by->is_string())
    out.program = by->get_string();
  return out;
}

} // namespace

backups::backups(std::unique_ptr<engines> opened,
                 std::filesystem::path directory)
    : engines_{std::move(opened)}, directory_{std::move(directory)} {}
backups::~backups() = default;

result<std::unique_ptr<backups>>
backups::open(const std::filesystem::path& directory, rocksdb::Env* base) {
  auto made = std::make_unique<engines>();
  made->env = base != nullptr ? base : rocksdb::Env::Default();
  if (auto there = make_directories(*made->env, directory); !there)
    return there.error();
  rocksdb::BackupEngine* opened = nullptr;
  const auto s = rocksdb::BackupEngine::Open(options_of(directory, *made->env),
                                             made->env, &opened);
  if (!s.ok())
    return to_error(s, "opening the backups in " + directory.string());
  made->writing.reset(opened);
  return std::unique_ptr<backups>{new backups{std::move(made), directory}};
}

result<std::unique_ptr<backups>>
backups::open_to_read(const std::filesystem::path& directory,
                      rocksdb::Env* base) {
  auto made = std::make_unique<engines>();
  made->env = base != nullptr ? base : rocksdb::Env::Default();
  if (!made->env->FileExists((directory / "meta").string()).ok())
    return error{errc::not_found,
                 directory.string() + " is no directory of backups"};
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  const auto s = rocksdb::BackupEngineReadOnly::Open(
    options_of(directory, *made->env), made->env, &opened);
  if (!s.ok())
    return to_error(s, "opening the backups in " + directory.string());
  made->reading.reset(opened);
  return std::unique_ptr<backups>{new backups{std::move(made), directory}};
}

result<backup_info> backups::create(const store& of, timestamp now,
                                    const std::string& program) {
  const error over{errc::shutting_down, "The backup was given up."};
  if (engines_->stopped)
    return over;
  rocksdb::CreateBackupOptions how;
  // Tables are shared between backups, logs are not: what is in the logs would
  // be copied again by each.
  how.flush_before_backup = true;
  rocksdb::BackupID number = 0;
  const auto s = engines_->writing->CreateNewBackupWithMetadata(
    how, of.db_->db_.get(), note_of(now, program), &number);
  if (engines_->stopped && !s.ok())
    return over;
  if (!s.ok())
    return to_error(s, "writing a backup to " + directory_.string());
  return find(number);
}

result<> backups::prune(std::uint32_t keep) {
  const auto s = engines_->writing->PurgeOldBackups(std::max(keep, 1U));
  if (!s.ok())
    return to_error(s, "removing old backups from " + directory_.string());
  return {};
}

void backups::stop() {
  engines_->stopped = true;
  if (engines_->writing)
    engines_->writing->StopBackup();
}

std::vector<backup_info> backups::list() const {
  std::vector<rocksdb::BackupInfo> good;
  engines_->any().GetBackupInfo(&good);
  std::vector<backup_info> out;
  out.reserve(good.size());
  for (const auto& one : good)
    out.push_back(info_of(one));
  std::vector<rocksdb::BackupID> damaged;
  engines_->any().GetCorruptedBackups(&damaged);
  for (const auto number : damaged)
    out.push_back({.number = number, .taken = {}, .damaged = true});
  std::ranges::sort(out, {}, &backup_info::number);
  return out;
}

result<backup_info> backups::find(std::uint32_t number) const {
  for (auto& one : list())
    if (one.number == number)
      return std::move(one);
  return error{errc::not_found, "there is no backup " + std::to_string(number)
                                  + " in " + directory_.string()};
}

result<std::vector<std::string>> backups::verify(std::uint32_t number) const {
  auto found = find(number);
  if (!found)
    return found.error();
  if (found->damaged)
    return std::vector<std::string>{
      "the list of its files cannot be read, or files of it are missing"};
  const auto files = engines_->any().VerifyBackup(number, true);
  if (!files.ok())
    return std::vector<std::string>{files.ToString()};
  auto details = std::make_shared<rocksdb::BackupInfo>();
  if (auto s = engines_->any().GetBackupInfo(number, details.get(), true);
      !s.ok())
    return to_error(s, "reading backup " + std::to_string(number));
  auto opened = database::open_to_read(*details->env_for_open,
                                       details->name_for_open, details);
  if (!opened)
    return std::vector<std::string>{opened.error().detail};
  const store within{std::move(*opened)};
  return storage::verify(within);
}

result<> backups::restore(std::uint32_t number,
                          const std::filesystem::path& target) const {
  auto found = find(number);
  if (!found)
    return found.error();
  if (found->damaged)
    return error{errc::corrupt,
                 "backup " + std::to_string(number) + " is damaged"};
  auto& env = *engines_->env;
  if (env.FileExists(target.string()).ok())
    return error{errc::already_exists, target.string() + " exists already"};
  if (auto there = make_directories(env, target); !there)
    return there;
  const auto s = engines_->any().RestoreDBFromBackup(
    rocksdb::RestoreOptions{}, number, target.string(), target.string());
  if (!s.ok())
    return to_error(s, "restoring backup " + std::to_string(number));
  // Last, so that whatever interrupts this leaves what no store opens.
  return write_door_plate(env, target);
}

} // namespace pawl::storage
