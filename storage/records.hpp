#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "storage/audit.hpp"
#include "storage/rows.hpp"
#include "workflow/event.hpp"
#include "workflow/status.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the store keeps and what it is asked for, as plain values.
namespace pawl::storage {

/// An approval that waits for people.
struct open_approval {
  frame_id frame = 0;
  std::uint32_t round = 1; ///< Which time the task asks.
  std::string task;        ///< Pointer.
  std::string title;
  std::vector<std::string> groups;
  std::vector<std::string> users;
  timestamp since;
  std::optional<timestamp> due;
  bool operator==(const open_approval&) const = default;
};

/// What an active task waits for. On disk: never renumber.
enum class wait_kind : std::uint8_t {
  timer = 1,
  event = 2,
  approval = 3,
  worker = 4,
  child = 5,
  retry = 6, ///< The end of a backoff.
};
inline constexpr std::array<std::string_view, 6> wait_kind_names{
  "timer", "event", "approval", "worker", "child", "retry"};

/// Places of an instance that wait for the same at the same task.
struct standing_wait {
  wait_kind kind = wait_kind::timer;
  std::string task; ///< Pointer; "" for all that are too many to be named.
  std::uint32_t count = 1;
  timestamp since; ///< Of the one that has waited longest.
  bool operator==(const standing_wait&) const = default;
};

/// An event that users may send now.
struct awaited_type {
  std::string type;
  std::string route; ///< The last segment of its path.
  std::string task;  ///< Pointer of the task that takes it.
  bool operator==(const awaited_type&) const = default;
};

/// What the store keeps of an instance beside its history: enough to list it
/// and to find what must go on after a restart. Written with every turn.
///
/// `labels` has those that it was started with, and what its definition lists
/// it by (`metadata.index`), with attribute_mark before the name.
inline constexpr char attribute_mark = '@';
struct head {
  std::string ns;
  std::string id;
  definition_id workflow;
  std::string digest; ///< Of the definition; hexadecimal.
  instance_status status = instance_status::pending;
  sequence last = 0;       ///< The last event of the history.
  std::uint64_t chain = 0; ///< Over all its journal rows.
  timestamp created;
  std::optional<timestamp> started;
  timestamp updated;
  std::optional<timestamp> ended;
  std::map<std::string, std::string> labels;
  std::string error;           ///< JSON text of the error, "" if there is none.
  std::string outcome;         ///< JSON text, "" if there is none.
  std::uint64_t completed = 0; ///< Tasks.
  std::uint64_t faulted = 0;   ///< Tasks.
  std::optional<timestamp> next_timer; ///< The earliest timer that is armed.
  bool busy
    = false; ///< It goes on by itself: effects are out, or work is left.
  sequence snapshot = 0; ///< The event that the newest snapshot stands at.
  sequence older_snapshot = 0; ///< The one before it, which is kept as well.
  std::string state;           ///< The business state, "" if it has none.
  std::vector<open_approval> approvals;
  std::optional<timestamp> state_since; ///< When `state` was entered.
  std::vector<standing_wait> waits; ///< While it goes on: what it waits for.
  std::vector<std::string> verbs;   ///< Those that would do something now.
  std::vector<awaited_type> takes;  ///< Events that users may send now.
  bool operator==(const head&) const = default;
};

/// Why an instance is set aside.
struct quarantine {
  std::string reason;
  timestamp since;
  std::uint32_t crashes = 0;
  bool operator==(const quarantine&) const = default;
};

/// The first answer to a request with an Idempotency-Key, kept to be given
/// again.
struct kept_answer {
  std::string scope;       ///< Credential, method, path and key: what names it.
  std::string body_digest; ///< SHA-256 of the request body.
  std::uint32_t status = 0; ///< HTTP status.
  std::string location;     ///< Header, "" for none.
  std::string body;         ///< JSON text.
  timestamp expires;
  bool operator==(const kept_answer&) const = default;
};

/// A CloudEvent on its way to listeners, in order of arrival.
struct arrived_event {
  std::uint64_t number = 0; ///< Order of arrival; given by the store.
  std::string ns;           ///< The namespace it is for; "" for all.
  datum event = null_datum();
  timestamp arrived;
};

/// A `listen` that waits: which arriving events its instance must be shown. It
/// has one for each type that it waits for.
struct subscription {
  instance_key key;
  frame_id frame = 0;
  std::string ns;
  std::string type; ///< The CloudEvents type if it is a constant, else "".
  timestamp since;
  bool operator==(const subscription&) const = default;
};

/// A `listen` waits for events of this type no more.
struct unsubscription {
  frame_id frame = 0;
  std::string type;
};

/// A message that is to leave for a subscriber (actors/notify/).
struct outgoing_message {
  std::string subscription; ///< Its id: without '/'.
  std::string state;        ///< Bytes; only their reader knows what they mean.
};
/// One that lies in the store. `key` is the store's own, in order of commit
/// times and, of one instance, of its history.
struct stored_message {
  std::string key;
  std::string state;
};

/// All that one turn of one instance changes. It is committed whole or not.
struct turn {
  instance_key key;
  bool creates = false; ///< The instance must not exist yet.
  head before;          ///< As last committed; unused when it creates.
  /// As it is to be. `last`, `chain` and both snapshots are ignored: prepare()
  /// knows them, and prepared_turn::settle() tells.
  head after;
  timestamp at;
  std::vector<event> events; ///< At least one.
  std::string snapshot;      ///< State after the turn, "" to write none.
  std::optional<kept_answer> answer;
  std::vector<datum> emitted; ///< CloudEvents to publish, in order.
  duration emitted_for = std::chrono::hours{24}; ///< They are buffered so long.
  std::vector<subscription> subscribed;
  std::vector<unsubscription> unsubscribed;
  std::vector<instance_key> left; ///< Children to cancel; see left_children().
  bool is_child = false;
  std::optional<audit_entry> note = {};        ///< Of whoever caused the turn.
  std::vector<frame_id> jobs_ended = {};       ///< Their leases are forgotten.
  std::vector<outgoing_message> outgoing = {}; ///< In order.
};

/// A turn as rows, made ready outside the writer's thread.
struct prepared_turn {
  instance_key key;
  bool creates = false;
  sequence last_before = 0;
  sequence last_after = 0;
  std::uint64_t chain_after = 0;
  sequence snapshot_after = 0;
  sequence older_snapshot_after = 0;
  row_list rows;
  std::string ns;
  timestamp at;
  timestamp emitted_until;
  std::string tombstone = {}; ///< Of a new instance: the row that must go.
  std::vector<std::string> emitted;     ///< CBOR; numbered at commit.
  std::optional<audit_entry> note = {}; ///< Placed at commit.
  std::size_t bytes = 0; ///< Of all rows: what the writer's queue counts.
  bool loose = false;    ///< No turn: only rows, which are always taken.

