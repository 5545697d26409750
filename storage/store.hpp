#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "storage/audit.hpp"
#include "storage/opening.hpp"
#include "storage/purged.hpp"
#include "storage/records.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::storage {

class database;
class namespace_sizes;   // storage/sizes.hpp
struct stored_lease;     // storage/leases.hpp
struct stored_bulk_item; // storage/bulk.hpp

/// Everything that Pawl remembers: one RocksDB with several column families
/// (storage/keys.hpp, docs/format/keys.md), one write-ahead log, one writer.
///
/// Invariant: what commit() reported as done survives kill -9 and power loss;
/// a history is numbered 1..n without gaps and its rows are chained.
///
/// Thread safety: commit(), put_* and remove_* are for one thread, the
/// journal writer's; all reading may be done from any thread at any time and
/// sees only what is committed.
class store {
public:
  /// Opens or creates the store.
  ///
  /// Fails with errc::locked if another process holds the directory,
  /// errc::corrupt if it is foreign, newer than this program or damaged (the
  /// detail names the file and the place), errc::disk_low if it is full,
  /// errc::io otherwise.
  static result<std::unique_ptr<store>> open(const open_options& options,
                                             recovery_report& found);
  /// Marks the stop as an orderly one if close() was called; never throws.
  ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// Flushes and marks the stop as an orderly one. Nothing may be called after.
  result<> close();

  // --- Writing: the journal writer's thread only -------------------------

  // A `note` goes into the audit log in the same write as what it tells of.

  /// Commits a group with one synced write. Each turn succeeds or fails alone:
  /// errc::already_exists (creates, but the instance is there),
  /// errc::conflict (its history ends elsewhere). What succeeded is durable on
  /// return.
  ///
  /// Fails as a whole with errc::io if the disk refused: then nothing is known
  /// and the process must end (exit 74).
  result<std::vector<result<>>>
  commit(std::span<const prepared_turn* const> group);

