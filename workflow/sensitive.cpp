#include "workflow/sensitive.hpp"

#include "workflow/late.hpp"

#include <algorithm>

namespace pawl {

namespace {

constexpr std::string_view mark = "***";
constexpr int depth_max = 32;

bool is_marked(const json::object& schema) {
  const auto* flag = schema.if_contains("x-sensitive");
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

// A reference within the document, as far as it leads to something.
const json::value* referred(const json::value& root,
                            const json::object& schema) {
  const auto* to = schema.if_contains("$ref");
  const auto* text = to != nullptr ? to->if_string() : nullptr;
  if (text == nullptr || !text->starts_with("#"))
    return nullptr;
  boost::system::error_code none;
  return root.find_pointer(std::string_view{*text}.substr(1), none);
}

// Walks the parts of a schema that describe parts of the value.
class place_finder {
public:
  explicit place_finder(const json::value& root) : root_{root} {}

  void walk(const json::value& at, const std::string& place, int depth) {
    const auto* schema = at.if_object();
    if (schema == nullptr || depth > depth_max)
      return;
    if (is_marked(*schema)) {
      found.push_back(place);
      return;
    }
    if (const auto* other = referred(root_, *schema))
      walk(*other, place, depth + 1);
    if (const auto* members = schema->if_contains("properties");
        members != nullptr && members->is_object())
      for (const auto& member : members->get_object())
        walk(member.value(), pointer_join(place, member.key()), depth + 1);
    for (const auto* name : {"items", "additionalProperties"})
      if (const auto* inner = schema->if_contains(name))
        walk(*inner, place + "/*", depth + 1);
    for (const auto* name : {"allOf", "anyOf", "oneOf", "prefixItems"})
      if (const auto* list = schema->if_contains(name);
          list != nullptr && list->is_array())
        for (const auto& one : list->get_array())
          walk(one,
               std::string_view{name} == "prefixItems" ? place + "/*" : place,
               depth + 1);
    for (const auto* name : {"if", "then", "else"})
      if (const auto* inner = schema->if_contains(name))
        walk(*inner, place, depth + 1);
  }

  std::vector<std::string> found;

private:
  const json::value& root_;
};

// The first part of a pointer, decoded, and the rest.
std::pair<std::string, std::string_view> step_of(std::string_view pointer) {
  const auto end = pointer.find('/', 1);
  std::string part{pointer.substr(1, end == pointer.npos ? end : end - 1)};
  for (const auto& [code, text] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}})
    for (std::size_t at = 0; (at = part.find(code, at)) != part.npos; ++at)
      part.replace(at, 2, text);
  return {std::move(part),
          end == pointer.npos ? std::string_view{} : pointer.substr(end)};
}

// Calls `visit` with each value below `v` that `pointer` leads to.
template <class V, class F>
void each_at(V& v, std::string_view pointer, const F& visit) {
  if (pointer.empty())
    return visit(v);
  const auto [part, rest] = step_of(pointer);
  if (auto* members = v.if_object()) {
    for (auto& member : *members)
      if (part == "*" || part == std::string_view{member.key()})
        each_at(member.value(), rest, visit);
  } else if (auto* items = v.if_array()) {
    for (std::size_t i = 0; i < items->size(); ++i)
      if (part == "*" || part == std::to_string(i))
        each_at((*items)[i], rest, visit);
  }
}

// Hides what stands at the places below the member `root` of `shown`.
void hide(json::object& shown, std::string_view root, std::string_view member,
          const std::vector<std::string>& places) {
  auto* value = shown.if_contains(member);
  if (value == nullptr)
    return;
  for (const auto& place : places)
    if (const std::string_view p{place};
        p == root || (p.starts_with(root) && p[root.size()] == '/'))
      each_at(*value, p.substr(root.size()), [](json::value& v) {
        if (!v.is_null())
          v = mark;
      });
}

} // namespace

std::vector<std::string> sensitive_places(const json::value& schema,
                                          const std::string& root) {
  place_finder finder{schema};
  finder.walk(schema, root, 0);
  return std::move(finder.found);
}

masker::masker(const instance_state& s, const definition& of) {
  if (of.sensitive.empty())
    return;
  places_ = &of.sensitive;
  const std::pair<std::string_view, const datum&> roots[]
    = {{"/input", s.raw_input}, {"/output", s.output}, {"/context", s.context}};
  for (const auto& place : of.sensitive)
    for (const auto& [root, value] : roots)
      if (std::string_view{place}.starts_with(root) && value)
        each_at(std::as_const(*value),
                std::string_view{place}.substr(root.size()),
                [&](const json::value& v) { values_.push_back(v); });
}

json::object masker::instance(json::object shown) const {
  if (idle())
    return shown;
  for (const auto* name : {"input", "output", "context"})
    hide(shown, "/" + std::string{name}, name, *places_);
  return std::move(anything(json::value(std::move(shown))).get_object());
}

json::object masker::fact(std::string_view type, json::object data) const {
  if (idle())
    return data;
  if (type == "instance.created" || type == "instance.started")
    hide(data, "/input", "input", *places_);
  if (type == "instance.completed")
    hide(data, "/output", "output", *places_);
  hide(data, "/context", "context", *places_);
  return std::move(anything(json::value(std::move(data))).get_object());
}

json::value masker::anything(json::value shown) const {
  return idle() ? shown : redact(std::move(shown), json::value(values_));
}

} // namespace pawl
