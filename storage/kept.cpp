#include "storage/row_reading.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"
#include "storage/wire.hpp"

/// What is kept by an id, and messages on their way out.
namespace pawl::storage {

namespace {

constexpr std::uint8_t format = 1;

// By record_kind. On disk.
constexpr std::array<std::string_view, record_kind_count> prefixes{
  "token/",        "hold/", "bulk/",  "limit/",
  "subscription/", "flag/", "fault/", "count/"};

} // namespace

std::string record_key(record_kind kind, std::string_view id) {
  return std::string{prefixes.at(static_cast<std::size_t>(kind))}.append(id);
}

std::string encode_record(const stored_record& what) {
  auto out = begin_value(format, 8 + what.id.size() + what.state.size());
  put_text(out, what.id);
  put_text(out, what.state);
  seal(out);
  return out;
}

result<stored_record> decode_record(record_kind kind, std::string_view key,
                                    std::string_view value) {
  wire_reader in{value, format};
  stored_record out;
  out.id = in.text();
  out.state = in.text();
  if (!in.done() || record_key(kind, out.id) != key)
    return broken_row(family::meta, key);
  return out;
}

result<> store::put_record(record_kind kind, const stored_record& what,
                           const std::optional<kept_answer>& answer,
                           const std::optional<audit_entry>& note) {
  row_list rows;
  rows.put(family::meta, record_key(kind, what.id), encode_record(what));
  if (answer)
    add_answer(rows, *answer);
  return write_noted(rows, note);
}

result<> store::remove_record(record_kind kind, std::string_view id,
                              const std::optional<audit_entry>& note) {
  const auto key = record_key(kind, id);
  const auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (!*before)
    return error{errc::not_found, "There is nothing with this name."};
  row_list rows;
  rows.erase(family::meta, key);
  return write_noted(rows, note);
}

result<std::vector<stored_record>> store::list_records(record_kind kind) const {
  const auto prefix = record_key(kind, "");
  const auto decode = [kind](std::string_view key, std::string_view value) {
    return decode_record(kind, key, value);
  };
  return read_rows(*db_, {family::meta, prefix, after_prefix(prefix), false},
                   decode);
}

result<> store::put_token(const stored_record& what,
                          const std::optional<audit_entry>& note) {
  const auto key = record_key(record_kind::token, what.id);
  const auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (*before)
    return error{errc::already_exists, "There is a token with this id."};
  row_list rows;
  rows.put(family::meta, key, encode_record(what));
  rows.put(family::meta, meta_keys::tokens_made, encode_number(1));
  return write_noted(rows, note);
}

result<bool> store::tokens_made() const {
  const auto row = db_->get(family::meta, meta_keys::tokens_made);
  if (!row)
    return row.error();
  return row->has_value();
}

std::string encode_message(std::string_view state) {
  auto out = begin_value(format, 4 + state.size());
  put_text(out, state);
  seal(out);
  return out;
}

result<std::string> decode_message(std::string_view key,
                                   std::string_view value) {
  wire_reader in{value, format};
  std::string out{in.text()};
  if (!in.done())
    return broken_row(family::meta, key);
  return out;
}

result<> store::change_outgoing(std::span<const stored_message> kept,
                                std::span<const std::string> gone) {
  row_list rows;
  for (const auto& one : kept)
    rows.put(family::meta, one.key, encode_message(one.state));
  for (const auto& key : gone)
    rows.erase(family::meta, key);
  return db_->write(rows);
}

result<std::vector<stored_message>>
store::read_outgoing(std::string_view subscription, std::string_view after,
                     std::size_t limit) const {
  const auto prefix = outgoing_prefix(subscription);
  const auto from = after.empty() ? prefix : std::string{after} + '\0';
  const auto decode = [](std::string_view key,
                         std::string_view value) -> result<stored_message> {
    auto state = decode_message(key, value);
    if (!state)
      return state.error();
    return stored_message{std::string{key}, std::move(*state)};
  };
  return read_rows(*db_, {family::meta, from, after_prefix(prefix), false},
                   decode, limit);
}

} // namespace pawl::storage
