#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "secrets/keyring.hpp"
#include "storage/store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::secrets {

/// Bytes that a secret may have, as a file or as JSON text.
inline constexpr std::size_t secret_max = 64UL << 10;
/// Secrets that may be stored.
inline constexpr std::size_t stored_max = 10'000;

/// Whether a secret can be called so: 1 to 128 of A-Z a-z 0-9 . _ -, the first
/// no dot.
[[nodiscard]] bool is_name(std::string_view name);

/// Where a secret comes from.
enum class origin : std::uint8_t { file, credential, store };
/// "file", "credential", "store".
[[nodiscard]] std::string_view to_text(origin from);

/// A secret without its value.
struct listed {
  std::string name;
  origin from = origin::store;
  timestamp updated;
};

/// Directories whose files are secrets; "" for none.
struct places {
  std::string directory;
  /// Of systemd. Those whose names begin with "pawl-" are the daemon's own
  /// and no workflow's.
  std::string credentials;
};

/// All secrets by name: files of a directory, then systemd's credentials, then
/// those that the store keeps sealed. The first that has a name decides, so
/// that whoever may write files is not overruled through the API.
///
/// Nothing is kept in memory: each find() reads anew, and sees what changed.
///
/// Thread safety: all functions may be called from any thread once keys are in.
class vault {
public:
  /// `stored` must outlive it.
  vault(const storage::store& stored, places where)
      : stored_{stored}, where_{std::move(where)} {}

  /// Brings in the keys of the stored secrets. Before anything else is called.
  void use_keys(keyring keys) { keys_ = std::move(keys); }
  /// Whether secrets can be stored.
  [[nodiscard]] bool can_store() const { return !keys_.empty(); }

  /// The value of a secret: an object if it is the JSON text of one, else
  /// text. Blocks on the disk, for well under a millisecond.
  ///
  /// Fails with errc::not_found; errc::no_secret_key if it is sealed with a
  /// key that is not here; errc::corrupt if it was tampered with;
  /// errc::too_large; errc::malformed if a file is not UTF-8; errc::io. No
  /// detail holds a value.
  [[nodiscard]] result<json::value> find(std::string_view name) const;

  /// Where `name` is, if it is anywhere.
  [[nodiscard]] result<std::optional<listed>> look(std::string_view name) const;

  /// All secrets, ordered by name; each name once.
  [[nodiscard]] result<std::vector<listed>> list() const;

  /// Seals `value`, a text or an object, so that it can be stored.
  /// Fails with errc::no_secret_key, errc::too_large.
  [[nodiscard]] result<storage::sealed_secret>
  seal(std::string_view name, const json::value& value, timestamp now) const;

private:
  const storage::store& stored_;
  places where_;
  keyring keys_;
};

} // namespace pawl::secrets
