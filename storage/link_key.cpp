#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/wire.hpp"

namespace pawl::storage {

namespace {

constexpr std::uint8_t format = 1;

} // namespace

result<> store::put_link_key(std::string_view key) {
  auto before = db_->get(family::meta, meta_keys::link_key);
  if (!before)
    return before.error();
  if (*before)
    return {};
  std::string row(1, static_cast<char>(format));
  put_text(row, key);
  seal(row);
  row_list rows;
  rows.put(family::meta, std::string{meta_keys::link_key}, std::move(row));
  return db_->write(rows);
}

result<std::string> store::read_link_key() const {
  auto row = db_->get(family::meta, meta_keys::link_key);
  if (!row)
    return row.error();
  if (!*row)
    return error{errc::not_found, "no link has been signed yet"};
  wire_reader in{**row, format};
  std::string key{in.text()};
  if (in.broken())
    return error{errc::corrupt, "the key that signs links does not decode"};
  return key;
}

} // namespace pawl::storage
