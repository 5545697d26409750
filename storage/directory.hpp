#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace rocksdb {
class Env;
} // namespace rocksdb

namespace pawl::storage {

/// The version of what is on disk that this program writes, and the newest
/// that it reads.
inline constexpr std::uint32_t format_version = 1;

// The files beside RocksDB's own: the door plate, which says whose directory
// this is before anything in it is touched, the lock, and the mark of an
// orderly stop (docs/format/keys.md). All functions work through `env`.

/// Whether the directory is ours.
enum class directory_state : std::uint8_t {
  fresh,      ///< Nothing is in it, or a creation that was cut short.
  established ///< A store is in it.
};

/// Creates the directory if it is missing and reads its door plate, creating
/// that as well if the directory is empty.
///
/// Fails with errc::corrupt if the directory holds anything that is not ours,
/// is of a newer format, or has lost its CURRENT file; errc::disk_low,
/// errc::io.
[[nodiscard]] result<directory_state>
admit_directory(rocksdb::Env& env, const std::filesystem::path& directory);

/// Creates the directory and what is above it, durably, if it is missing.
[[nodiscard]] result<> make_directories(rocksdb::Env& env,
                                        const std::filesystem::path& directory);
/// Writes the door plate of a store.
[[nodiscard]] result<> write_door_plate(rocksdb::Env& env,
                                        const std::filesystem::path& directory);

/// Whether the last stop was an orderly one.
[[nodiscard]] bool is_marked_clean(rocksdb::Env& env,
                                   const std::filesystem::path& directory);
/// Marks the stop as an orderly one, durably.
[[nodiscard]] result<> mark_clean(rocksdb::Env& env,
                                  const std::filesystem::path& directory);
/// Removes the mark, durably; no failure if there is none.
[[nodiscard]] result<> unmark_clean(rocksdb::Env& env,
                                    const std::filesystem::path& directory);

/// Replaces or creates the file `name` with `bytes`, whole and durably.
[[nodiscard]] result<> replace_file(rocksdb::Env& env,
                                    const std::filesystem::path& directory,
                                    const std::string& name,
                                    const std::string& bytes);

inline constexpr std::string_view door_plate_file = "PAWL";
inline constexpr std::string_view clean_file = "PAWL.clean";
inline constexpr std::string_view lock_file = "PAWL.lock";

} // namespace pawl::storage
