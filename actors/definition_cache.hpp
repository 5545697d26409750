#pragma once

#include "actors/gateway.hpp"
#include "storage/store.hpp"
#include "workflow/definition.hpp"

#include <cstdint>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace pawl::actors {

/// Parsed definitions, each parsed once: by digest, which never changes, and by
/// the name that clients use, which newer versions and removals change.
///
/// Thread safety: every function may be called from any thread; they may read
/// the store and parse.
class definition_cache {
public:
  explicit definition_cache(const storage::store& from) : store_{from} {}

  /// Fails with errc::not_found; errc::corrupt if the stored document does not
  /// parse any more.
  [[nodiscard]] result<definition_ptr> by_digest(const std::string& digest);
  /// What a client names; without a version the highest by semver.
  /// Fails as by_digest.
  [[nodiscard]] result<definition_ptr> find(const definition_ref& which);
  /// As find, but the stored row.
  [[nodiscard]] result<storage::stored_definition>
  find_stored(const definition_ref& which) const;
  /// Takes in a definition that was parsed anyway.
  void add(const definition_ptr& what);
  /// What names resolve to may have changed: a version came or went. To be
  /// called once that is durable and before anybody is told.
  void names_changed();

private:
  [[nodiscard]] result<definition_ptr>
  parsed(const storage::stored_definition& row);

  const storage::store& store_;
  std::shared_mutex lock_;
  std::uint64_t generation_ = 0; ///< Of the names.
  std::unordered_map<std::string, definition_ptr> by_digest_;
  std::unordered_map<std::string, definition_ptr> by_name_;
};

/// What a name gets that nothing is known by.
[[nodiscard]] error no_definition(const definition_ref& which);

/// Orders versions by semver's precedence (semver.org, 11): negative, zero or
/// positive as `a` is lower, equal or higher. Texts that are not versions come
/// first, by bytes.
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

} // namespace pawl::actors
