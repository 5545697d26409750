#pragma once

#include "actors/definition_cache.hpp"
#include "actors/gateway.hpp"
#include "config/options.hpp"
#include "storage/store.hpp"
#include "workflow/retention.hpp"

#include <map>
#include <string>
#include <unordered_map>

namespace pawl::actors {

/// Who said how long an instance is kept. The order is the order of weight.
enum class kept_by : std::uint8_t { definition, name_space, all };

/// How long an instance is kept, and who said so.
struct keeping {
  duration keep = retention_rule::for_ever;
  kept_by said = kept_by::all;
};

/// The rules of the operator. What a definition says goes before what is said
/// of its namespace, and that before what is said of all; each of completed,
/// faulted and cancelled by itself. Pure.
class retention_rules {
public:
  explicit retention_rules(const config::options::retention_options& from);

  /// Of an instance that has ended with `status`.
  [[nodiscard]] keeping of(const std::string& ns, instance_status status,
                           const retention_rule& of_definition) const;
  /// What is asked in place of what is configured for all namespaces.
  void suppose(const preview_retention& what);

  [[nodiscard]] const retention_rule& for_all() const { return all_; }
  [[nodiscard]] const std::map<std::string, retention_rule>&
  by_namespace() const {
    return by_namespace_;
  }

private:
  retention_rule all_;
  std::map<std::string, retention_rule> by_namespace_;
};

/// What definitions say, by digest, read once each.
class definition_rules {
public:
  explicit definition_rules(definition_cache& from) : from_{from} {}
  /// A definition that cannot be read keeps its instances for ever.
  const retention_rule& of(const std::string& digest);

private:
  definition_cache& from_;
  std::unordered_map<std::string, retention_rule> known_;
};

/// Whether an instance has ended longer ago than it is to be kept.
[[nodiscard]] bool is_over(const storage::head& of, const keeping& by,
                           timestamp now);

/// How far a preview looks.
struct preview_bounds {
  std::size_t heads = 100'000;
  std::size_t rows = 200'000; ///< Of all instances that would go.
};

/// What would be purged now, by policy: the body of GET /v1/admin/retention.
/// Takes at most as long as the bounds allow; any thread.
[[nodiscard]] result<json::object>
preview_of(const storage::store& in, definition_cache& definitions,
           const retention_rules& rules, timestamp now,
           const preview_bounds& bounds = {});

} // namespace pawl::actors
