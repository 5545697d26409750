#include "storage/index.hpp"
#include "storage/journal_row.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "workflow/codec.hpp"

#include <cassert>

namespace pawl::storage {

namespace {

void add_journal(prepared_turn& out, const turn& what) {
  const auto facts = encode_events(what.events);
  journal_row row;
  row.first = out.last_before + 1;
  row.count = static_cast<std::uint32_t>(what.events.size());
  row.at = what.at;
  row.previous = what.creates ? 0 : what.before.chain;
  row.facts = facts;
  out.last_after = row.last();
  out.rows.reserve(1024 + facts.size() + what.snapshot.size());
  const auto key = journal_key(what.key, out.last_after);
  const auto value = encode_journal_row(key, row);
  out.rows.put(family::journal, key, value);
  out.chain_after = row.chain;
  if (out.sizes_after)
    out.sizes_after->journal += key.size() + value.size();
}

void add_snapshot(prepared_turn& out, const turn& what) {
  const auto newest = what.creates ? 0 : what.before.snapshot;
  const auto older = what.creates ? 0 : what.before.older_snapshot;
  if (what.snapshot.empty()) {
    out.snapshot_after = newest;
    out.older_snapshot_after = older;
    return;
  }
  if (older != 0)
    out.rows.erase(family::snapshot, snapshot_key(what.key, older));
  const auto key = snapshot_key(what.key, out.last_after);
  const auto value = encode_snapshot(out.chain_after, what.snapshot);
  out.rows.put(family::snapshot, key, value);
  if (out.sizes_after) {
    out.sizes_after->older_snapshot = out.sizes_after->snapshot;
    out.sizes_after->snapshot = key.size() + value.size();
  }
  out.snapshot_after = out.last_after;
  out.older_snapshot_after = newest;
}

void add_wake_ups(prepared_turn& out, const head* before, const head& after) {
  const auto armed = before == nullptr ? std::nullopt : before->next_timer;
  if (armed != after.next_timer) {
    if (armed)
      out.rows.erase(family::timer, timer_key(out.key, *armed));
    if (after.next_timer)
      out.rows.put(family::timer, timer_key(out.key, *after.next_timer), {});
  }
  const bool busy = before != nullptr && before->busy;
  if (busy && !after.busy)
    out.rows.erase(family::busy, bytes_of(out.key));
  if (!busy && after.busy)
    out.rows.put(family::busy, bytes_of(out.key), {});
}

void add_left_children(prepared_turn& out, const turn& what) {
  for (const auto& child : what.left)
    out.rows.put(family::busy, left_child_key(child), {});
  if (ended(what.after.status) && what.is_child)
    out.rows.erase(family::busy, left_child_key(out.key));
}

void add_outgoing(prepared_turn& out, const turn& what) {
  std::uint64_t number = out.last_before;
  for (const auto& one : what.outgoing)
    out.rows.put(family::meta,
                 outgoing_key(one.subscription, what.at, what.key, ++number),
                 encode_message(one.state));
}

void forget_leases(prepared_turn& out, const turn& what) {
  for (const auto frame : what.jobs_ended)
    erase_lease(out.rows, out.key, frame);
}

void add_subscriptions(prepared_turn& out, const turn& what) {
  for (const auto& u : what.unsubscribed) {
    out.rows.erase(family::subscription,
                   subscription_key(u.type, out.key, u.frame));
    out.rows.erase(family::index, listener_key(u.type, out.key, u.frame));
  }
  for (const auto& s : what.subscribed) {
    const auto value = encode_subscription(s);
    out.rows.put(family::subscription,
                 subscription_key(s.type, out.key, s.frame), value);
    out.rows.put(family::index, listener_key(s.type, out.key, s.frame), value);
  }
}

} // namespace

void add_answer(row_list& rows, const kept_answer& answer) {
  const auto key = answer_key(answer.scope);
  rows.put(family::dedup, key, encode_answer(answer));
  rows.put(family::garbage,
           garbage_key(answer.expires, garbage_kind::answer, key), {});
}

prepared_turn prepare(const turn& what) {
  assert(!what.events.empty());
  prepared_turn out;
  out.key = what.key;
  out.creates = what.creates;
  out.last_before = what.creates ? 0 : what.before.last;
  if (what.creates)
    out.tombstone = tombstone_key(what.after.id, what.key);
  const auto* before = what.creates ? nullptr : &what.before;
  out.sizes_after
    = before == nullptr ? std::optional{stored_sizes{}} : before->sizes;
  out.ns = what.after.ns;
  add_journal(out, what);
  add_snapshot(out, what);
  auto after = what.after;
  out.settle(after);
  out.rows.put(family::head, bytes_of(what.key), encode_head(after));
  change_indexes(out.rows, what.key, before, &after);
  add_wake_ups(out, before, after);
  add_left_children(out, what);
  add_subscriptions(out, what);
  forget_leases(out, what);
  add_outgoing(out, what);
  if (what.answer)
    add_answer(out.rows, *what.answer);
  out.bytes = out.rows.bytes();
  out.note = what.note;
  if (!what.emitted.empty()) {
    out.at = what.at;
    out.emitted_until = what.at + what.emitted_for;
    for (const auto& e : what.emitted) {
      append_cbor(out.emitted.emplace_back(), *e);
      out.bytes += out.emitted.back().size();
    }
  }
  return out;
}

void prepared_turn::settle(head& after) const {
  after.last = last_after;
  after.chain = chain_after;
  after.snapshot = snapshot_after;
  after.older_snapshot = older_snapshot_after;
  after.sizes = sizes_after;
}

} // namespace pawl::storage
