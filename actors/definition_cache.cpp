#include "actors/definition_cache.hpp"

#include "workflow/parse.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

namespace pawl::actors {

namespace {

/// Beyond this the cache starts anew: parsing again is cheap, memory is not.
constexpr std::size_t entries_max = 4096;

bool numeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

int sign(int n) {
  return n < 0 ? -1 : n > 0 ? 1 : 0;
}

/// Compares numbers of any length: leading zeros do not count.
int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size())
    return a.size() < b.size() ? -1 : 1;
  return sign(a.compare(b));
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos)
      return parts;
    text.remove_prefix(dot + 1);
  }
}

struct version {
  std::vector<std::string_view> core;
  std::vector<std::string_view> pre; ///< Empty for a release.
  bool valid = false;
};

version read(std::string_view text) {
  text = text.substr(0, text.find('+')); // Build metadata does not count.
  const auto dash = text.find('-');
  version v;
  v.core = split(text.substr(0, dash));
  if (dash != std::string_view::npos)
    v.pre = split(text.substr(dash + 1));
  v.valid
    = v.core.size() == 3 && std::all_of(v.core.begin(), v.core.end(), numeric);
  return v;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_number = numeric(a);
  if (a_is_number != numeric(b))
    return a_is_number ? -1 : 1;
  return a_is_number ? compare_numbers(a, b) : sign(a.compare(b));
}

int compare_lists(const std::vector<std::string_view>& a,
                  const std::vector<std::string_view>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (const int c = compare_identifiers(a[i], b[i]); c != 0)
      return c;
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

std::string name_of(const definition_ref& which) {
  return which.ns + '/' + which.name + '/' + which.version.value_or("");
}

} // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto x = read(a);
  const auto y = read(b);
  if (x.valid != y.valid)
    return x.valid ? 1 : -1;
  if (!x.valid)
    return sign(a.compare(b));
  if (const int c = compare_lists(x.core, y.core); c != 0)
    return c;
  if (x.pre.empty() != y.pre.empty())
    return x.pre.empty() ? 1 : -1;
  return compare_lists(x.pre, y.pre);
}

result<definition_ptr> definition_cache::by_digest(const std::string& digest) {
  {
    const std::shared_lock hold{lock_};
    if (const auto found = by_digest_.find(digest); found != by_digest_.end())
      return found->second;
  }
  const auto row = store_.read_definition_by_digest(digest);
  if (!row)
    return row.error();
  return parsed(*row);
}

result<definition_ptr>
definition_cache::parsed(const storage::stored_definition& row) {
  {
    const std::shared_lock hold{lock_};
    if (const auto found = by_digest_.find(row.digest);
        found != by_digest_.end())
      return found->second;
  }
  auto read = parse_definition(row.document, row.resources);
  if (!read || !read->made)
    return error{errc::corrupt,
                 "The stored definition " + row.digest + " does not parse: "
                   + (read ? "it lacks resources" : read.error().detail)};
  add(read->made);
  return read->made;
}

void definition_cache::add(const definition_ptr& what) {
  const std::unique_lock hold{lock_};
  if (by_digest_.size() >= entries_max)
    by_digest_.clear();
  by_digest_.emplace(what->digest, what);
}

result<storage::stored_definition>
definition_cache::find_stored(const definition_ref& which) const {
  if (which.version) {
    auto row = store_.read_definition({which.ns, which.name, *which.version});
    if (!row && row.error().code == errc::not_found)
      return no_definition(which);
    return row;
  }
  std::optional<storage::stored_definition> best;
  std::optional<definition_id> after;
  constexpr std::uint32_t page = 100;
  while (true) {
    auto rows = store_.list_definitions(which.ns, which.name, after, page);
    if (!rows)
      return rows.error();
    for (auto& r : *rows) {
      after = r.id;
      if (!best || compare_versions(r.id.version, best->id.version) > 0)
        best = std::move(r);
    }
    if (rows->size() < page)
      break;
  }
  if (!best)
    return no_definition(which);
  return std::move(*best);
}

error no_definition(const definition_ref& which) {
  return {errc::not_found,
          "There is no definition " + which.ns + '/' + which.name
            + (which.version ? '/' + *which.version : "") + '.'};
}

result<definition_ptr> definition_cache::find(const definition_ref& which) {
  const auto name = name_of(which);
  std::uint64_t generation = 0;
  {
    const std::shared_lock hold{lock_};
    if (const auto found = by_name_.find(name); found != by_name_.end())
      return found->second;
    generation = generation_;
  }
  const auto row = find_stored(which);
  if (!row)
    return row.error();
  auto made = parsed(*row);
  if (!made)
    return made.error();
  const std::unique_lock hold{lock_};
  if (by_name_.size() >= entries_max)
    by_name_.clear();
  if (generation == generation_) // Else what was read may be out of date.
    by_name_[name] = *made;
  return made;
}

void definition_cache::names_changed() {
  const std::unique_lock hold{lock_};
  ++generation_;
  by_name_.clear();
}

} // namespace pawl::actors
