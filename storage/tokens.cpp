#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

result<> store::put_token(const stored_token& what,
                          const std::optional<audit_entry>& note) {
  const auto key = token_key(what.id);
  const auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (*before)
    return error{errc::already_exists, "There is a token with this id."};
  row_list rows;
  rows.put(family::meta, key, encode_token_row(what));
  rows.put(family::meta, meta_keys::tokens_made, encode_number(1));
  return write_noted(rows, note);
}

result<> store::remove_token(std::string_view id,
                             const std::optional<audit_entry>& note) {
  const auto key = token_key(id);
  const auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (!*before)
    return error{errc::not_found, "There is no token with this id."};
  row_list rows;
  rows.erase(family::meta, key);
  return write_noted(rows, note);
}

result<std::vector<stored_token>> store::list_tokens() const {
  const auto prefix = token_key("");
  scan rows{*db_, {family::meta, prefix, after_prefix(prefix), false}};
  std::vector<stored_token> out;
  for (; rows.valid(); rows.next()) {
    auto one = decode_token_row(rows.key(), rows.value());
    if (!one)
      return one.error();
    out.push_back(std::move(*one));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<bool> store::tokens_made() const {
  const auto row = db_->get(family::meta, meta_keys::tokens_made);
  if (!row)
    return row.error();
  return row->has_value();
}

} // namespace pawl::storage
