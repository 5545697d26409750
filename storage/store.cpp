#include "storage/store.hpp"

#include "storage/database.hpp"
#include "storage/sizes.hpp"

namespace pawl::storage {

store::store(std::unique_ptr<database> opened)
    : db_{std::move(opened)}, sizes_{std::make_unique<namespace_sizes>()} {}
store::~store() = default;

result<std::unique_ptr<store>> store::open(const open_options& options,
                                           recovery_report& found) {
  auto opened = database::open(options, found);
  if (!opened)
    return opened.error();
  std::unique_ptr<store> out{new store{std::move(*opened)}};
  if (auto counted = out->count_events(); !counted)
    return counted.error();
  if (auto ordered = out->order_definitions(); !ordered)
    return ordered.error();
  if (auto found_end = out->find_end_of_audit(); !found_end)
    return found_end.error();
  if (auto loaded = out->sizes_->load(*out->db_); !loaded)
    return loaded.error();
  return out;
}

result<> store::close() {
  return db_->close();
}
result<> store::put_answer(const kept_answer& what) {
  row_list rows;
  add_answer(rows, what);
  return db_->write(rows);
}
std::uint64_t store::free_bytes() const {
  return db_->free_bytes();
}
bool store::failed() const {
  return db_->failed();
}

} // namespace pawl::storage
