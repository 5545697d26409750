#include "storage/database.hpp"
#include "storage/directory.hpp"
#include "storage/status.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "storage/wal_scanner.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <fmt/format.h>

namespace pawl::storage {

namespace {

/// Decides what becomes of the write-ahead logs before RocksDB reads them.
/// Returns whether damage was found and is to be opened all the same.
result<bool> judge_logs(rocksdb::Env& env, const open_options& options,
                        recovery_report& found) {
  auto verdict = scan_logs(env, options.directory);
  if (!verdict)
    return verdict.error();
  if (verdict->what == wal_verdict::kind::intact)
    return false;
  const auto place = fmt::format("{} at byte {}: {}",
                                 (options.directory / verdict->file).string(),
                                 verdict->offset, verdict->why);
  const bool torn = verdict->what == wal_verdict::kind::torn && !found.clean;
  if (torn && options.torn_tail_cut) {
    auto cut
      = cut_log(env, options.directory, verdict->file, verdict->good_end);
    if (!cut)
      return cut.error();
    found.tail_bytes_cut = verdict->tail_bytes;
    found.notes.push_back(
      fmt::format("cut {} bytes of a torn last write, which was not "
                  "acknowledged, off {}",
                  verdict->tail_bytes, place));
    return false;
  }
  if (!options.accept_loss)
    return error{errc::corrupt,
                 torn ? "torn tail, not to be cut by configuration: " + place
                      : "acknowledged data is damaged: " + place};
  found.notes.push_back(fmt::format(
    "DATA LOSS ACCEPTED: {}; up to {} bytes of acknowledged changes behind "
    "byte {} are lost",
    place, verdict->lost_bytes, verdict->good_end));
  return true;
}

/// The families that the directory has, all of them ours.
result<std::vector<std::string>>
families_of(rocksdb::Env& env, const std::filesystem::path& directory) {
  rocksdb::DBOptions plain;
  plain.env = &env;
  std::vector<std::string> names;
  auto s = rocksdb::DB::ListColumnFamilies(plain, directory.string(), &names);
  if (!s.ok())
    return to_error(s, "reading the families of " + directory.string());
  for (const auto& name : names)
    if (std::ranges::find(family_names, name) == family_names.end())
      return error{errc::corrupt,
                   fmt::format("{} holds a family '{}' that this program does "
                               "not know: it is foreign or newer",
                               directory.string(), name)};
  return names;
}

} // namespace

result<> database::lock() {
  const auto file = (directory_ / lock_file).string();
  const auto s = env_->LockFile(file, &lock_);
  if (s.ok())
    return {};
  lock_ = nullptr;
  auto why = to_error(s, "locking " + file);
  // RocksDB has no code for it: whatever is not about opening the file is
  // about somebody else having it.
  const bool cannot_open = why.detail.find("open a file") != std::string::npos;
  if (why.code == errc::io && !cannot_open)
    why = {errc::locked, fmt::format("another process, or another part of this "
                                     "one, holds {}",
                                     directory_.string())};
  return why;
}

result<> database::admit_format(bool all_families) {
  auto row = get(family::meta, meta_keys::format);
  if (!row)
    return row.error();
  if (*row) {
    auto version = decode_number(meta_keys::format, **row);
    if (!version)
      return version.error();
    if (*version > format_version || !all_families)
      return error{errc::corrupt,
                   fmt::format("{} is of format {} with {} families; this "
                               "program reads up to format {}",
                               directory_.string(), *version,
                               all_families ? "all" : "missing",
                               format_version)};
    return {};
  }
  for (const auto where : {family::journal, family::head, family::definition})
    if (scan rows{*this, {where, "", "", false}}; rows.valid())
      return error{errc::corrupt,
                   directory_.string() + " holds data, but no format version"};
  row_list rows;
  rows.put(family::meta, meta_keys::format, encode_number(format_version));
  return write(rows);
}

result<> database::count_boot() {
  auto row = get(family::meta, meta_keys::boots);
  if (!row)
    return row.error();
  std::uint64_t boots = 0;
  if (*row) {
    auto before = decode_number(meta_keys::boots, **row);
    if (!before)
      return before.error();
    boots = *before;
  }
  row_list rows;
  rows.put(family::meta, meta_keys::boots, encode_number(boots + 1));
  return write(rows);
}

result<> database::open_damaged(rocksdb_setup setup, recovery_report& found) {
  setup.damage = on_damage::stop_there;
  auto opened = open_rocksdb(setup);
  if (opened || opened.error().code != errc::corrupt)
    return opened;
  // The tables of some families hold what is behind the damage: all families
  // cannot go back to one point, so as little as possible is given up.
  found.notes.push_back(
    "DATA LOSS ACCEPTED: there is no point in time to go back to ("
    + opened.error().detail
    + "); only what is damaged is given up, and instances that miss a turn "
      "will say so");
  setup.damage = on_damage::skip;
  return open_rocksdb(setup);
}

result<> database::open_existing_or_new(const open_options& options,
                                        recovery_report& found) {
  auto state = admit_directory(*env_, directory_);
  if (!state)
    return state.error();
  // Nothing that is not ours was touched so far; from here on it is ours
  // alone.
  if (auto locked = lock(); !locked)
    return locked.error();
  const bool established = *state == directory_state::established;
  found.clean = !established || is_marked_clean(*env_, directory_);
  // A creation makes one family after the other, and may be cut short.
  std::vector<std::string> families{std::string{family_names[0]}};
  bool damaged_logs = false;
  if (established) {
    auto present = families_of(*env_, directory_);
    if (!present)
      return present.error();
    families = std::move(*present);
    auto damaged = judge_logs(*env_, options, found);
    if (!damaged)
      return damaged.error();
    damaged_logs = *damaged;
  }
  const bool all = families.size() == family_count;
  const rocksdb_setup setup{.families = std::move(families),
                            .memory_max = options.memory_max,
                            .create = !established};
  auto opened = damaged_logs ? open_damaged(setup, found) : open_rocksdb(setup);
  if (!opened)
    return opened.error();
  if (auto admitted = admit_format(all); !admitted)
    return admitted.error();
  if (auto unmarked = unmark_clean(*env_, directory_); !unmarked)
    return unmarked.error();
  return count_boot();
}

result<std::unique_ptr<database>>
database::open_to_read(rocksdb::Env& env,
                       const std::filesystem::path& directory,
                       std::shared_ptr<void> keeps) {
  std::unique_ptr<database> out{new database{env, directory}};
  out->keeps_ = std::move(keeps);
  auto present = families_of(*out->env_, directory);
  if (!present)
    return present.error();
  if (present->size() != family_count)
    return error{errc::corrupt, directory.string() + " lacks families of rows"};
  constexpr std::uint64_t memory_max = 64ULL << 20;
  auto opened = out->open_rocksdb({.families = std::move(*present),
                                   .memory_max = memory_max,
                                   .create = false,
                                   .read_only = true,
                                   .damage = on_damage::refuse});
  if (!opened)
    return opened.error();
  if (auto admitted = out->admit_format(true); !admitted)
    return admitted.error();
  return out;
}

result<std::unique_ptr<database>> database::open(const open_options& options,
                                                 recovery_report& found) {
  found = {};
  auto& base = options.env != nullptr ? *options.env : *rocksdb::Env::Default();
  std::unique_ptr<database> out{new database{base, options.directory}};
  if (auto opened = out->open_existing_or_new(options, found); !opened)
    return opened.error();
  return out;
}

} // namespace pawl::storage
