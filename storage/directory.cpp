#include "storage/directory.hpp"

#include "storage/status.hpp"

#include <rocksdb/env.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <vector>

namespace pawl::storage {

namespace {

constexpr std::string_view plate_words = "pawl store, format ";

result<> sync_directory(rocksdb::Env& env,
                        const std::filesystem::path& directory) {
  std::unique_ptr<rocksdb::Directory> handle;
  auto s = env.NewDirectory(directory.string(), &handle);
  if (s.ok())
    s = handle->Fsync();
  if (!s.ok())
    return to_error(s, "syncing the directory " + directory.string());
  return {};
}

bool ends_with_any(std::string_view name,
                   std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends,
                             [&](auto end) { return name.ends_with(end); });
}

/// Files that say nothing about whose directory this is.
bool is_neutral(std::string_view name) {
  return name == "." || name == ".." || name == "lost+found"
         || name == lock_file || name.ends_with(".tmp");
}

result<> admit_plate(const std::string& text, const std::string& file) {
  std::uint32_t version = 0;
  std::string_view rest{text};
  if (rest.starts_with(plate_words)) {
    rest.remove_prefix(plate_words.size());
    const auto [end, bad]
      = std::from_chars(rest.data(), rest.data() + rest.size(), version);
    if (bad == std::errc{} && std::string_view{end, 1} == "\n" && version > 0) {
      if (version <= format_version)
        return {};
      return error{errc::corrupt,
                   fmt::format("{} says format {}, which is newer than this "
                               "program: it reads up to format {}",
                               file, version, format_version)};
    }
  }
  return error{errc::corrupt, file + " is damaged: it does not name a format"};
}

/// Judges a directory with our plate in which RocksDB has no CURRENT file: a
/// creation that was cut short, or a store that has lost it. RocksDB would
/// create an empty database over the latter.
result<directory_state>
admit_without_current(const std::filesystem::path& directory,
                      const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (ends_with_any(name, {".sst", ".log"}))
      return error{errc::corrupt,
                   fmt::format("{} has lost its file CURRENT, but holds {}: "
                               "restore a backup",
                               directory.string(), name)};
  return directory_state::fresh;
}

} // namespace

result<> make_directories(rocksdb::Env& env,
                          const std::filesystem::path& directory) {
  std::filesystem::path so_far;
  for (const auto& part : directory) {
    so_far /= part;
    if (env.FileExists(so_far.string()).ok())
      continue;
    if (auto s = env.CreateDirIfMissing(so_far.string()); !s.ok())
      return to_error(s, "creating the directory " + so_far.string());
    // Else a power cut may take the whole store with its directory.
    const auto parent = so_far.parent_path();
    if (auto synced = sync_directory(env, parent.empty() ? "." : parent);
        !synced)
      return synced.error();
  }
  return {};
}

result<> replace_file(rocksdb::Env& env, const std::filesystem::path& directory,
                      const std::string& name, const std::string& bytes) {
  const auto target = (directory / name).string();
  const auto draft = target + ".tmp";
  auto s = rocksdb::WriteStringToFile(&env, bytes, draft, true);
  if (s.ok())
    s = env.RenameFile(draft, target);
  if (!s.ok())
    return to_error(s, "writing " + target);
  return sync_directory(env, directory);
}

result<> write_door_plate(rocksdb::Env& env,
                          const std::filesystem::path& directory) {
  return replace_file(env, directory, std::string{door_plate_file},
                      fmt::format("{}{}\n", plate_words, format_version));
}

result<directory_state>
admit_directory(rocksdb::Env& env, const std::filesystem::path& directory) {
  if (auto made = make_directories(env, directory); !made)
    return made.error();
  std::vector<std::string> names;
  if (auto s = env.GetChildren(directory.string(), &names); !s.ok())
    return to_error(s, "reading the directory " + directory.string());
  std::erase_if(names, is_neutral);
  std::ranges::sort(names);
  const auto plate = (directory / door_plate_file).string();
  if (std::ranges::find(names, door_plate_file) == names.end()) {
    if (!names.empty())
      return error{errc::corrupt,
                   fmt::format("{} is not a store of Pawl: it holds {}, and no "
                               "file {}",
                               directory.string(), names.front(),
                               door_plate_file)};
    if (auto written = write_door_plate(env, directory); !written)
      return written.error();
    return directory_state::fresh;
  }
  std::string text;
  if (auto s = rocksdb::ReadFileToString(&env, plate, &text); !s.ok())
    return to_error(s, "reading " + plate);
  if (auto admitted = admit_plate(text, plate); !admitted)
    return admitted.error();
  if (std::ranges::find(names, std::string_view{"CURRENT"}) == names.end())
    return admit_without_current(directory, names);
  return directory_state::established;
}

bool is_marked_clean(rocksdb::Env& env,
                     const std::filesystem::path& directory) {
  return env.FileExists((directory / clean_file).string()).ok();
}

result<> mark_clean(rocksdb::Env& env, const std::filesystem::path& directory) {
  return replace_file(env, directory, std::string{clean_file}, "clean\n");
}

result<> unmark_clean(rocksdb::Env& env,
                      const std::filesystem::path& directory) {
  const auto file = (directory / clean_file).string();
  if (!env.FileExists(file).ok())
    return {};
  if (auto s = env.DeleteFile(file); !s.ok())
    return to_error(s, "removing " + file);
  return sync_directory(env, directory);
}

} // namespace pawl::storage
