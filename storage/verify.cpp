#include "base/bytes.hpp"
#include "storage/bulk.hpp"
#include "storage/database.hpp"
#include "storage/index.hpp"
#include "storage/journal_row.hpp"
#include "storage/sizes.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "workflow/codec.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

namespace pawl::storage {

namespace {

/// Reads everything once and compares what must agree.
class verifier {
public:
  explicit verifier(const database& db) : db_{db} {}

  result<> run();
  std::vector<std::string> take_faults() { return std::move(faults_); }

private:
  /// Calls `look` with each row of `where`.
  template <class F>
  result<> each(family where, F&& look);
  void complain(std::string what) { faults_.push_back(std::move(what)); }
  void must_exist(family where, std::string_view key, std::string_view owner);
  void must_decode(family where, std::string_view key, bool decodes);

  result<> check_histories();
  result<> check_head(const instance_key& key, const head& of);
  void check_record(std::string_view key, std::string_view value);
  void check_snapshot(std::string_view key, std::string_view value);
  void check_sizes(const std::string& name, const head& of,
                   std::uint64_t found);
  void check_total(std::string_view ns, const result<std::uint64_t>& bytes);
  result<> check_counts();
  result<> check_values();
  void check_meta(std::string_view key, std::string_view value);
  result<> check_tombstones();

