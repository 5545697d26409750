#include "cli/prefix.hpp"

#include "base/ids.hpp"
#include "cli/problem.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace pawl::cli {
namespace {

constexpr std::size_t candidates_shown = 8;
constexpr int pages_max = 100; // Of 1,000 ids.

/// Whether this is a whole id of the daemon's making, hence no prefix.
bool is_ulid(std::string_view text) {
  return text.size() == 26 && text[0] >= '0' && text[0] <= '7'
         && text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
              == text.npos;
}

/// All ids that begin with `prefix`.
outcome<std::vector<std::string>> ids_like(session& s,
                                           const std::string& prefix) {
  std::vector<std::string> found;
  std::string cursor;
  for (int page = 0; page < pages_max; ++page) {
    std::string target = "/v1/instances?limit=1000";
    add_query(target, "namespace", s.ns);
    add_query(target, "cursor", cursor);
    auto list = call(s, {.target = target});
    if (!list)
      return list.error();
    const auto* items = find_at(*list, {"items"});
    if (items != nullptr && items->is_array())
      for (const auto& item : items->get_array())
        if (auto id = text_at(item, {"id"}); id.starts_with(prefix))
          found.push_back(std::move(id));
    cursor = text_at(*list, {"nextCursor"});
    if (cursor.empty())
      return found;
  }
  return failure{exit_code::usage,
                 "too many instances to look a prefix up; give the whole id"};
}

} // namespace

outcome<std::string> choose_id(std::string_view text,
                               const std::vector<std::string>& ids,
                               std::string_view what) {
  std::vector<std::string> found;
  for (const auto& id : ids) {
    if (id == text)
      return id;
    if (id.starts_with(text))
      found.push_back(id);
  }
  if (found.empty())
    return failure{exit_code::not_found,
                   fmt::format("no {} has an id that begins with '{}'", what,
                               printable(text))};
  if (found.size() == 1)
    return found[0];
  auto message = fmt::format(
    "'{}' is the beginning of {} ids:", printable(text), found.size());
  for (std::size_t i = 0; i < std::min(found.size(), candidates_shown); ++i)
    message += "\n  " + printable(found[i]);
  if (found.size() > candidates_shown)
    message += "\n  ...";
  return failure{exit_code::usage, message};
}

outcome<std::string> choose_among(std::string_view text,
                                  const std::vector<json::value>& items,
                                  std::string_view what) {
  std::vector<std::string> ids;
  ids.reserve(items.size());
  for (const auto& one : items)
    ids.push_back(text_at(one, {"id"}));
  return choose_id(text, ids, what);
}

outcome<std::string> resolve_id(session& s, const std::string& text) {
  if (!valid_instance_id(text))
    return failure{
      exit_code::usage,
      fmt::format("'{}' cannot be an instance id", printable(text))};
  if (is_ulid(text))
    return text;
  auto answer = s.http.send({.target = instance_target(s, text)});
  if (!answer)
    return answer.error();
  if (answer->status == 200)
    return text;
  if (answer->status != 404)
    return to_failure(*answer, {}, text);
  auto ids = ids_like(s, text);
  if (!ids)
    return ids.error();
  return choose_id(text, *ids);
}

} // namespace pawl::cli
