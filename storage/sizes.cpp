#include "storage/sizes.hpp"

#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

namespace {
constexpr std::string_view prefix = "size/";
} // namespace

std::string size_key(std::string_view ns) {
  return std::string{prefix} + std::string{ns};
}

result<> namespace_sizes::load(const database& from) {
  const std::string first{prefix};
  scan rows{from, {family::meta, first, after_prefix(first), false}};
  const std::lock_guard hold{lock_};
  for (; rows.valid(); rows.next()) {
    const auto bytes = decode_number(rows.key(), rows.value());
    if (!bytes)
      return bytes.error();
    bytes_[std::string{rows.key().substr(prefix.size())}] = *bytes;
  }
  return rows.status();
}

/// Under the lock.
std::uint64_t namespace_sizes::after(std::string_view ns,
                                     std::int64_t more) const {
  const auto known = bytes_.find(ns);
  return (known == bytes_.end() ? 0 : known->second)
         + static_cast<std::uint64_t>(more);
}

void namespace_sizes::add_rows(row_list& rows, const change& what) const {
  const std::lock_guard hold{lock_};
  for (const auto& [ns, more] : what.by_) {
    const auto bytes = after(ns, more);
    if (bytes == 0)
      rows.erase(family::meta, size_key(ns));
    else
      rows.put(family::meta, size_key(ns), encode_number(bytes));
  }
}

void namespace_sizes::apply(const change& what) {
  const std::lock_guard hold{lock_};
  for (const auto& [ns, more] : what.by_) {
    const auto bytes = after(ns, more);
    if (bytes == 0)
      bytes_.erase(ns);
    else
      bytes_[ns] = bytes;
  }
}

std::uint64_t namespace_sizes::of(std::string_view ns) const {
  const std::lock_guard hold{lock_};
  return after(ns, 0);
}

namespace_sizes::totals namespace_sizes::all() const {
  const std::lock_guard hold{lock_};
  return bytes_;
}

std::uint64_t store::namespace_bytes(std::string_view ns) const {
  return sizes_->of(ns);
}

std::map<std::string, std::uint64_t, std::less<>>
store::namespace_bytes() const {
  return sizes_->all();
}

result<stored_sizes> store::measure_sizes(const instance_key& key,
                                          const head& of) const {
  stored_sizes out;
  const std::string mine{bytes_of(key)};
  for (const auto where : {family::journal, family::snapshot}) {
    scan rows{*db_,
              {.where = where,
               .from = mine,
               .until = after_prefix(mine),
               .one_instance = true,
               .once = true}};
    for (; rows.valid(); rows.next()) {
      const auto bytes = rows.key().size() + rows.value().size();
      if (where == family::journal)
        out.journal += bytes;
      else if (rows.key() == snapshot_key(key, of.snapshot))
        out.snapshot = bytes;
      else if (rows.key() == snapshot_key(key, of.older_snapshot))
        out.older_snapshot = bytes;
    }
    if (auto s = rows.status(); !s)
      return s.error();
  }
  return out;
}

result<std::size_t> store::put_sizes(std::span<const measured_instance> which) {
  row_list rows;
  namespace_sizes::change grown;
  std::size_t put = 0;
  for (const auto& one : which) {
    auto of = read_head(one.key);
    if (!of && of.error().code == errc::not_found)
      continue;
    if (!of)
      return of.error();
    // A turn has come between, and knew what it takes.
    if (of->sizes || of->last != one.last)
      continue;
    of->sizes = one.sizes;
    rows.put(family::head, bytes_of(one.key), encode_head(*of));
    grown.add(of->ns, 0, one.sizes.all());
    ++put;
  }
  if (put == 0)
    return put;
  sizes_->add_rows(rows, grown);
  if (auto written = db_->write(rows); !written)
    return written.error();
  sizes_->apply(grown);
  return put;
}

} // namespace pawl::storage