  /// Stores a definition. Fails with errc::already_exists if that version
  /// holds other content; the same content again is no failure and answers
  /// false, new content true. With it, in one write, the workflow gets
  /// `schedule` if it has none yet.
  result<bool> put_definition(const stored_definition& what,
                              const std::optional<kept_answer>& answer,
                              const std::optional<stored_schedule>& schedule
                              = {},
                              const std::optional<audit_entry>& note = {});
  /// Forgets a version; its content stays as long as instances are pinned to
  /// it, and for an hour, so that a start which is under way finds it.
  /// Fails with errc::not_found, errc::in_use (a live instance).
  result<> remove_definition(const definition_id& id,
                             const std::optional<audit_entry>& note = {});
  /// Purges an ended instance: history, head, indexes, snapshots. Its tombstone
  /// is written with it.
  /// Fails with errc::not_found, errc::invalid_state (not ended).
  result<> remove_instance(const instance_key& key,
                           const purge_terms& terms = {},
                           const std::optional<audit_entry>& note = {});
  /// Purges, in one write, those of `which` that still stand as they were
  /// judged, and returns how many.
  result<std::size_t> remove_ended(std::span<const ended_instance> which,
                                   const purge_terms& terms);
  /// Notes what was measured of instances whose sizes nobody knew, as far as
  /// they still stand so; returns of how many.
  result<std::size_t> put_sizes(std::span<const measured_instance> which);
  /// Accepts CloudEvents in one synced write; an event whose (source, id) was
  /// accepted less than `dedup_for` ago is left out. Returns those accepted,
  /// numbered.
  result<std::vector<arrived_event>>
  put_events(std::span<const datum> batch, std::string_view ns, timestamp now,
             duration buffer_for, duration dedup_for,
             const std::optional<kept_answer>& answer,
             const std::optional<audit_entry>& note = {});
  /// Stores a secret, in place of a former one. Returns whether it is new.
  result<bool> put_secret(const sealed_secret& what,
                          std::optional<audit_entry> note = {});
  /// Fails with errc::not_found.
  result<> remove_secret(std::string_view name,
                         const std::optional<audit_entry>& note = {});
  /// Stores a token. From then on tokens_made(). Fails with
  /// errc::already_exists.
  result<> put_token(const stored_record& what,
                     const std::optional<audit_entry>& note = {});
  /// Stores what is kept of `kind`, in place of a former one with this id.
  result<> put_record(record_kind kind, const stored_record& what,
                      const std::optional<kept_answer>& answer = {},
                      const std::optional<audit_entry>& note = {});
  /// Fails with errc::not_found.
  result<> remove_record(record_kind kind, std::string_view id,
                         const std::optional<audit_entry>& note = {});
  /// Stores messages to subscribers anew, and forgets those with the keys
  /// `gone`.
  result<> change_outgoing(std::span<const stored_message> kept,
                           std::span<const std::string> gone);
  /// Adds to the audit log what changed nothing: a refusal.
  result<> put_audit(const audit_entry& what);
  /// Forgets records of before `until`, the oldest first and at most `most`,
  /// and adds `note`, which then says which went and what they ended with.
  /// Returns how many.
  result<std::uint64_t> prune_audit(timestamp until, std::uint64_t most,
                                    audit_entry note);
  /// Keeps `key` as what links are signed with, unless there is one.
  result<> put_link_key(std::string_view key);
  /// Replaces what is kept of a schedule.
  result<> put_schedule(const stored_schedule& what,
                        const std::optional<kept_answer>& answer = {},
                        const std::optional<audit_entry>& note = {});
  /// Forgets a schedule, if there is one.
  result<> remove_schedule(std::string_view ns, std::string_view name);
  /// Stores how a bulk operation stands, and these lines of its report.
  result<> put_bulk(const stored_record& what,
                    std::span<const stored_bulk_item> items,
                    const std::optional<kept_answer>& answer = {},
                    const std::optional<audit_entry>& note = {});
  /// Forgets a bulk operation with its report, if there is one.
  result<> remove_bulk(std::string_view id);
  /// Keeps an answer that no other change goes with.
  result<> put_answer(const kept_answer& what);
  result<> put_quarantine(const instance_key& key,
                          const std::optional<quarantine>& what);
  /// Removes expired answers, events, deduplication rows, tombstones and the
  /// contents of definitions that were removed and that nothing is pinned to,
  /// at most `max`; returns how many. Events that a reader may still need stay.
  result<std::size_t> collect_garbage(timestamp now, std::size_t max);

  // --- Reading: any thread -----------------------------------------------

  /// Fails with errc::not_found, errc::corrupt.
  [[nodiscard]] result<head> read_head(const instance_key& key) const;
  /// The newest snapshot and the event it stands at; 0 and "" if none.
  [[nodiscard]] result<std::pair<sequence, std::string>>
  read_snapshot(const instance_key& key) const;
  /// Calls `visit` for each event after `from`, in order, until it returns
  /// false, and returns the sequence of the last one visited.
  /// Fails with errc::corrupt at a gap, a broken chain or a bad record.
  result<sequence>
  replay(const instance_key& key, sequence from,
         const std::function<bool(history_item&&)>& visit) const;
  [[nodiscard]] result<list_page> list(const list_query& query) const;
  /// Namespaces in which the instance id is taken, at most two.
  [[nodiscard]] result<std::vector<std::string>>
  namespaces_of(std::string_view instance_id) const;

  /// Tombstones of this id that have not expired, at most one a namespace and
  /// sixteen in all. An id that was taken again has none.
  [[nodiscard]] result<std::vector<tombstone>>
  tombstones_of(std::string_view instance_id, timestamp now) const;
  /// Calls `visit` with at most `max` heads after `after` in key order; returns
  /// where to go on, nothing at the end. The cache is left alone.
  [[nodiscard]] result<std::optional<instance_key>> visit_heads(
    const std::optional<instance_key>& after, std::size_t max,
    const std::function<void(const instance_key&, head&&)>& visit) const;
  /// What the history and the snapshots of an instance take; at most `rows_max`
  /// rows are looked at.
  [[nodiscard]] result<footprint> measure(const instance_key& key,
                                          std::size_t rows_max) const;

