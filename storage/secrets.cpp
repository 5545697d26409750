#include "storage/row_reading.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

result<bool> store::put_secret(const sealed_secret& what,
                               std::optional<audit_entry> note) {
  const auto key = secret_key(what.name);
  auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  row_list rows;
  rows.put(family::meta, key, encode_secret(what));
  const bool fresh = !before->has_value();
  if (note)
    note->status = fresh ? 201 : 200;
  if (auto written = write_noted(rows, note); !written)
    return written.error();
  return fresh;
}

result<> store::remove_secret(std::string_view name,
                              const std::optional<audit_entry>& note) {
  const auto key = secret_key(name);
  auto before = db_->get(family::meta, key);
  if (!before)
    return before.error();
  if (!*before)
    return error{errc::not_found, "there is no such secret"};
  row_list rows;
  rows.erase(family::meta, key);
  return write_noted(rows, note);
}

result<sealed_secret> store::read_secret(std::string_view name) const {
  const auto key = secret_key(name);
  auto row = db_->get(family::meta, key);
  if (!row)
    return row.error();
  if (!*row)
    return error{errc::not_found, "there is no such secret"};
  return decode_secret(key, **row);
}

result<std::vector<sealed_secret>> store::list_secrets() const {
  const auto prefix = secret_key("");
  return read_rows(*db_, {family::meta, prefix, after_prefix(prefix), false},
                   decode_secret);
}

} // namespace pawl::storage
