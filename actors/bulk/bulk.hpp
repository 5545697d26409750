#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/records.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// One verb for all instances that a filter selects: what is ordered, how far
/// it is, and what became of each. Pure.
namespace pawl::actors {

enum class bulk_action : std::uint8_t {
  pause,
  resume,
  cancel,
  retry,
  skip,
  complete,
  fail,
  rollback,
  remove
};
/// "pause", ..., "delete".
[[nodiscard]] std::string_view name_of(bulk_action a);
[[nodiscard]] std::optional<bulk_action> parse_bulk_action(std::string_view t);
/// The operation of the API that it is for each instance: "pauseInstance".
[[nodiscard]] std::string_view operation_of(bulk_action a);
/// Whether the state table lets it do anything to an instance of `status`. A
/// filter that names no status selects only those.
[[nodiscard]] bool applies(bulk_action a, instance_status status);

/// As the parameters of a list; "" and absent mean all.
struct bulk_filter {
  std::string ns = {};
  std::string workflow = {};
  std::string version = {};
  std::optional<instance_status> status = {};
  std::string state = {}; ///< The business state.
  std::map<std::string, std::string> labels = {};
  std::optional<timestamp> started_after = {};
  std::optional<timestamp> started_before = {};
  std::optional<bool> quarantined = {};
  bool operator==(const bulk_filter&) const = default;
};
[[nodiscard]] json::object filter_json(const bulk_filter& f);
/// Newest first, those that were created before `until`.
[[nodiscard]] storage::list_query query_of(const bulk_filter& f, bulk_action a,
                                           timestamp until);

/// Who ordered it, so that it can be asked again whether he may.
struct bulk_orderer {
  std::string who = {};  ///< As mandate::who.
  std::string from = {}; ///< His address.
  std::string credential = {};
  std::string token_id = {};
  bool almighty = true; ///< He needs no role.
  bool operator==(const bulk_orderer&) const = default;
};

struct bulk_order {
  std::string id = {};
  bulk_action action = bulk_action::pause;
  bulk_filter filter = {};
  json::object args = {};    ///< The body of the verb, without `reason`.
  double rate = 0;           ///< Instances a second.
  std::uint64_t limit = 0;   ///< At most so many; never 0 once ordered.
  std::uint64_t matched = 0; ///< As counted when it was ordered.
  bool matched_all = true;   ///< It was counted to the end.
  std::string reason = {};
  bulk_orderer by = {};
  timestamp created = {};
};

/// On disk as text: never rename.
enum class bulk_status : std::uint8_t { running, paused, stopped, completed };
[[nodiscard]] std::string_view name_of(bulk_status s);
[[nodiscard]] std::optional<bulk_status> parse_bulk_status(std::string_view t);

enum class bulk_verb : std::uint8_t { pause, resume, stop };
[[nodiscard]] std::string_view name_of(bulk_verb v);

/// What became of one instance. On disk as text: never rename.
enum class bulk_outcome : std::uint8_t {
  pending, ///< Its turn has come, and it is not known yet.
  done,    ///< 2xx.
  refused, ///< It does not fit this instance, or may not be done.
  failed,  ///< The daemon could not.
  unknown, ///< Whether it was done cannot be told any more.
  left     ///< The operation was stopped first.
};
[[nodiscard]] std::string_view name_of(bulk_outcome o);
[[nodiscard]] std::optional<bulk_outcome>
parse_bulk_outcome(std::string_view t);

struct bulk_item {
  std::uint64_t number = 0;
  std::string ns = {};
  std::string id = {};
  bulk_outcome outcome = bulk_outcome::pending;
  std::uint32_t status = 0; ///< HTTP; of those that are done.
  std::string code = {};    ///< Of the problem, if there is one.
  std::string detail = {};
  timestamp at = {};
  std::uint32_t tries = 0; ///< Not kept.
  /// Not kept: it may have been done without anybody knowing.
  bool doubtful = false;
  bool operator==(const bulk_item&) const = default;
};

/// A bulk operation as it stands.
struct bulk {
  bulk_order order = {};
  bulk_status status = bulk_status::running;
  std::string detail = {};      ///< Why it stands still, or ended early.
  std::string cursor = {};      ///< Of the list; "" at its begin and end.
  bool walked = false;          ///< The list has ended.
  std::uint64_t taken = 0;      ///< The number of the last item.
  std::uint64_t batch_from = 0; ///< Items from here on may be pending; 0: none.
  std::map<bulk_outcome, std::uint64_t> counts = {}; ///< Not of the pending.
  timestamp updated = {};
  std::optional<timestamp> ended = {};

  [[nodiscard]] bool over() const {
    return status == bulk_status::stopped || status == bulk_status::completed;
  }
  [[nodiscard]] std::uint64_t settled() const;
};

/// Whether `v` is a way on from where `b` stands.
[[nodiscard]] bool allows(const bulk& b, bulk_verb v);

/// As it is stored.
[[nodiscard]] std::string encode_bulk(const bulk& what);
/// Fails with errc::corrupt.
[[nodiscard]] result<bulk> decode_bulk(std::string_view stored);
[[nodiscard]] std::string encode_item(const bulk_item& what);
/// Fails with errc::corrupt.
[[nodiscard]] result<bulk_item> decode_item(std::uint64_t number,
                                            std::string_view stored);

/// As clients see it.
[[nodiscard]] json::object display(const bulk& what);
[[nodiscard]] json::array allowed_actions(const bulk& what);
[[nodiscard]] json::object display(const bulk_item& what);

} // namespace pawl::actors