  /// What head::sizes of an instance should be: for those that older programs
  /// wrote. Reads all its rows.
  [[nodiscard]] result<stored_sizes> measure_sizes(const instance_key& key,
                                                   const head& of) const;
  /// What the instances of a namespace take: the sum of their head::sizes.
  [[nodiscard]] std::uint64_t namespace_bytes(std::string_view ns) const;
  /// The same of all namespaces that have something.
  [[nodiscard]] std::map<std::string, std::uint64_t, std::less<>>
  namespace_bytes() const;

  [[nodiscard]] result<stored_definition>
  read_definition(const definition_id& id) const;
  [[nodiscard]] result<stored_definition>
  read_definition_by_digest(std::string_view digest) const;
  /// The versions of `ns`/`name` ("" for all), ordered by id; at most `limit`
  /// after `after`.
  [[nodiscard]] result<std::vector<stored_definition>>
  list_definitions(std::string_view ns, std::string_view name,
                   const std::optional<definition_id>& after,
                   std::uint32_t limit) const;

  /// The same, newest first by the time of registration; `after` is the last of
  /// the page before.
  [[nodiscard]] result<std::vector<stored_definition>> newest_definitions(
    std::string_view ns, std::string_view name,
    const std::optional<std::pair<timestamp, definition_id>>& after,
    std::uint32_t limit) const;

  /// Instances whose earliest timer is due at or before `until`, in order of
  /// time, at most `limit`.
  [[nodiscard]] result<std::vector<std::pair<timestamp, instance_key>>>
  due_timers(timestamp until, std::size_t limit) const;
  /// The earliest timer of all, if there is one.
  [[nodiscard]] result<std::optional<timestamp>> next_timer() const;
  /// Instances that go on by themselves after a restart, after `after` in key
  /// order, at most `limit`.
  [[nodiscard]] result<std::vector<instance_key>>
  busy_instances(const std::optional<instance_key>& after,
                 std::size_t limit) const;
  /// Children that a turn has left behind (turn::left) and that have not ended
  /// since, after `after` in key order, at most `limit`.
  [[nodiscard]] result<std::vector<instance_key>>
  left_children(const std::optional<instance_key>& after,
                std::size_t limit) const;
  /// A child was found to have ended before it was left: writer's thread.
  [[nodiscard]] result<> forget_left_child(const instance_key& key);
  [[nodiscard]] result<std::optional<kept_answer>>
  read_answer(std::string_view scope, timestamp now) const;
  [[nodiscard]] result<std::optional<quarantine>>
  read_quarantine(const instance_key& key) const;
  /// Waiting listens that an event of `type` in namespace `ns` ("" for all)
  /// must be shown to, after `after` in key order, at most `limit`.
  [[nodiscard]] result<std::vector<subscription>>
  subscriptions(std::string_view type, std::string_view ns,
                const std::optional<subscription>& after,
                std::size_t limit) const;
  /// Buffered events that arrived after `number`, at most `limit`.
  [[nodiscard]] result<std::vector<arrived_event>>
  read_events(std::uint64_t number, std::size_t limit) const;
  /// Any thread: `who` needs no event up to `number` any more, once it has
  /// expired. As long as a reader has said nothing, all events are kept.
  void release_events(event_reader who, std::uint64_t number);
  /// Fails with errc::not_found, errc::corrupt.
  [[nodiscard]] result<stored_schedule>
  read_schedule(std::string_view ns, std::string_view name) const;
  /// Schedules ordered by namespace and name, at most `limit` after `after`.
  [[nodiscard]] result<std::vector<stored_schedule>>
  list_schedules(const std::optional<stored_schedule>& after,
                 std::size_t limit) const;
  /// Lines of a report behind number `after`, at most `limit`. Fails with
  /// errc::corrupt.
  [[nodiscard]] result<std::vector<stored_bulk_item>>
  read_bulk_items(std::string_view id, std::uint64_t after,
                  std::size_t limit) const;
  /// The number of the last lease that was given; 0 if none was.
  [[nodiscard]] result<std::uint64_t> last_lease() const;
  /// Calls `visit` with all leases, by instance and frame. Fails with
  /// errc::corrupt.
  [[nodiscard]] result<>
  read_leases(const std::function<void(stored_lease&&)>& visit) const;
  /// The number of the last event that arrived.
  [[nodiscard]] std::uint64_t last_event() const;