  const database& db_;
  std::vector<std::string> faults_;
  // How many rows there must be, no more, beside those that were looked up.
  std::map<family, std::uint64_t> expected_;
  std::map<sequence, std::uint64_t> chains_; // Of the history at hand.
  namespace_sizes::totals sizes_; // What heads say, less what rows say.
};

template <class F>
result<> verifier::each(family where, F&& look) {
  scan rows{db_, {where, "", "", false}};
  for (; rows.valid(); rows.next())
    look(rows.key(), rows.value());
  if (auto s = rows.status(); !s) {
    if (s.error().code == errc::io)
      return s.error();
    complain(s.error().detail);
  }
  return {};
}

void verifier::must_exist(family where, std::string_view key,
                          std::string_view owner) {
  ++expected_[where];
  auto row = db_.get(where, key);
  if (!row)
    complain(row.error().detail);
  else if (!*row)
    complain(fmt::format("{}: row {} of the family {} is missing", owner,
                         to_hex(key),
                         family_names[static_cast<std::size_t>(where)]));
}

void verifier::must_decode(family where, std::string_view key, bool decodes) {
  if (!decodes)
    complain(fmt::format("row {} of the family {} does not decode", to_hex(key),
                         family_names[static_cast<std::size_t>(where)]));
}

// What is kept by an id; rows of other kinds are left alone.
void verifier::check_record(std::string_view key, std::string_view value) {
  for (std::size_t i = 0; i < record_kind_count; ++i) {
    const auto kind = static_cast<record_kind>(i);
    if (key.starts_with(record_key(kind, "")))
      must_decode(family::meta, key,
                  decode_record(kind, key, value).has_value());
  }
}

void verifier::check_snapshot(std::string_view key, std::string_view value) {
  const auto one = decode_snapshot(key, value);
  if (!one)
    return complain(one.error().detail);
  const auto at = ~get_u64(key.substr(16));
  const auto known = chains_.find(at);
  if (known == chains_.end() || known->second != one->first)
    complain(fmt::format("snapshot of instance {} at event {} is of another "
                         "history",
                         to_hex(key.substr(0, 16)), at));
}

void verifier::check_sizes(const std::string& name, const head& of,
                           std::uint64_t found) {
  if (!of.sizes)
    return;
  if (of.sizes->all() != found)
    complain(fmt::format("{}: its rows take {} bytes, the head says {}", name,
                         found, of.sizes->all()));
  sizes_[of.ns] += of.sizes->all();
}

void verifier::check_total(std::string_view ns,
                           const result<std::uint64_t>& bytes) {
  must_decode(family::meta, size_key(ns), bytes.has_value());
  const auto known = sizes_.find(ns);
  const auto expected = known == sizes_.end() ? 0 : known->second;
  if (bytes && *bytes != expected)
    complain(fmt::format("the instances of namespace {} take {} bytes, its row "
                         "says {}",
                         ns, expected, *bytes));
  if (known != sizes_.end())
    sizes_.erase(known);
}

result<> verifier::check_head(const instance_key& key, const head& of) {
  const std::string prefix{bytes_of(key)};
  const auto name
    = fmt::format("instance {} ({}/{})", to_hex(prefix), of.ns, of.id);
  chains_.clear();
  std::uint64_t chain = 0;
  std::uint64_t bytes = 0;
  sequence last = 0;
  scan rows{db_, {family::journal, prefix, after_prefix(prefix), true}};
  for (; rows.valid(); rows.next()) {
    ++expected_[family::journal];
    bytes += rows.key().size() + rows.value().size();
    const auto row = decode_journal_row(rows.key(), rows.value());
    if (!row) {
      complain(name + ": " + row.error().detail);
      continue;
    }
    if (row->first != last + 1)
      complain(fmt::format("{}: events {} to {} are missing", name, last + 1,
                           row->first - 1));
    else if (row->previous != chain)
      complain(
        fmt::format("{}: the chain is broken at event {}", name, row->first));
    const auto facts = decode_events(row->facts);
    if (!facts || facts->size() != row->count)
      complain(fmt::format("{}: events {} to {} do not decode", name,
                           row->first, row->last()));
    last = row->last();
    chain = chains_[last] = row->chain;
  }
  if (auto s = rows.status(); !s)
    complain(name + ": " + s.error().detail);
  if (last != of.last || chain != of.chain)
    complain(fmt::format("{}: the history ends at event {}, the head says {}",
                         name, last, of.last));
  scan snapshots{db_, {family::snapshot, prefix, after_prefix(prefix), true}};
  for (; snapshots.valid(); snapshots.next()) {
    ++expected_[family::snapshot];
    bytes += snapshots.key().size() + snapshots.value().size();
    check_snapshot(snapshots.key(), snapshots.value());
  }
  check_sizes(name, of, bytes);
  for (const auto& row : index_rows(key, of))
    must_exist(family::index, row, name);
  if (of.next_timer)
    must_exist(family::timer, timer_key(key, *of.next_timer), name);
  if (of.busy)
    must_exist(family::busy, prefix, name);
  return {};
}

result<> verifier::check_histories() {
  result<> failed;
  auto walked = each(family::head, [&](auto key, auto value) {
    const auto of = decode_head(key, value);
    if (!of || key.size() != 16)
      return complain("the head of instance " + to_hex(key)
                      + " does not decode");
    if (failed)
      failed = check_head(instance_at(key), *of);
  });
  return walked ? failed : walked;
}

void verifier::check_meta(std::string_view key, std::string_view value) {
  if (key.starts_with(secret_key("")))
    must_decode(family::meta, key, decode_secret(key, value).has_value());
  else if (key.starts_with(bulk_item_prefix()))
    must_decode(family::meta, key, decode_bulk_item(key, value).has_value());
  else if (key.starts_with(size_key("")))
    check_total(key.substr(size_key("").size()), decode_number(key, value));
  else if (key.starts_with("out/"))
    must_decode(family::meta, key, decode_message(key, value).has_value());
  else
    check_record(key, value);
}

result<> verifier::check_values() {
  auto ok = each(family::busy, [&](auto key, auto value) {
    if (is_left_child(key) || is_lease(key))
      ++expected_[family::busy];
    if (is_lease(key))
      must_decode(family::busy, key, decode_lease(key, value).has_value());
  });
  if (ok)
    ok = each(family::quarantine, [&](auto key, auto value) {
      must_decode(family::quarantine, key,
                  decode_quarantine(key, value).has_value());
      auto row = db_.get(family::head, key);
      const auto of = row && *row ? decode_head(key, **row)
                                  : result<head>{error{errc::not_found, ""}};
      if (of)
        must_exist(
          family::index,
          index_key(index_kind::quarantined, 0, of->created, instance_at(key)),
          "quarantine of " + to_hex(key));
    });
  if (ok)
    ok = each(family::subscription, [&](auto key, auto value) {
      const auto one = decode_subscription(key, value);
      must_decode(family::subscription, key, one.has_value());
      if (one)
        must_exist(family::index, listener_key(one->type, one->key, one->frame),
                   "listen of " + to_hex(key));
    });
  if (ok)
    ok = each(family::event, [&](auto key, auto value) {
      must_decode(family::event, key, decode_event(key, value).has_value());
    });
  if (ok)
    ok = each(family::dedup, [&](auto key, auto value) {
      must_decode(family::dedup, key,
                  decode_seen(key, value) || decode_answer(key, value));
    });
  if (ok)
    ok = each(family::meta,
              [&](auto key, auto value) { check_meta(key, value); });
  for (const auto& [ns, bytes] : sizes_)
    complain(fmt::format("the instances of namespace {} take {} bytes, and "
                         "there is no row that says so",
                         ns, bytes));
  if (ok)
    ok = check_tombstones();
  if (ok)
    ok = each(family::definition, [&](auto key, auto value) {
      if (key.starts_with('s'))
        must_decode(family::definition, key,
                    decode_schedule_row(key, value).has_value());
      else if (key.starts_with('c'))
        must_decode(family::definition, key,
                    decode_definition(key, value).has_value());
      else if (key.starts_with('t'))
        must_exist(family::definition, key.substr(newest_prefix_size),
                   "list of definitions by time");
      else
        must_exist(family::definition, content_key(value), "definition");
    });
  return ok;
}

result<> verifier::check_tombstones() {
  const std::string first{static_cast<char>(index_kind::purged)};
  scan rows{db_, {family::index, first, after_prefix(first), false}};
  for (; rows.valid(); rows.next()) {
    const auto one = decode_tombstone(rows.key(), rows.value());
    must_decode(family::index, rows.key(), one.has_value());
    ++expected_[family::index];
    if (one && rows.key() != tombstone_key(one->id, key_of(one->ns, one->id)))
      complain("row " + to_hex(rows.key())
               + " of the family idx is the tombstone of another instance");
  }
  return rows.status();
}

result<> verifier::check_counts() {
  for (const auto where : {family::journal, family::snapshot, family::index,
                           family::timer, family::busy}) {
    std::uint64_t found = 0;
    if (auto ok = each(where, [&](auto, auto) { ++found; }); !ok)
      return ok;
    if (found > expected_[where])
      complain(
        fmt::format("the family {} holds {} rows that nothing stands for",
                    family_names[static_cast<std::size_t>(where)],
                    found - expected_[where]));
  }
  return {};
}

result<> verifier::run() {
  if (auto sums = db_.verify_checksums(); !sums)
    complain(sums.error().detail);
  auto ok = check_histories();
  if (ok)
    ok = check_values();
  if (ok)
    ok = check_counts();
  return ok;
}

} // namespace

result<std::vector<std::string>> verify(const store& what) {
  verifier all{*what.db_};
  if (auto done = all.run(); !done)
    return done.error();
  auto faults = all.take_faults();
  auto log = what.verify_audit(0, ~std::uint64_t{0});
  if (!log && log.error().code == errc::io)
    return log.error();
  if (!log)
    faults.push_back(log.error().detail);
  else
    std::ranges::move(log->faults, std::back_inserter(faults));
  return faults;
}

} // namespace pawl::storage
