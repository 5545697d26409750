#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Who may do what, and where. Pure: it knows no socket and no store.
namespace pawl::access {

/// What somebody is in the places that a binding names. Written as text
/// wherever it is kept.
enum class role : std::uint8_t {
  viewer,    ///< Reads.
  operator_, ///< Reads, starts, pauses, repairs, sends events.
  author,    ///< Reads, registers and removes definitions.
  worker,    ///< Takes work of one queue.
  approver,  ///< Decides for one group.
  admin      ///< All of it; over all namespaces also tokens, secrets, audit.
};

/// "viewer", "operator", ...
[[nodiscard]] std::string_view name_of(role r);

/// One role and where it holds.
struct binding {
  role is = role::viewer;
  std::string of = {}; ///< worker: the queue, approver: the group; "*" for any.
  std::vector<std::string> namespaces = {};  ///< "*" for all.
  std::vector<std::string> definitions = {}; ///< Names; none: all.
  /// operator only: it may send these events and do nothing else but read.
  std::vector<std::string> event_types = {};
  bool operator==(const binding&) const = default;
};

/// "operator", "worker:review".
[[nodiscard]] std::string role_text(const binding& what);

/// {"role","namespaces","definitions"?,"eventTypes"?}; `namespaces` is "*" or
/// a list.
[[nodiscard]] json::object to_json(const binding& what);

/// Reads what to_json writes; `pointer` is where `value` stands.
/// Fails with errc::invalid_request, with a fault for each mistake.
[[nodiscard]] result<binding> read_binding(const json::value& value,
                                           const std::string& pointer);

/// As read_binding, for a list of 1 to 64 of them.
[[nodiscard]] result<std::vector<binding>>
read_bindings(const json::value& value, const std::string& pointer);

} // namespace pawl::access