  /// Fills into the head after the turn what prepare() found out: after a
  /// successful commit, `after` is then the `before` of the next turn.
  void settle(head& after) const;
};

/// Turns `what` into rows. Pure; any thread.
[[nodiscard]] prepared_turn prepare(const turn& what);

/// Adds the rows that keep `answer` until it expires.
void add_answer(row_list& rows, const kept_answer& answer);

/// A history item as stored.
struct history_item {
  sequence number = 0;
  timestamp at;
  event fact;
};

/// Which instances a list shows; absent means all. Newest first.
struct list_query {
  std::optional<std::string> ns;
  std::optional<std::string> workflow;
  std::optional<std::string> version;
  std::optional<instance_status> status;
  std::optional<std::string> state;          ///< The business state.
  std::map<std::string, std::string> labels; ///< All of them must match.
  /// Only of these namespaces; an empty list is none at all.
  std::optional<std::vector<std::string>> namespaces = {};
  /// What else must hold of an instance; null for nothing.
  std::function<bool(const head&)> shown = {};
  std::optional<timestamp> started_after;
  std::optional<timestamp> started_before;
  std::optional<bool> quarantined;
  bool approvals = false;    ///< Only those that wait for people.
  std::uint32_t limit = 100; ///< At most 1,000.
  std::string cursor;        ///< As a former page gave it; "" for the first.
};
struct list_page {
  std::vector<head> items;
  std::string next_cursor; ///< "" if this is the last page.
};

/// One stored version of a definition.
struct stored_definition {
  definition_id id;
  std::string digest;
  std::string source;       ///< The text as it was sent.
  std::string content_type; ///< application/json or application/yaml.
  std::string document;     ///< Canonical JSON.
  timestamp created;
  /// Texts that it was made of besides, by URI, as they were then.
  std::map<std::string, std::string> resources = {};
};

/// A secret as it lies on disk: sealed by secrets::keyring, which alone knows
/// what is in it.
struct sealed_secret {
  std::string name;
  std::string sealed;
  timestamp updated;
  bool operator==(const sealed_secret&) const = default;
};

/// What the store keeps by an id and knows no more of.
enum class record_kind : std::uint8_t {
  token, ///< A bearer token (access/token.hpp).
  hold,  ///< actors/holds/hold.hpp
  bulk,  ///< A bulk operation (actors/bulk/bulk.hpp).
  limit, ///< actors/kept/, as the next three.
  subscription,
  flag,
  injected_fault,
  count, ///< How much of a limit is used up (actors/limits/).
};
inline constexpr std::size_t record_kind_count = 8;
struct stored_record {
  std::string id;
  std::string state; ///< Bytes; only their reader knows what they mean.
  bool operator==(const stored_record&) const = default;
};

/// What is kept of a schedule (workflow/schedule.hpp). There is one at most for
/// each workflow of a namespace.
struct stored_schedule {
  std::string ns;
  std::string name;
  std::string state; ///< Bytes; only their reader knows what they mean.
};

/// Who reads the stored CloudEvents by their numbers.
enum class event_reader : std::uint8_t { broker, scheduler };

} // namespace pawl::storage
