#include "workflow/parse/context.hpp"

#include <algorithm>
#include <array>

/// `metadata.limit`, `cache` and `usage` of tasks, `budget` and `redact` of
/// documents.
namespace pawl::parsing {

namespace {

constexpr duration ttl_max = std::chrono::hours{24 * 365};

bool is_name(std::string_view name) {
  constexpr std::size_t length_max = 128;
  return !name.empty() && name.size() <= length_max
         && std::ranges::all_of(name, [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '.' || c == '_'
                     || c == '-';
            });
}

std::string read_limit_name(context& c, const cursor& where) {
  const auto* text = where.value->if_string();
  if (text != nullptr && is_name(*text))
    return std::string{*text};
  c.faults.invalid(where, "the name of a limit is 1 to 128 letters, digits, "
                          "'.', '_' or '-'");
  return {};
}

} // namespace

std::optional<limit_rule> read_limit(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  limit_rule out;
  if (where.value->is_string()) {
    out.name = read_limit_name(c, where);
    return out;
  }
  object_reader fields{c.faults, where, "'metadata.limit'"};
  if (!fields.is_object())
    return std::nullopt;
  if (const auto at = fields.need("name"); at.value != nullptr)
    out.name = read_limit_name(c, at);
  if (const auto at = fields.take("key"); at.value != nullptr)
    out.key = read_dynamic(c, at, site::task_body);
  constexpr std::array<std::string_view, 2> ways{"queue", "fault"};
  if (const auto i = read_choice(c, fields.take("onLimit"), ways))
    out.faults = *i == 1;
  fields.close();
  return out;
}

std::optional<cache_rule> read_cache(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  object_reader fields{c.faults, where, "'metadata.cache'"};
  if (!fields.is_object())
    return std::nullopt;
  cache_rule out;
  if (const auto at = fields.need("key"); at.value != nullptr)
    out.key = read_dynamic(c, at, site::task_body);
  if (const auto at = fields.need("ttl"); at.value != nullptr) {
    read_span(c, at, out.ttl);
    if (out.ttl <= duration{} || out.ttl > ttl_max)
      c.faults.invalid(at, "it must be a length of time, a year at most");
  }
  fields.close();
  return out;
}

std::optional<dynamic_value> read_usage(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  return read_dynamic(c, where, site::task_body);
}

void read_budget(context& c, const cursor& where) {
  if (where.value == nullptr)
    return;
  for_members(c, where, "'metadata.budget'",
              [&](const std::string& name, const cursor& at) {
                if (at.value->is_number() && at.value->to_number<double>() >= 0)
                  c.out.budget[name] = at.value->to_number<double>();
                else
                  c.faults.invalid(at, "a number, not below 0, is needed");
              });
}

void read_redaction(context& c, const cursor& where) {
  if (where.value == nullptr)
    return;
  const auto* items = where.value->if_array();
  if (items == nullptr)
    return c.faults.invalid(where, "a list of JSON Pointers is needed");
  constexpr std::array<std::string_view, 3> roots{"/input", "/output",
                                                  "/context"};
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto* text = (*items)[i].if_string();
    const bool rooted
      = text != nullptr && std::ranges::any_of(roots, [&](auto root) {
          return *text == root
                 || std::string_view{*text}.starts_with(std::string{root}
                                                        + "/");
        });
    if (rooted)
      c.out.sensitive.emplace_back(*text);
    else
      c.faults.invalid(where.item(i), "a JSON Pointer below /input, /output or "
                                      "/context is needed");
  }
}

} // namespace pawl::parsing
