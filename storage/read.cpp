#include "base/bytes.hpp"
#include "storage/database.hpp"
#include "storage/journal_row.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "workflow/codec.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <queue>

namespace pawl::storage {

namespace {

error corrupt_history(const instance_key& key, std::string_view why) {
  return {errc::corrupt, fmt::format("history of instance {}: {}",
                                     to_hex(bytes_of(key)), why)};
}

/// Hands on the facts of one row that come after `from`; false to stop.
result<bool> visit_row(const instance_key& key, const journal_row& row,
                       sequence& from,
                       const std::function<bool(history_item&&)>& visit) {
  auto facts = decode_events(row.facts);
  if (!facts)
    return corrupt_history(key, fmt::format("events {} to {}: {}", row.first,
                                            row.last(), facts.error().detail));
  if (facts->size() != row.count)
    return corrupt_history(key,
                           fmt::format("the row of event {} holds {} "
                                       "facts, and says {}",
                                       row.last(), facts->size(), row.count));
  auto number = row.first;
  for (auto& fact : *facts) {
    if (number++ <= from)
      continue;
    from = number - 1;
    if (!visit({from, row.at, std::move(fact)}))
      return false;
  }
  return true;
}

} // namespace

result<head> store::read_head(const instance_key& key) const {
  auto row = db_->get(family::head, bytes_of(key));
  if (!row)
    return row.error();
  if (!*row)
    return error{errc::not_found, "there is no such instance"};
  return decode_head(bytes_of(key), **row);
}

result<std::pair<sequence, std::string>>
store::read_snapshot(const instance_key& key) const {
  const std::string prefix{bytes_of(key)};
  scan rows{*db_, {family::snapshot, prefix, after_prefix(prefix), true}};
  for (; rows.valid(); rows.next()) {
    // A snapshot is a cache: a damaged one is passed over, and what it would
    // have saved is replayed.
    if (auto one = decode_snapshot(rows.key(), rows.value()))
      return std::pair{~get_u64(rows.key().substr(16)), std::move(one->second)};
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return std::pair{sequence{0}, std::string{}};
}

result<sequence>
store::replay(const instance_key& key, sequence from,
              const std::function<bool(history_item&&)>& visit) const {
  const database::read_point now{*db_};
  auto head_row = db_->get(family::head, bytes_of(key), &now);
  if (!head_row)
    return head_row.error();
  if (!*head_row)
    return error{errc::not_found, "there is no such instance"};
  auto of = decode_head(bytes_of(key), **head_row);
  if (!of)
    return of.error();
  if (from >= of->last)
    return from;
  const auto end = after_prefix(std::string{bytes_of(key)});
  scan rows{
    *db_, {family::journal, journal_key(key, from + 1), end, true}, &now};
  std::optional<std::uint64_t> chain;
  auto expected = from + 1;
  for (; rows.valid(); rows.next()) {
    auto row = decode_journal_row(rows.key(), rows.value());
    if (!row)
      return row.error();
    const bool first_row = !chain;
    if (first_row ? row->first > expected : row->first != expected)
      return corrupt_history(key, fmt::format("event {} is missing", expected));
    if (row->previous != chain.value_or(row->first == 1 ? 0 : row->previous))
      return corrupt_history(
        key, fmt::format("the chain is broken at event {}", row->first));
    auto more = visit_row(key, *row, from, visit);
    if (!more)
      return more.error();
    if (!*more)
      return from;
    chain = row->chain;
    expected = row->last() + 1;
  }
  if (auto s = rows.status(); !s)
    return s.error();
  if (expected != of->last + 1 || chain != of->chain)
    return corrupt_history(key, fmt::format("it ends at event {}, and should "
                                            "end at {} with another chain",
                                            expected - 1, of->last));
  return from;
}

result<std::vector<std::pair<timestamp, instance_key>>>
store::due_timers(timestamp until, std::size_t limit) const {
  std::vector<std::pair<timestamp, instance_key>> out;
  if (limit == 0)
    return out;
  // One walk a partition; of all, only the `limit` earliest are kept.
  std::priority_queue<std::pair<timestamp, instance_key>> earliest;
  scan rows{*db_, {family::timer, "", "", false}};
  for (int partition = 0; partition < 256; ++partition) {
    const std::string prefix{static_cast<char>(partition)};
    for (rows.seek(prefix); rows.valid() && rows.key().starts_with(prefix);
         rows.next()) {
      const std::pair one{time_at(rows.key().substr(1)),
                          instance_at(rows.key().substr(9))};
      if (one.first > until
          || (earliest.size() == limit && !(one < earliest.top())))
        break;
      earliest.push(one);
      if (earliest.size() > limit)
        earliest.pop();
    }
    if (auto s = rows.status(); !s)
      return s.error();
  }
  out.reserve(earliest.size());
  for (; !earliest.empty(); earliest.pop())
    out.push_back(earliest.top());
  std::ranges::reverse(out);
  return out;
}

result<std::optional<timestamp>> store::next_timer() const {
  auto first = due_timers(timestamp::max(), 1);
  if (!first)
    return first.error();
  return first->empty() ? std::nullopt : std::optional{first->front().first};
}

result<std::vector<instance_key>>
store::busy_instances(const std::optional<instance_key>& after,
                      std::size_t limit) const {
  std::vector<instance_key> out;
  const auto from
    = after ? std::string{bytes_of(*after)} + '\0' : std::string{};
  scan rows{*db_, {family::busy, from, "", false}};
  for (; rows.valid() && out.size() < limit; rows.next())
    if (rows.key().size() == sizeof(instance_key::bytes))
      out.push_back(instance_at(rows.key()));
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<std::vector<instance_key>>
store::left_children(const std::optional<instance_key>& after,
                     std::size_t limit) const {
  std::vector<instance_key> out;
  const auto from = after ? left_child_key(*after) + '\0' : std::string{};
  scan rows{*db_, {family::busy, from, "", false}};
  for (; rows.valid() && out.size() < limit; rows.next())
    if (is_left_child(rows.key()))
      out.push_back(instance_at(rows.key()));
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<std::optional<kept_answer>> store::read_answer(std::string_view scope,
                                                      timestamp now) const {
  const auto key = answer_key(scope);
  auto row = db_->get(family::dedup, key);
  if (!row)
    return row.error();
  if (!*row)
    return std::optional<kept_answer>{};
  auto answer = decode_answer(key, **row);
  if (!answer)
    return answer.error();
  if (answer->expires <= now || answer->scope != scope)
    return std::optional<kept_answer>{};
  return std::optional{std::move(*answer)};
}

result<std::optional<quarantine>>
store::read_quarantine(const instance_key& key) const {
  auto row = db_->get(family::quarantine, bytes_of(key));
  if (!row)
    return row.error();
  if (!*row)
    return std::optional<quarantine>{};
  auto what = decode_quarantine(bytes_of(key), **row);
  if (!what)
    return what.error();
  return std::optional{std::move(*what)};
}

} // namespace pawl::storage
