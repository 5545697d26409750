#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

result<> store::put_hold(const stored_hold& what,
                         const std::optional<kept_answer>& answer,
                         const std::optional<audit_entry>& note) {
  row_list rows;
  rows.put(family::meta, hold_key(what.id), encode_hold_row(what));
  if (answer)
    add_answer(rows, *answer);
  return write_noted(rows, note);
}

result<> store::remove_hold(std::string_view id,
                            const std::optional<audit_entry>& note) {
  const auto key = hold_key(id);
  const auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (!*before)
    return error{errc::not_found, "There is no hold with this id."};
  row_list rows;
  rows.erase(family::meta, key);
  return write_noted(rows, note);
}

result<std::vector<stored_hold>> store::list_holds() const {
  const auto prefix = hold_key("");
  scan rows{*db_, {family::meta, prefix, after_prefix(prefix), false}};
  std::vector<stored_hold> out;
  for (; rows.valid(); rows.next()) {
    auto one = decode_hold_row(rows.key(), rows.value());
    if (!one)
      return one.error();
    out.push_back(std::move(*one));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

} // namespace pawl::storage
