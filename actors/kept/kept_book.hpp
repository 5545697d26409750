#pragma once

#include "actors/kept/orders.hpp"
#include "storage/records.hpp"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pawl::actors {

/// One thing that is kept, as the store has it.
struct kept_thing {
  std::string ns;
  std::string name;
  json::object body; ///< As its keeper made it.
  timestamp created;
  timestamp updated;
  std::string by; ///< Who put it last.
};

/// What one kind means.
class kept_keeper {
public:
  kept_keeper() = default;
  virtual ~kept_keeper() = default;
  kept_keeper(const kept_keeper&) = delete;
  kept_keeper& operator=(const kept_keeper&) = delete;

  /// Checks what a client sent and completes it: what is stored. Any thread.
  /// Fails with errc::invalid_request and faults by their JSON Pointers.
  [[nodiscard]] virtual result<json::object> read(const kept_ref& which,
                                                  const json::value& sent)
    = 0;
  /// It is on disk now (also once for each when the daemon starts), or is
  /// gone, if `now` is null. One call at a time; must not block.
  virtual void changed(const std::string& ns, const std::string& name,
                       const kept_thing* now)
    = 0;
  /// What is shown of it. Any thread.
  [[nodiscard]] virtual json::object shown(const kept_thing& what) = 0;
};

/// What is kept of all kinds, in memory as the store has it. Thread safety: all
/// functions may be called from any thread.
class kept_book {
public:
  /// Of one kind in all namespaces.
  static constexpr std::size_t things_max = 10'000;

  /// Before load().
  void set(kept_kind kind, std::shared_ptr<kept_keeper> keeper);
  /// Null for a kind that nobody keeps.
  [[nodiscard]] kept_keeper* keeper(kept_kind kind) const;

  /// As the store has them. Fails with errc::corrupt.
  result<> load(kept_kind kind, const std::vector<storage::stored_record>& all);
  /// Tells the keepers of what was loaded.
  void open();

  void put(kept_kind kind, kept_thing what);
  void remove(kept_kind kind, const std::string& ns, const std::string& name);
  [[nodiscard]] std::optional<kept_thing>
  find(kept_kind kind, const std::string& ns, const std::string& name) const;
  /// Ordered by namespace and name.
  [[nodiscard]] std::vector<kept_thing> list(kept_kind kind) const;
  [[nodiscard]] std::size_t size(kept_kind kind) const;

private:
  using key = std::pair<std::string, std::string>; ///< Namespace, name.
  mutable std::mutex lock_;
  std::mutex telling_;
  std::array<std::shared_ptr<kept_keeper>, kept_kind_count> keepers_;
  std::array<std::map<key, kept_thing>, kept_kind_count> all_;
};

/// The kind as the store knows it, and as paths and messages name it.
[[nodiscard]] storage::record_kind stored_kind(kept_kind kind);
[[nodiscard]] std::string_view path_of(kept_kind kind);  ///< "/v1/limits"
[[nodiscard]] std::string_view word_for(kept_kind kind); ///< "limit"

[[nodiscard]] storage::stored_record to_record(const kept_thing& what);
/// Fails with errc::corrupt.
[[nodiscard]] result<kept_thing> thing_of(const storage::stored_record& row);

/// What its keeper shows of it, between its name and who put it when.
[[nodiscard]] json::object kept_json(const kept_thing& what,
                                     const json::object& shown);

} // namespace pawl::actors
