#include "base/bytes.hpp"
#include "storage/database.hpp"
#include "storage/definitions.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <algorithm>

namespace pawl::storage {

namespace {

family family_of(garbage_kind kind) {
  switch (kind) {
  case garbage_kind::event:
    return family::event;
  case garbage_kind::content:
    return family::definition;
  case garbage_kind::tombstone:
    return family::index;
  default:
    return family::dedup;
  }
}

/// When the row that a retention row is about expires now: it may have been
/// written again since, with a later expiry.
result<bool> has_expired(const database& db, garbage_kind kind,
                         std::string_view key, timestamp now) {
  if (kind == garbage_kind::content) {
    auto needed = is_needed(db, key.substr(1));
    if (!needed)
      return needed.error();
    return !*needed;
  }
  auto row = db.get(family_of(kind), key);
  if (!row)
    return row.error();
  if (!*row)
    return false;
  if (kind == garbage_kind::tombstone) {
    auto what = decode_tombstone(key, **row);
    if (!what)
      return what.error();
    return what->expires <= now;
  }
  if (kind == garbage_kind::answer) {
    auto answer = decode_answer(key, **row);
    if (!answer)
      return answer.error();
    return answer->expires <= now;
  }
  auto expires = decode_seen(key, **row);
  if (!expires)
    return expires.error();
  return *expires <= now;
}

} // namespace

result<> store::forget_left_child(const instance_key& key) {
  row_list rows;
  rows.erase(family::busy, left_child_key(key));
  return db_->write(rows);
}

result<> store::put_quarantine(const instance_key& key,
                               const std::optional<quarantine>& what) {
  auto of = read_head(key);
  if (!of)
    return of.error();
  const auto index = index_key(index_kind::quarantined, 0, of->created, key);
  row_list rows;
  if (what) {
    rows.put(family::quarantine, bytes_of(key), encode_quarantine(*what));
    rows.put(family::index, index, {});
  } else {
    rows.erase(family::quarantine, bytes_of(key));
    rows.erase(family::index, index);
  }
  return db_->write(rows);
}

void store::release_events(event_reader who, std::uint64_t number) {
  released_[static_cast<std::size_t>(who)] = number;
}

result<std::size_t> store::collect_garbage(timestamp now, std::size_t max) {
  const auto released = std::min(released_[0].load(), released_[1].load());
  row_list rows;
  std::size_t removed = 0;
  std::size_t seen = 0;
  std::size_t kept = 0; // So many, and what is behind them has to wait.
  scan found{*db_, {family::garbage, "", "", false}};
  constexpr std::size_t key_at = 9;
  for (; found.valid() && seen < max && kept < 16 * max; found.next()) {
    const auto row = found.key();
    if (row.size() <= key_at || time_at(row) > now)
      break;
    const auto kind = static_cast<garbage_kind>(row[8]);
    const auto key = row.substr(key_at);
    const bool is_event = kind == garbage_kind::event;
    if (is_event && get_u64(key) > released) {
      ++kept;
      continue;
    }
    ++seen;
    auto expired
      = is_event ? result<bool>{true} : has_expired(*db_, kind, key, now);
    if (!expired)
      return expired.error();
    if (*expired) {
      rows.erase(family_of(kind), key);
      ++removed;
    }
    rows.erase(family::garbage, row);
  }
  if (auto s = found.status(); !s)
    return s.error();
  if (!rows.empty())
    if (auto written = db_->write(rows); !written)
      return written.error();
  return removed;
}

} // namespace pawl::storage
