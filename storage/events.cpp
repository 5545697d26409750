#include "storage/events.hpp"

#include "storage/database.hpp"
#include "storage/row_reading.hpp"
#include "storage/values.hpp"
#include "workflow/codec.hpp"

#include <set>

namespace pawl::storage {

namespace {

/// The member `name` of a CloudEvent if it is a text, else "".
std::string_view text_of(const datum& event, std::string_view name) {
  const auto* object = event->if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string_view{}
                         : std::string_view{text->data(), text->size()};
}

/// Whether the event that leads to this key was accepted before and is still
/// remembered.
result<bool> seen_before(const database& db, const std::string& key,
                         timestamp now) {
  auto row = db.get(family::dedup, key);
  if (!row)
    return row.error();
  if (!*row)
    return false;
  auto expires = decode_seen(key, **row);
  if (!expires)
    return expires.error();
  return *expires > now;
}

} // namespace

std::uint64_t event_numbering::add(row_list& rows, std::string_view ns,
                                   timestamp arrived, timestamp expires,
                                   std::string_view cbor) {
  const auto key = event_key(++last_);
  rows.put(family::event, key, encode_event(ns, arrived, cbor));
  rows.put(family::garbage, garbage_key(expires, garbage_kind::event, key), {});
  return last_;
}

void event_numbering::finish(row_list& rows) const {
  rows.put(family::meta, meta_keys::last_event, encode_number(last_));
}

result<std::vector<arrived_event>>
// NOLINTNEXTLINE(readability-function-size): six things that differ by type.
store::put_events(std::span<const datum> batch, std::string_view ns,
                  timestamp now, duration buffer_for, duration dedup_for,
                  const std::optional<kept_answer>& answer,
                  const std::optional<audit_entry>& note) {
  row_list rows;
  event_numbering numbering{last_event_};
  std::vector<arrived_event> accepted;
  std::set<std::string> in_this_batch;
  for (const auto& e : batch) {
    const auto source = text_of(e, "source");
    const auto id = text_of(e, "id");
    if (!source.empty() && !id.empty()) {
      const auto key = seen_key(ns, source, id);
      auto seen = seen_before(*db_, key, now);
      if (!seen)
        return seen.error();
      if (*seen || !in_this_batch.insert(key).second)
        continue;
      const auto until = now + dedup_for;
      rows.put(family::dedup, key, encode_seen(until));
      rows.put(family::garbage, garbage_key(until, garbage_kind::seen, key),
               {});
    }
    std::string cbor;
    append_cbor(cbor, *e);
    const auto number = numbering.add(rows, ns, now, now + buffer_for, cbor);
    accepted.push_back({number, std::string{ns}, e, now});
  }
  if (numbering.used())
    numbering.finish(rows);
  if (answer)
    add_answer(rows, *answer);
  if (auto written = write_noted(rows, note); !written)
    return written.error();
  last_event_ = numbering.last();
  return accepted;
}

result<std::vector<arrived_event>> store::read_events(std::uint64_t number,
                                                      std::size_t limit) const {
  return read_rows(*db_, {family::event, event_key(number + 1), "", false},
                   decode_event, limit);
}

std::uint64_t store::last_event() const {
  return last_event_;
}

result<> store::count_events() {
  auto row = db_->get(family::meta, meta_keys::last_event);
  if (!row)
    return row.error();
  if (!*row)
    return {};
  auto last = decode_number(meta_keys::last_event, **row);
  if (!last)
    return last.error();
  last_event_ = *last;
  return {};
}

result<std::vector<subscription>>
store::subscriptions(std::string_view type, std::string_view ns,
                     const std::optional<subscription>& after,
                     std::size_t limit) const {
  std::vector<subscription> out;
  // First the listens for exactly this type, then those for any.
  for (const auto wanted : {type, std::string_view{}}) {
    const auto prefix = index_prefix(index_kind::listener, index_value(wanted));
    auto from = prefix;
    if (after && after->type == wanted)
      from = listener_key(wanted, after->key, after->frame) + '\0';
    else if (after && after->type.empty())
      continue;
    scan rows{*db_, {family::index, from, after_prefix(prefix), false}};
    for (; rows.valid() && out.size() < limit; rows.next()) {
      const auto key = rows.key().substr(index_prefix_size);
      auto one = decode_subscription(key, rows.value());
      if (!one)
        return one.error();
      if (one->type == wanted && (ns.empty() || one->ns == ns))
        out.push_back(std::move(*one));
    }
    if (auto s = rows.status(); !s)
      return s.error();
    if (type.empty())
      break;
  }
  return out;
}

} // namespace pawl::storage
