#include "actors/kept/kept_book.hpp"

namespace pawl::actors {

namespace {

struct kind_entry {
  storage::record_kind stored;
  std::string_view path;
  std::string_view word;
};

// By kept_kind.
constexpr std::array<kind_entry, kept_kind_count> kinds{{
  {storage::record_kind::limit, "/v1/limits", "limit"},
  {storage::record_kind::subscription, "/v1/subscriptions", "subscription"},
  {storage::record_kind::flag, "/v1/flags", "flag"},
  {storage::record_kind::injected_fault, "/v1/faults", "injected fault"},
}};

std::size_t index_of(kept_kind kind) {
  return static_cast<std::size_t>(kind);
}

error broken(const storage::stored_record& row) {
  return {errc::corrupt, "what is kept as '" + row.id + "' does not decode"};
}

} // namespace

storage::record_kind stored_kind(kept_kind kind) {
  return kinds.at(index_of(kind)).stored;
}

std::string_view path_of(kept_kind kind) {
  return kinds.at(index_of(kind)).path;
}

std::string_view word_for(kept_kind kind) {
  return kinds.at(index_of(kind)).word;
}

storage::stored_record to_record(const kept_thing& what) {
  return {what.ns + "/" + what.name,
          to_text(json::value{{"namespace", what.ns},
                              {"name", what.name},
                              {"body", what.body},
                              {"created", unix_ms(what.created)},
                              {"updated", unix_ms(what.updated)},
                              {"by", what.by}})};
}

result<kept_thing> thing_of(const storage::stored_record& row) {
  const auto read = parse_json(row.state);
  if (!read || !read->is_object())
    return broken(row);
  const auto& o = read->get_object();
  const auto text = [&](std::string_view name) {
    const auto* member = o.if_contains(name);
    return member != nullptr && member->is_string()
             ? std::string{member->get_string()}
             : std::string{};
  };
  const auto time = [&](std::string_view name) {
    const auto* member = o.if_contains(name);
    return member != nullptr && member->is_int64()
             ? timestamp{duration{member->get_int64()}}
             : timestamp{};
  };
  const auto* body = o.if_contains("body");
  if (body == nullptr || !body->is_object() || text("name").empty())
    return broken(row);
  return kept_thing{.ns = text("namespace"),
                    .name = text("name"),
                    .body = body->get_object(),
                    .created = time("created"),
                    .updated = time("updated"),
                    .by = text("by")};
}

json::object kept_json(const kept_thing& what, const json::object& shown) {
  json::object out{
    {"name", what.name},
    {"namespace", what.ns.empty() ? json::value{} : json::value(what.ns)}};
  for (const auto& [key, value] : shown)
    out[key] = value;
  out["createdAt"] = to_text(what.created);
  out["updatedAt"] = to_text(what.updated);
  out["by"] = what.by;
  return out;
}

void kept_book::set(kept_kind kind, std::shared_ptr<kept_keeper> keeper) {
  keepers_.at(index_of(kind)) = std::move(keeper);
}

kept_keeper* kept_book::keeper(kept_kind kind) const {
  return keepers_.at(index_of(kind)).get();
}

result<> kept_book::load(kept_kind kind,
                         const std::vector<storage::stored_record>& all) {
  const std::lock_guard guard{lock_};
  for (const auto& row : all) {
    auto one = thing_of(row);
    if (!one)
      return one.error();
    auto name = key{one->ns, one->name};
    all_.at(index_of(kind)).insert_or_assign(std::move(name), std::move(*one));
  }
  return {};
}

void kept_book::open() {
  const std::lock_guard telling{telling_};
  for (std::size_t i = 0; i < kept_kind_count; ++i)
    if (keepers_.at(i))
      for (const auto& one : list(static_cast<kept_kind>(i)))
        keepers_.at(i)->changed(one.ns, one.name, &one);
}

void kept_book::put(kept_kind kind, kept_thing what) {
  const std::lock_guard telling{telling_};
  {
    const std::lock_guard guard{lock_};
    all_.at(index_of(kind)).insert_or_assign(key{what.ns, what.name}, what);
  }
  if (auto* keeps = keeper(kind))
    keeps->changed(what.ns, what.name, &what);
}

void kept_book::remove(kept_kind kind, const std::string& ns,
                       const std::string& name) {
  const std::lock_guard telling{telling_};
  {
    const std::lock_guard guard{lock_};
    all_.at(index_of(kind)).erase(key{ns, name});
  }
  if (auto* keeps = keeper(kind))
    keeps->changed(ns, name, nullptr);
}

std::optional<kept_thing> kept_book::find(kept_kind kind, const std::string& ns,
                                          const std::string& name) const {
  const std::lock_guard guard{lock_};
  const auto& all = all_.at(index_of(kind));
  const auto found = all.find(key{ns, name});
  if (found == all.end())
    return std::nullopt;
  return found->second;
}

std::vector<kept_thing> kept_book::list(kept_kind kind) const {
  const std::lock_guard guard{lock_};
  std::vector<kept_thing> out;
  for (const auto& [name, one] : all_.at(index_of(kind)))
    out.push_back(one);
  return out;
}

std::size_t kept_book::size(kept_kind kind) const {
  const std::lock_guard guard{lock_};
  return all_.at(index_of(kind)).size();
}

} // namespace pawl::actors
