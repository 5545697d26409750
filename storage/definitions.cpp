#include "storage/definitions.hpp"

#include "storage/database.hpp"
#include "storage/values.hpp"

namespace pawl::storage {

namespace {

/// Whether any instance under `prefix` of the index has `digest`, and, if
/// `only_live`, has not ended.
result<bool> any_instance(const database& db, const std::string& prefix,
                          std::string_view digest, bool only_live) {
  scan rows{db, {family::index, prefix, after_prefix(prefix), false}};
  for (; rows.valid(); rows.next()) {
    const auto key = instance_at(rows.key().substr(index_prefix_size + 8));
    auto row = db.get(family::head, bytes_of(key));
    if (!row)
      return row.error();
    if (!*row)
      continue;
    auto of = decode_head(bytes_of(key), **row);
    if (!of)
      return of.error();
    if (of->digest == digest && !(only_live && ended(of->status)))
      return true;
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return false;
}

/// What the keys of the definitions of `ns`/`name` begin with; "" for all.
std::string names_of(std::string_view ns, std::string_view name) {
  std::string prefix{"n"};
  if (!ns.empty()) {
    prefix.append(ns).push_back('\0');
    if (!name.empty())
      prefix.append(name).push_back('\0');
  }
  return prefix;
}

result<std::optional<stored_definition>> content_of(const database& db,
                                                    std::string_view digest) {
  const auto key = content_key(digest);
  auto row = db.get(family::definition, key);
  if (!row)
    return row.error();
  if (!*row)
    return std::optional<stored_definition>{};
  auto what = decode_definition(key, **row);
  if (!what)
    return what.error();
  return std::optional{std::move(*what)};
}

} // namespace

void expire_content(row_list& rows, std::string_view digest, timestamp now) {
  constexpr auto grace = std::chrono::hours{1};
  rows.put(family::garbage,
           garbage_key(now + grace, garbage_kind::content, content_key(digest)),
           {});
}

result<bool> is_needed(const database& db, std::string_view digest) {
  auto what = content_of(db, digest);
  if (!what)
    return what.error();
  if (!*what)
    return false;
  auto named = db.get(family::definition, definition_key((*what)->id));
  if (!named)
    return named.error();
  if (*named && **named == digest)
    return true;
  const auto& id = (*what)->id;
  return any_instance(
    db, index_prefix(index_kind::version, index_value(id.name, id.version)),
    digest, false);
}

result<bool>
store::put_definition(const stored_definition& what,
                      const std::optional<kept_answer>& answer,
                      const std::optional<stored_schedule>& schedule,
                      const std::optional<audit_entry>& note) {
  const auto key = definition_key(what.id);
  auto named = db_->get(family::definition, key);
  if (!named)
    return named.error();
  const bool fresh = !named->has_value();
  if (!fresh && **named != what.digest)
    return error{errc::already_exists, "version " + what.id.version + " of "
                                         + what.id.ns + '/' + what.id.name
                                         + " holds other content"};
  row_list rows;
  if (fresh) {
    rows.put(family::definition, key, what.digest);
    rows.put(family::definition, content_key(what.digest),
             encode_definition(what));
    rows.put(family::definition, newest_key(what.created, what.id), {});
  }
  if (fresh && schedule) {
    const auto at = schedule_key(schedule->ns, schedule->name);
    auto known = db_->get(family::definition, at);
    if (!known)
      return known.error();
    if (!*known)
      rows.put(family::definition, at, encode_schedule_row(*schedule));
  }
  if (answer)
    add_answer(rows, *answer);
  if (auto written = write_noted(rows, fresh ? note : std::nullopt); !written)
    return written.error();
  return fresh;
}

result<> store::remove_definition(const definition_id& id,
                                  const std::optional<audit_entry>& note) {
  const auto key = definition_key(id);
  auto digest = db_->get(family::definition, key);
  if (!digest)
    return digest.error();
  if (!*digest)
    return error{errc::not_found, "there is no such definition"};
  auto live
    = any_instance(*db_, index_prefix(index_kind::live, index_value(**digest)),
                   **digest, true);
  if (!live)
    return live.error();
  if (*live)
    return error{errc::in_use, "live instances still need the definition"};
  auto what = content_of(*db_, **digest);
  if (!what)
    return what.error();
  row_list rows;
  rows.erase(family::definition, key);
  if (*what)
    rows.erase(family::definition, newest_key((*what)->created, id));
  expire_content(rows, **digest, clock::now());
  return write_noted(rows, note);
}

result<stored_definition>
store::read_definition(const definition_id& id) const {
  auto digest = db_->get(family::definition, definition_key(id));
  if (!digest)
    return digest.error();
  if (!*digest)
    return error{errc::not_found, "there is no such definition"};
  return read_definition_by_digest(**digest);
}

result<stored_definition>
store::read_definition_by_digest(std::string_view digest) const {
  auto what = content_of(*db_, digest);
  if (!what)
    return what.error();
  if (!*what)
    return error{errc::not_found, "there is no definition with this digest"};
  return std::move(**what);
}

result<std::vector<stored_definition>>
store::list_definitions(std::string_view ns, std::string_view name,
                        const std::optional<definition_id>& after,
                        std::uint32_t limit) const {
  const auto prefix = names_of(ns, name);
  auto from = prefix;
  if (after)
    from = std::max(from, definition_key(*after) + '\0');
  scan rows{*db_, {family::definition, from, after_prefix(prefix), false}};
  std::vector<stored_definition> out;
  for (; rows.valid() && out.size() < limit; rows.next()) {
    auto what = content_of(*db_, rows.value());
    if (!what)
      return what.error();
    if (!*what)
      return error{errc::corrupt, "a definition has lost its content"};
    if (name.empty() || (*what)->id.name == name)
      out.push_back(std::move(**what));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<std::vector<stored_definition>> store::newest_definitions(
  std::string_view ns, std::string_view name,
  const std::optional<std::pair<timestamp, definition_id>>& after,
  std::uint32_t limit) const {
  const auto wanted = names_of(ns, name);
  std::string from{"t"};
  if (after)
    from = newest_key(after->first, after->second) + '\0';
  const database::read_point now{*db_};
  scan rows{*db_, {family::definition, from, after_prefix("t"), false}, &now};
  std::vector<stored_definition> out;
  for (; rows.valid() && out.size() < limit; rows.next()) {
    const auto named = rows.key().substr(newest_prefix_size);
    if (!named.starts_with(wanted))
      continue;
    auto digest = db_->get(family::definition, named, &now);
    if (!digest)
      return digest.error();
    auto what = *digest ? content_of(*db_, **digest)
                        : result<std::optional<stored_definition>>{
                          std::optional<stored_definition>{}};
    if (!what)
      return what.error();
    if (!*what)
      return error{errc::corrupt, "a definition has lost its content"};
    if (name.empty() || (*what)->id.name == name)
      out.push_back(std::move(**what));
  }
  if (auto s = rows.status(); !s)
    return s.error();
  return out;
}

result<> store::order_definitions() {
  auto known = db_->get(family::meta, meta_keys::definitions_by_time);
  if (!known)
    return known.error();
  if (*known)
    return {};
  // Written by a program that listed them by name.
  row_list rows;
  scan names{*db_, {family::definition, "n", after_prefix("n"), false}};
  for (; names.valid(); names.next()) {
    auto what = content_of(*db_, names.value());
    if (!what)
      return what.error();
    if (*what)
      rows.put(family::definition, newest_key((*what)->created, (*what)->id),
               {});
  }
  if (auto s = names.status(); !s)
    return s.error();
  rows.put(family::meta, meta_keys::definitions_by_time, encode_number(1));
  return db_->write(rows);
}

} // namespace pawl::storage
