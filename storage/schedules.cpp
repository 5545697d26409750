#include "storage/row_reading.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

result<> store::put_schedule(const stored_schedule& what,
                             const std::optional<kept_answer>& answer,
                             const std::optional<audit_entry>& note) {
  row_list rows;
  rows.put(family::definition, schedule_key(what.ns, what.name),
           encode_schedule_row(what));
  if (answer)
    add_answer(rows, *answer);
  return write_noted(rows, note);
}

result<> store::remove_schedule(std::string_view ns, std::string_view name) {
  row_list rows;
  rows.erase(family::definition, schedule_key(ns, name));
  return db_->write(rows);
}

result<stored_schedule> store::read_schedule(std::string_view ns,
                                             std::string_view name) const {
  const auto key = schedule_key(ns, name);
  auto row = db_->get(family::definition, key);
  if (!row)
    return row.error();
  if (!*row)
    return error{errc::not_found, "there is no such schedule"};
  return decode_schedule_row(key, **row);
}

result<std::vector<stored_schedule>>
store::list_schedules(const std::optional<stored_schedule>& after,
                      std::size_t limit) const {
  const std::string prefix{"s"};
  const auto from
    = after ? schedule_key(after->ns, after->name) + '\0' : prefix;
  return read_rows(*db_,
                   {family::definition, from, after_prefix(prefix), false},
                   decode_schedule_row, limit);
}

} // namespace pawl::storage
