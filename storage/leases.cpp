#include "storage/leases.hpp"

#include "storage/database.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

prepared_turn loose_rows(row_list rows, std::optional<audit_entry> note) {
  prepared_turn out;
  out.loose = true;
  out.rows = std::move(rows);
  out.note = std::move(note);
  out.bytes = out.rows.bytes();
  return out;
}

void add_lease(row_list& rows, const stored_lease& what) {
  rows.put(family::busy, lease_key(what.key, what.frame), encode_lease(what));
  rows.put(family::meta, meta_keys::last_lease, encode_number(what.last));
}

void erase_lease(row_list& rows, const instance_key& key, frame_id frame) {
  rows.erase(family::busy, lease_key(key, frame));
}

result<std::uint64_t> store::last_lease() const {
  auto row = db_->get(family::meta, meta_keys::last_lease);
  if (!row)
    return row.error();
  if (!*row)
    return std::uint64_t{0};
  return decode_number(meta_keys::last_lease, **row);
}

result<>
store::read_leases(const std::function<void(stored_lease&&)>& visit) const {
  scan rows{*db_, {family::busy, "", "", false}};
  for (; rows.valid(); rows.next()) {
    if (!is_lease(rows.key()))
      continue;
    auto one = decode_lease(rows.key(), rows.value());
    if (!one)
      return one.error();
    visit(std::move(*one));
  }
  return rows.status();
}

} // namespace pawl::storage
