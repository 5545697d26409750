#include "actors/context.hpp"
#include "actors/notify/message_post.hpp"
#include "actors/notify/post_box.hpp"
#include "base/bytes.hpp"
#include "storage/keys.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <set>

/// What operators do with messages that could not be delivered.
namespace pawl::actors {

namespace {

constexpr std::size_t page = 128;

error unknown_subscription() {
  return {errc::not_found, "There is no subscription with this name."};
}

error unknown_message() {
  return {errc::not_found, "There is no dead message with this id."};
}

/// The number of a hexadecimal digit, in lower case; 16 for anything else.
std::size_t digit_of(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  return std::min(digits.find(c), digits.size());
}

/// The key of the row that a client calls `id`; "" if it is no id.
std::string key_of(const std::string& queue, std::string_view id) {
  auto out = storage::outgoing_prefix(queue);
  if (id.empty() || id.size() % 2 != 0)
    return {};
  for (std::size_t at = 0; at < id.size(); at += 2) {
    const auto high = digit_of(id[at]);
    const auto low = digit_of(id[at + 1]);
    if (high > 15 || low > 15)
      return {};
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

/// What a client calls the row of this key.
std::string id_of(const std::string& queue, std::string_view key) {
  return to_hex(key.substr(storage::outgoing_prefix(queue).size()));
}

/// The greatest key that is less than `key`, among those of one length.
std::string before(std::string key) {
  const auto last = static_cast<unsigned char>(key.back());
  key.pop_back();
  if (last == 0)
    return key;
  key += static_cast<char>(last - 1);
  return key.append(8, '\xff');
}

/// Fails with errc::not_found, errc::corrupt.
result<storage::stored_message> find_row(const storage::store& in,
                                         const std::string& queue,
                                         const std::string& id) {
  const auto key = key_of(queue, id);
  if (key.empty())
    return unknown_message();
  auto rows = in.read_outgoing(queue, before(key), 1);
  if (!rows)
    return rows.error();
  if (rows->empty() || rows->front().key != key)
    return unknown_message();
  return std::move(rows->front());
}

json::value member_of(const json::object& event, std::string_view name) {
  const auto* value = event.if_contains(name);
  return value == nullptr ? json::value{} : *value;
}

/// As the API shows it, but for its event.
json::object told_of(const std::string& id, const message_read& what) {
  const auto& e = what.event;
  const auto how = what.dead.value_or(death{});
  return {{"id", id},
          {"eventId", member_of(e, "id")},
          {"type", member_of(e, "type")},
          {"source", member_of(e, "source")},
          {"instance", member_of(e, "subject")},
          {"time", member_of(e, "time")},
          {"reason", how.reason},
          {"status", how.status == 0 ? json::value{} : json::value(how.status)},
          {"attempts", how.tries},
          {"deadAt", to_text(how.at)}};
}

} // namespace

/// Rows that are no longer among the dead.
struct message_post::gone_dead {
  std::vector<std::string> keys;
  std::vector<std::string> reasons;
  std::vector<storage::stored_message> back; ///< What is tried again of them.

  /// Takes in a row; it is to go back into `queue`, unless that is "".
  void add(const storage::stored_message& row, const std::string& queue) {
    keys.push_back(row.key);
    const auto read = read_message(row.state);
    if (!read)
      return;
    if (read->dead)
      reasons.push_back(read->dead->reason);
    if (queue.empty())
      return;
    const auto dead = storage::outgoing_prefix(dead_queue_id(queue)).size();
    back.push_back({storage::outgoing_prefix(queue) + row.key.substr(dead),
                    message_state(to_text(json::value(read->event)))});
  }
};

void message_post::were_dead(box& of, const gone_dead& rows,
                             std::int64_t back) {
  {
    const std::lock_guard hold{lock_};
    of.dead -= std::ssize(rows.keys);
    of.pending += back;
    for (const auto& reason : rows.reasons)
      of.forget_reason(reason);
    if (back > 0)
      of.renewed = of.news = true;
  }
  if (back > 0)
    mail_->wake();
}

result<json::object> message_post::list_dead(const list_kept& what) const {
  const auto of = find(what.ns.value_or(""), what.dead_of);
  if (!of)
    return unknown_subscription();
  const auto queue = dead_queue_id(of->id);
  const auto after = what.cursor.empty() ? "" : key_of(queue, what.cursor);
  if (after.empty() && !what.cursor.empty())
    return error{errc::invalid_request, "The cursor is none of this list."};
  auto rows = ctx_.store.read_outgoing(queue, after, what.limit + 1);
  if (!rows)
    return rows.error();
  const bool more = rows->size() > what.limit;
  if (more)
    rows->pop_back();
  json::array items;
  for (const auto& row : *rows) {
    const auto read = read_message(row.state);
    if (!read)
      return read.error();
    items.emplace_back(told_of(id_of(queue, row.key), *read));
  }
  return json::object{
    {"items", std::move(items)},
    {"nextCursor",
     more ? json::value(id_of(queue, rows->back().key)) : json::value{}}};
}

result<json::object> message_post::read_dead(const kept_ref& which) const {
  const auto of = find(which.ns, which.name);
  if (!of)
    return unknown_subscription();
  const auto row = find_row(ctx_.store, dead_queue_id(of->id), which.message);
  if (!row)
    return row.error();
  auto read = read_message(row->state);
  if (!read)
    return read.error();
  auto out = told_of(which.message, *read);
  out["event"] = std::move(read->event);
  return out;
}

result<std::uint64_t>
message_post::redeliver(storage::store& in, const kept_ref& of,
                        std::span<const std::string> ids) {
  const auto to = find(of.ns, of.name);
  if (!to)
    return unknown_subscription();
  const auto from = dead_queue_id(to->id);
  std::uint64_t many = 0;
  const auto put_back = [&](const gone_dead& rows) -> result<> {
    if (auto done = in.change_outgoing(rows.back, rows.keys); !done)
      return done;
    many += rows.back.size();
    were_dead(*to, rows, std::ssize(rows.back));
    return {};
  };
  if (!ids.empty()) {
    gone_dead rows;
    for (const auto& id : std::set<std::string>{ids.begin(), ids.end()}) {
      const auto row = find_row(in, from, id);
      if (!row)
        return row.error();
      rows.add(*row, to->id);
    }
    if (auto done = put_back(rows); !done)
      return done.error();
    return many;
  }
  for (;;) {
    const auto found = in.read_outgoing(from, "", page);
    if (!found)
      return found.error();
    if (found->empty())
      return many;
    gone_dead rows;
    for (const auto& row : *found)
      rows.add(row, to->id);
    if (auto done = put_back(rows); !done)
      return done.error();
  }
}

result<> message_post::discard(storage::store& in, const kept_ref& which) {
  const auto of = find(which.ns, which.name);
  if (!of)
    return unknown_subscription();
  const auto row = find_row(in, dead_queue_id(of->id), which.message);
  if (!row)
    return row.error();
  gone_dead rows;
  rows.add(*row, "");
  if (auto done = in.change_outgoing({}, rows.keys); !done)
    return done;
  were_dead(*of, rows, 0);
  return {};
}

} // namespace pawl::actors