  /// Fails with errc::not_found, errc::corrupt.
  [[nodiscard]] result<sealed_secret> read_secret(std::string_view name) const;
  /// All secrets, ordered by name.
  [[nodiscard]] result<std::vector<sealed_secret>> list_secrets() const;

  /// All of a kind, ordered by id: with ids made by time, the oldest first.
  /// Fails with errc::corrupt.
  [[nodiscard]] result<std::vector<stored_record>>
  list_records(record_kind kind) const;
  /// Messages for a subscriber behind the key `after`, "" for the first, at
  /// most `limit`. Fails with errc::corrupt.
  [[nodiscard]] result<std::vector<stored_message>>
  read_outgoing(std::string_view subscription, std::string_view after,
                std::size_t limit) const;
  /// Whether a token was ever stored.
  [[nodiscard]] result<bool> tokens_made() const;

  /// A page of the audit log. Fails with errc::corrupt.
  [[nodiscard]] result<audit_page> read_audit(const audit_query& query) const;
  /// Reads the chain over: at most `max` records behind record `after`.
  /// Those that were pruned are passed over. Fails with errc::not_found if
  /// there never was such a record.
  [[nodiscard]] result<audit_check> verify_audit(std::uint64_t after,
                                                 std::uint64_t max) const;
  /// What links are signed with. Fails with errc::not_found if there is no key
  /// yet, errc::corrupt.
  [[nodiscard]] result<std::string> read_link_key() const;

  /// Free bytes of the file system that holds the store.
  [[nodiscard]] std::uint64_t free_bytes() const;
  /// Bytes of all tables on disk; what is in memory and in logs is not in it.
  [[nodiscard]] std::uint64_t table_bytes() const;
  /// Gives the space of purged instances back to the file system. Any thread;
  /// rewrites the tables that instances stand in, so it takes as long as they
  /// are large. Commits go on meanwhile.
  [[nodiscard]] result<> reclaim();
  /// Makes reclaim() end soon, now or when it is called. Any thread.
  void stop_reclaiming();
  /// Whether the disk has refused a write or a sync: commit() fails from then
  /// on, and the process must end.
  [[nodiscard]] bool failed() const;

private:
  friend result<std::vector<std::string>> verify(const store& what);
  friend class backups;
  explicit store(std::unique_ptr<database> opened);
  result<> count_events();
  result<> order_definitions();
  result<> erase_instance(row_list& rows, const instance_key& key,
                          const head& of, const purge_terms& terms);
  result<> find_end_of_audit();
  /// Writes `rows` and `note`, if there is any of it.
  result<> write_noted(row_list& rows, const std::optional<audit_entry>& note);

  std::unique_ptr<database> db_;
  std::unique_ptr<namespace_sizes> sizes_;
  std::atomic<std::uint64_t> last_event_{0};
  audit_position audit_; ///< The writer's thread only.
  /// By event_reader.
  std::array<std::atomic<std::uint64_t>, 2> released_{};
};

/// Reads every row offline: numbers, chains, checksums, heads against
/// histories, indexes against heads. Returns one sentence a fault; failing
/// itself only if the disk does.
[[nodiscard]] result<std::vector<std::string>> verify(const store& what);

} // namespace pawl::storage
