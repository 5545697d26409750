#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "workflow/event.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::storage {

/// The column families: every kind of row that the store has
/// (docs/format/keys.md). The number is also the index of the family's handle;
/// retired ones stay, reserved.
enum class family : std::uint8_t {
  meta = 0,
  journal = 1,
  head = 2,
  snapshot = 3,
  busy = 4,
  timer = 5,
  event = 6,
  subscription = 7,
  dedup = 8,
  index = 9,
  garbage = 10,
  definition = 11,
  quarantine = 12,
};
inline constexpr std::size_t family_count = 13;

/// The name of each family inside RocksDB. `meta` lives in the one that every
/// RocksDB has.
inline constexpr std::array<std::string_view, family_count> family_names{
  "default", "jrn",   "head", "snap", "outbox", "timer", "evt",
  "sub",     "dedup", "idx",  "gc",   "def",    "quar"};

/// What an index row lists instances by. On disk: never renumber.
enum class index_kind : std::uint8_t {
  all = 1,
  ns = 2,
  status = 3,
  workflow = 4,    ///< By name.
  version = 5,     ///< By name and version.
  label = 6,       ///< By key and value.
  id = 7,          ///< By instance id, over all namespaces.
  live = 8,        ///< By digest of the definition, while it has not ended.
  quarantined = 9, ///< Set aside.
  listener = 10,   ///< Waiting listens by type; keyed otherwise, see below.
  state = 11,      ///< By business state.
  approval = 12,   ///< While an approval waits for people.
  purged = 20,     ///< Tombstones by instance id; see tombstone_key().
};

/// What a retention row is about. On disk: never renumber.
enum class garbage_kind : std::uint8_t {
  answer = 1,
  seen = 2,
  event = 3,
  content = 4,   ///< Of a removed definition.
  tombstone = 9, ///< Of a purged instance.
};

/// Rows of the family `meta`.
namespace meta_keys {
inline constexpr std::string_view format = "format";
inline constexpr std::string_view last_event = "last_event";
inline constexpr std::string_view boots = "boots";
/// All definitions stand in the list by time; see newest_key().
inline constexpr std::string_view definitions_by_time = "definitions_by_time";
inline constexpr std::string_view audit_last = "audit_last";
/// The last record that was pruned; as audit_last.
inline constexpr std::string_view audit_pruned = "audit_pruned";
inline constexpr std::string_view tokens_made = "tokens_made";
inline constexpr std::string_view link_key = "link_key";
inline constexpr std::string_view last_lease = "last_lease";
} // namespace meta_keys

/// The bytes of `key`, for rows that begin with the instance. Valid as long as
/// `key` is.
[[nodiscard]] inline std::string_view bytes_of(const instance_key& key) {
  return {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
}
/// The instance at the front of `row`, which holds at least 16 bytes.
[[nodiscard]] instance_key instance_at(std::string_view row);

/// The smallest key above all keys that begin with `prefix`; "" if none is.
[[nodiscard]] std::string after_prefix(std::string prefix);

/// Big-endian with the sign bit turned, so that times before 1970 sort too.
void put_time(std::string& out, timestamp t);
[[nodiscard]] timestamp time_at(std::string_view bytes);

/// instance, last sequence of the turn.
[[nodiscard]] std::string journal_key(const instance_key& key, sequence last);
/// instance, inverted sequence: the newest comes first.
[[nodiscard]] std::string snapshot_key(const instance_key& key, sequence at);
/// partition, due time, instance.
[[nodiscard]] std::string timer_key(const instance_key& key, timestamp due);
/// instance, frame, hash of the type.
[[nodiscard]] std::string subscription_key(std::string_view type,
                                           const instance_key& key,
                                           frame_id frame);
/// In the index: kind, hash of the type, instance, frame. An arriving event
/// looks its type up here.
[[nodiscard]] std::string listener_key(std::string_view type,
                                       const instance_key& key, frame_id frame);
/// Digest of the scope; its first byte is the partition.
/// Beside the row of a busy instance, in the same family.
[[nodiscard]] std::string left_child_key(const instance_key& key);
[[nodiscard]] bool is_left_child(std::string_view row);
/// In the same family: instance, 2, frame.
[[nodiscard]] std::string lease_key(const instance_key& key, frame_id frame);
[[nodiscard]] bool is_lease(std::string_view row);
[[nodiscard]] std::string answer_key(std::string_view scope);
/// Digest of namespace, source and id of a CloudEvent.
[[nodiscard]] std::string seen_key(std::string_view ns, std::string_view source,
                                   std::string_view id);
[[nodiscard]] std::string event_key(std::uint64_t number);
/// expiry, kind, the key of the row that expires.
[[nodiscard]] std::string garbage_key(timestamp expires, garbage_kind kind,
                                      std::string_view row);
/// 'n', namespace, 0, name, 0, version.
[[nodiscard]] std::string definition_key(const definition_id& id);
/// In meta: "secret/", name.
[[nodiscard]] std::string secret_key(std::string_view name);
/// In meta: "out/", subscription, "/", time, instance, number.
[[nodiscard]] std::string outgoing_prefix(std::string_view subscription);
[[nodiscard]] std::string outgoing_key(std::string_view subscription,
                                       timestamp at, const instance_key& key,
                                       std::uint64_t number);
/// In meta: "audit/", number.
[[nodiscard]] std::string audit_key(std::uint64_t number);
/// What all of these begin with.
[[nodiscard]] std::string audit_prefix();
/// 's', namespace, 0, name.
[[nodiscard]] std::string schedule_key(std::string_view ns,
                                       std::string_view name);
/// 't', inverted time of registration, definition_key(): newest first.
[[nodiscard]] std::string newest_key(timestamp created,
                                     const definition_id& id);
inline constexpr std::size_t newest_prefix_size = 9;
/// 'c', digest.
[[nodiscard]] std::string content_key(std::string_view digest);

/// kind, hash of the value, inverted time of creation, instance: newest first.
[[nodiscard]] std::string index_key(index_kind kind, std::uint64_t value,
                                    timestamp created, const instance_key& key);
/// In the index: kind, hash of the id, no time, instance. What a reader of a
/// purged id looks up.
[[nodiscard]] std::string tombstone_key(std::string_view id,
                                        const instance_key& key);
/// kind, hash of the value: what all rows of one filter begin with.
[[nodiscard]] std::string index_prefix(index_kind kind, std::uint64_t value);
inline constexpr std::size_t index_prefix_size = 9;
inline constexpr std::size_t index_key_size = index_prefix_size + 8 + 16;

/// Hash of one or two texts that an index row stands for. Two texts may share
/// one; whoever reads an index compares the head as well.
[[nodiscard]] std::uint64_t index_value(std::string_view first,
                                        std::string_view second = {});

} // namespace pawl::storage
