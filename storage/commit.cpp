#include "storage/database.hpp"
#include "storage/events.hpp"
#include "storage/sizes.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <unordered_map>

namespace pawl::storage {

namespace {

/// A group on its way to the disk. Later turns of the group see what earlier
/// ones changed, although none of it is written yet.
class group_commit {
public:
  group_commit(const database& db, const namespace_sizes& sizes,
               std::uint64_t last_event, audit_position audit)
      : db_{db}, sizes_{sizes}, numbering_{last_event}, trail_{
                                                          std::move(audit)} {}

  /// Takes the turn in, or says in `refusal` why not. Fails only if the store
  /// cannot be read.
  result<> admit(const prepared_turn& what, result<>& refusal);
  void add_note(const prepared_turn& what);

  /// All rows, in order. Valid until the next call.
  std::span<const row_list* const> rows();
  [[nodiscard]] std::uint64_t last_event() const { return numbering_.last(); }
  [[nodiscard]] const audit_position& audit() const { return trail_.last(); }
  [[nodiscard]] const namespace_sizes::change& grown() const { return grown_; }

private:
  /// A new instance with the id of one that was purged: that is forgotten.
  result<> take_up_id(const prepared_turn& what);
  /// Where the history of `key` ends; nothing if there is no such instance.
  result<std::optional<head_end>> end_of(const instance_key& key) const;

  const database& db_;
  const namespace_sizes& sizes_;
  namespace_sizes::change grown_;
  event_numbering numbering_;
  audit_trail trail_;
  std::unordered_map<instance_key, head_end> ends_;
  // What only this thread knows: numbers of events and of records, tombstones.
  // In a
  // deque's stead: reserved once, never moved while `parts_` points to it.
  std::vector<std::unique_ptr<row_list>> extra_;
  std::vector<const row_list*> parts_;
};

result<std::optional<head_end>>
group_commit::end_of(const instance_key& key) const {
  if (const auto seen = ends_.find(key); seen != ends_.end())
    return std::optional{seen->second};
  auto row = db_.get(family::head, bytes_of(key));
  if (!row)
    return row.error();
  if (!*row)
    return std::optional<head_end>{};
  auto end = decode_head_end(bytes_of(key), **row);
  if (!end)
    return end.error();
  return std::optional{*end};
}

void group_commit::add_note(const prepared_turn& what) {
  if (!what.note)
    return;
  auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
  trail_.add(rows, *what.note);
  parts_.push_back(&rows);
}

result<> group_commit::admit(const prepared_turn& what, result<>& refusal) {
  if (what.loose) {
    parts_.push_back(&what.rows);
    add_note(what);
    return {};
  }
  auto end = end_of(what.key);
  if (!end)
    return end.error();
  if (what.creates && *end) {
    refusal = error{errc::already_exists, "the instance exists already"};
    return {};
  }
  if (!what.creates && (!*end || (*end)->last != what.last_before)) {
    refusal = error{errc::conflict, "the history of the instance has moved on"};
    return {};
  }
  parts_.push_back(&what.rows);
  if (what.creates)
    if (auto taken = take_up_id(what); !taken)
      return taken;
  if (!what.emitted.empty()) {
    auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
    for (const auto& cbor : what.emitted)
      numbering_.add(rows, what.ns, what.at, what.emitted_until, cbor);
    parts_.push_back(&rows);
  }
  add_note(what);
  const head_end after{.last = what.last_after,
                       .bytes = what.sizes_after ? what.sizes_after->all() : 0};
  // From what the row says, which is what was counted: the turn's maker may
  // have measured an instance that nobody had.
  grown_.add(what.ns, *end ? (*end)->bytes : 0, after.bytes);
  ends_[what.key] = after;
  return {};
}

result<> group_commit::take_up_id(const prepared_turn& what) {
  auto buried = db_.get(family::index, what.tombstone);
  if (!buried)
    return buried.error();
  if (!*buried)
    return {};
  auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
  rows.erase(family::index, what.tombstone);
  parts_.push_back(&rows);
  return {};
}

std::span<const row_list* const> group_commit::rows() {
  if (!parts_.empty()) {
    auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
    sizes_.add_rows(rows, grown_);
    if (!rows.empty())
      parts_.push_back(&rows);
  }
  if (numbering_.used()) {
    auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
    numbering_.finish(rows);
    parts_.push_back(&rows);
  }
  if (trail_.used()) {
    auto& rows = *extra_.emplace_back(std::make_unique<row_list>());
    trail_.finish(rows);
    parts_.push_back(&rows);
  }
  return parts_;
}

} // namespace

result<std::vector<result<>>>
store::commit(std::span<const prepared_turn* const> group) {
  if (failed())
    return error{errc::io, "the disk has refused a write before"};
  group_commit pending{*db_, *sizes_, last_event_, audit_};
  std::vector<result<>> out;
  out.reserve(group.size());
  for (const auto* what : group) {
    if (auto taken = pending.admit(*what, out.emplace_back()); !taken)
      return taken.error();
  }
  if (const auto rows = pending.rows(); !rows.empty())
    if (auto written = db_->write(rows); !written)
      return written.error();
  sizes_->apply(pending.grown());
  last_event_ = pending.last_event();
  audit_ = pending.audit();
  return out;
}

} // namespace pawl::storage
