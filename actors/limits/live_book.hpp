#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pawl::actors {

/// Which instances of a namespace have not ended, of those namespaces where
/// that is limited. Turns that are told while the store is searched are not
/// lost. Pure, and not safe to share.
class live_book {
public:
  /// From now on `ns` is counted. True if its instances must be searched for.
  bool watch(const std::string& ns);
  void forget(const std::string& ns) { spaces_.erase(ns); }
  [[nodiscard]] bool watches(const std::string& ns) const {
    return spaces_.contains(ns);
  }

  /// What a search has found.
  void counted(const std::string& ns, const std::vector<instance_key>& living);
  void saw(const std::string& ns, const instance_key& key, bool lives);

  [[nodiscard]] bool has(const std::string& ns, const instance_key& key) const;
  /// Takes a place among at most `max`. Nothing: there is none. False: it had
  /// one already. As long as the search goes on, there is room.
  [[nodiscard]] std::optional<bool>
  reserve(const std::string& ns, const instance_key& key, std::uint64_t max);
  /// None while the search goes on.
  [[nodiscard]] std::optional<std::size_t> count(const std::string& ns) const;

private:
  struct space {
    std::set<instance_key> living;
    std::set<instance_key> ended; ///< During the search.
    bool searched = false;
  };
  std::map<std::string, space, std::less<>> spaces_;
};

} // namespace pawl::actors
