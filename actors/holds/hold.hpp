#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Holds: an operator's order that something stands still, whoever it concerns,
/// until he releases it or its time is over. Pure.
namespace pawl::actors {

/// What a hold is on. Members that are not "" must all fit.
struct hold_selector {
  std::string ns = {};
  std::string workflow = {}; ///< Its name.
  std::string version = {};
  std::string task = {};  ///< Pointer ("/do/0/book") or name ("book").
  std::string queue = {}; ///< Of workers.
  std::string host = {};  ///< "svc.example" or "svc.example:8080"; lower case.
  bool operator==(const hold_selector&) const = default;
};

/// What a hold keeps from going on.
enum class hold_kind : std::uint8_t {
  instance, ///< All that an instance does by itself.
  task,     ///< A task is not begun.
  queue,    ///< Jobs are not given to workers.
  host,     ///< HTTP calls are not made.
};
[[nodiscard]] hold_kind kind_of(const hold_selector& on);

/// A hold that somebody has placed.
struct placed_hold {
  std::string id; ///< A ULID: it sorts by time.
  hold_selector on = {};
  std::string reason = {};
  std::string by = {};
  timestamp created = {};
  std::optional<timestamp> until = {}; ///< It ends by itself then.
  bool operator==(const placed_hold&) const = default;
};

/// The version of a workflow whose instance something is about.
struct hold_place {
  std::string_view ns;
  std::string_view workflow;
  std::string_view version;
};

/// Whether instances of `what` are meant, as far as namespace, workflow and
/// version say.
[[nodiscard]] bool covers(const hold_selector& on, const hold_place& what);
/// Whether the task at `pointer` is meant: any, if the selector names none.
[[nodiscard]] bool names_task(const hold_selector& on,
                              std::string_view pointer);
/// Whether the host of `uri` is meant; false if the selector names none. A host
/// without a port is meant on every port, one with the port that the scheme
/// stands for also where the URI has none.
[[nodiscard]] bool names_host(const hold_selector& on, std::string_view uri);

/// What clients read of a hold, without how many it keeps waiting.
[[nodiscard]] json::object hold_json(const placed_hold& what);
[[nodiscard]] json::object selector_json(const hold_selector& on);

/// As bytes for the store, and back.
[[nodiscard]] std::string encode_hold(const placed_hold& what);
/// Fails with errc::corrupt.
[[nodiscard]] result<placed_hold> decode_hold(std::string_view stored);

} // namespace pawl::actors
