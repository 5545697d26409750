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
  row_list rows;
  rows.erase(family::definition, key);
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
  std::string prefix{"n"};
  if (!ns.empty()) {
    prefix.append(ns).push_back('\0');
    if (!name.empty())
      prefix.append(name).push_back('\0');
  }
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

} // namespace pawl::storage
