#include "storage/bulk.hpp"

#include "storage/row_reading.hpp"
#include "storage/values.hpp"
#include "storage/wire.hpp"

namespace pawl::storage {

namespace {

constexpr std::uint8_t format = 1;

/// What the items of one operation begin with.
std::string items_of(std::string_view id) {
  return bulk_item_prefix().append(id).append("/");
}

} // namespace

std::string bulk_item_prefix() {
  return "bulk-item/";
}

std::string bulk_item_key(std::string_view id, std::uint64_t number) {
  auto out = items_of(id);
  put_u64(out, number);
  return out;
}

std::string encode_bulk_item(const stored_bulk_item& what) {
  auto out = begin_value(format, 12 + what.state.size());
  put_u64(out, what.number);
  put_text(out, what.state);
  seal(out);
  return out;
}

result<stored_bulk_item> decode_bulk_item(std::string_view key,
                                          std::string_view value) {
  wire_reader in{value, format};
  stored_bulk_item out;
  out.number = in.u64();
  out.state = in.text();
  if (!in.done() || key.size() < 8
      || get_u64(key.substr(key.size() - 8)) != out.number)
    return broken_row(family::meta, key);
  return out;
}

result<> store::put_bulk(const stored_record& what,
                         std::span<const stored_bulk_item> items,
                         const std::optional<kept_answer>& answer,
                         const std::optional<audit_entry>& note) {
  row_list rows;
  rows.put(family::meta, record_key(record_kind::bulk, what.id),
           encode_record(what));
  for (const auto& one : items)
    rows.put(family::meta, bulk_item_key(what.id, one.number),
             encode_bulk_item(one));
  if (answer)
    add_answer(rows, *answer);
  return write_noted(rows, note);
}

result<> store::remove_bulk(std::string_view id) {
  const auto items = items_of(id);
  row_list gone;
  gone.erase(family::meta, record_key(record_kind::bulk, id));
  gone.erase_range(family::meta, items, after_prefix(items));
  return db_->write(gone);
}

result<std::vector<stored_bulk_item>>
store::read_bulk_items(std::string_view id, std::uint64_t after,
                       std::size_t limit) const {
  return read_rows(*db_,
                   {family::meta, bulk_item_key(id, after + 1),
                    after_prefix(items_of(id)), false},
                   decode_bulk_item, limit);
}

} // namespace pawl::storage
