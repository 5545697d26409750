#include "storage/database.hpp"
#include "storage/definitions.hpp"
#include "storage/index.hpp"
#include "storage/sizes.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <algorithm>

namespace pawl::storage {

namespace {

/// Erases all rows of `where` that begin with `prefix`.
/// Few rows are erased one by one: a range leaves a mark that every later
/// reader of the family has to look at.
result<> erase_prefix(const database& db, row_list& rows, family where,
                      const std::string& prefix) {
  constexpr std::size_t one_by_one_max = 64;
  std::vector<std::string> keys;
  scan found{db, {where, prefix, after_prefix(prefix), false}};
  for (; found.valid() && keys.size() <= one_by_one_max; found.next())
    keys.emplace_back(found.key());
  if (auto s = found.status(); !s)
    return s.error();
  if (keys.size() > one_by_one_max) {
    rows.erase_range(where, prefix, after_prefix(prefix));
    return {};
  }
  for (const auto& key : keys)
    rows.erase(where, key);
  return {};
}

result<> erase_listens(const database& db, row_list& rows,
                       const std::string& prefix) {
  scan found{db, {family::subscription, prefix, after_prefix(prefix), false}};
  for (; found.valid(); found.next()) {
    auto one = decode_subscription(found.key(), found.value());
    if (!one)
      return one.error();
    rows.erase(family::subscription, found.key());
    rows.erase(family::index, listener_key(one->type, one->key, one->frame));
  }
  return found.status();
}

/// Remembers that the instance was there. An older tombstone of the same id is
/// replaced; its retention row finds the later expiry and lets it be.
void add_tombstone(row_list& rows, const instance_key& key, const head& of,
                   const purge_terms& terms) {
  if (terms.remembered_until <= terms.now)
    return;
  const auto row = tombstone_key(of.id, key);
  rows.put(family::index, row,
           encode_tombstone({of.ns, of.id, terms.now, terms.remembered_until}));
  rows.put(family::garbage,
           garbage_key(terms.remembered_until, garbage_kind::tombstone, row),
           {});
}

} // namespace

result<> store::erase_instance(row_list& rows, const instance_key& key,
                               const head& of, const purge_terms& terms) {
  const std::string prefix{bytes_of(key)};
  for (const auto where : {family::journal, family::snapshot, family::busy})
    if (auto done = erase_prefix(*db_, rows, where, prefix); !done)
      return done.error();
  if (auto done = erase_listens(*db_, rows, prefix); !done)
    return done.error();
  change_indexes(rows, key, &of, nullptr);
  for (const auto where : {family::head, family::quarantine})
    rows.erase(where, prefix);
  rows.erase(family::index,
             index_key(index_kind::quarantined, 0, of.created, key));
  if (of.next_timer)
    rows.erase(family::timer, timer_key(key, *of.next_timer));
  add_tombstone(rows, key, of, terms);
  auto named = db_->get(family::definition, definition_key(of.workflow));
  if (!named)
    return named.error();
  if (!*named || **named != of.digest)
    expire_content(rows, of.digest, clock::now());
  return {};
}

result<> store::remove_instance(const instance_key& key,
                                const purge_terms& terms,
                                const std::optional<audit_entry>& note) {
  auto of = read_head(key);
  if (!of)
    return of.error();
  if (!ended(of->status))
    return error{errc::invalid_state, "the instance has not ended"};
  row_list rows;
  if (auto done = erase_instance(rows, key, *of, terms); !done)
    return done;
  namespace_sizes::change shrunk;
  shrunk.add(of->ns, of->sizes ? of->sizes->all() : 0, 0);
  sizes_->add_rows(rows, shrunk);
  auto written = write_noted(rows, note);
  if (written)
    sizes_->apply(shrunk);
  return written;
}

result<std::size_t> store::remove_ended(std::span<const ended_instance> which,
                                        const purge_terms& terms) {
  row_list rows;
  namespace_sizes::change shrunk;
  std::size_t removed = 0;
  for (const auto& one : which) {
    auto of = read_head(one.key);
    if (!of && of.error().code == errc::not_found)
      continue;
    if (!of)
      return of.error();
    // A retry may have opened it again since somebody judged it.
    if (!ended(of->status) || of->ended != one.ended)
      continue;
    if (auto done = erase_instance(rows, one.key, *of, terms); !done)
      return done.error();
    shrunk.add(of->ns, of->sizes ? of->sizes->all() : 0, 0);
    ++removed;
  }
  sizes_->add_rows(rows, shrunk);
  if (!rows.empty())
    if (auto written = db_->write(rows); !written)
      return written.error();
  sizes_->apply(shrunk);
  return removed;
}

result<std::vector<tombstone>>
store::tombstones_of(std::string_view instance_id, timestamp now) const {
  constexpr std::size_t most = 16;
  const auto prefix
    = index_prefix(index_kind::purged, index_value(instance_id));
  scan rows{*db_, {family::index, prefix, after_prefix(prefix), false}};
  std::vector<tombstone> out;
  for (; rows.valid() && out.size() < most; rows.next()) {
    auto one = decode_tombstone(rows.key(), rows.value());
    if (!one)
      return one.error();
    if (one->id == instance_id && one->expires > now)
      out.push_back(std::move(*one));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<std::optional<instance_key>> store::visit_heads(
  const std::optional<instance_key>& after, std::size_t max,
  const std::function<void(const instance_key&, head&&)>& visit) const {
  std::string from;
  if (after)
    from = std::string{bytes_of(*after)} + '\0';
  scan rows{*db_,
            {.where = family::head, .from = from, .until = {}, .once = true}};
  std::optional<instance_key> last;
  for (std::size_t seen = 0; rows.valid(); rows.next()) {
    if (seen++ == max)
      return last;
    auto of = decode_head(rows.key(), rows.value());
    if (!of)
      return of.error();
    last = instance_at(rows.key());
    visit(*last, std::move(*of));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return std::optional<instance_key>{};
}

result<footprint> store::measure(const instance_key& key,
                                 std::size_t rows_max) const {
  const std::string prefix{bytes_of(key)};
  footprint out;
  for (const auto where : {family::head, family::snapshot, family::journal}) {
    scan rows{*db_,
              {.where = where,
               .from = prefix,
               .until = after_prefix(prefix),
               .one_instance = where != family::head,
               .once = true}};
    for (; rows.valid(); rows.next()) {
      if (out.rows == rows_max) {
        out.complete = false;
        return out;
      }
      ++out.rows;
      out.bytes += rows.key().size() + rows.value().size();
    }
    if (auto s = rows.status(); !s)
      return s.error();
  }
  return out;
}

result<> store::reclaim() {
  for (const auto where :
       {family::journal, family::snapshot, family::head, family::index})
    if (auto done = db_->compact(where); !done)
      return done;
  return {};
}

void store::stop_reclaiming() {
  db_->stop_compacting();
}

std::uint64_t store::table_bytes() const {
  return db_->table_bytes();
}

} // namespace pawl::storage
