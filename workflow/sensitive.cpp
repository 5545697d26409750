#include "workflow/sensitive.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace pawl {

namespace {

constexpr std::string_view mark = "***";
constexpr int depth_max = 256;

bool is_marked(const json::object& schema) {
  const auto* flag = schema.if_contains("x-sensitive");
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

/// The schemas of a document that references name otherwise than by a pointer.
class named_schemas {
public:
  explicit named_schemas(const json::value& root) : root_{root} {
    look(root, 0);
  }

  /// Null if the reference leads nowhere.
  [[nodiscard]] const json::value* find(std::string_view to) const {
    const auto hash = std::min(to.find('#'), to.size());
    const auto* whole = hash == 0 ? &root_ : named(to.substr(0, hash));
    const auto part = to.substr(std::min(hash + 1, to.size()));
    if (whole == nullptr || part.empty())
      return whole;
    if (!part.starts_with('/'))
      return named(to.substr(hash));
    boost::system::error_code none;
    return whole->find_pointer(part, none);
  }

private:
  [[nodiscard]] const json::value* named(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  void look(const json::value& at, int depth) {
    if (depth > depth_max)
      return;
    if (const auto* list = at.if_array())
      for (const auto& one : *list)
        look(one, depth + 1);
    const auto* members = at.if_object();
    if (members == nullptr)
      return;
    for (const auto* name : {"$anchor", "$dynamicAnchor"})
      if (const auto* text = members->if_contains(name);
          text != nullptr && text->is_string())
        by_name_.emplace("#" + std::string{text->get_string()}, &at);
    if (const auto* id = members->if_contains("$id");
        id != nullptr && id->is_string()) {
      const std::string uri{id->get_string()};
      by_name_.emplace(uri, &at);
      by_name_.emplace(uri.substr(uri.rfind('/') + 1), &at);
    }
    for (const auto& member : *members)
      look(member.value(), depth + 1);
  }

  const json::value& root_;
  std::map<std::string, const json::value*, std::less<>> by_name_;
};

/// Walks the parts of a schema that describe parts of the value.
class place_finder {
public:
  explicit place_finder(const json::value& root) : schemas_{root} {}

  /// False if there is too much of it.
  bool walk(const json::value& at, const std::string& place) {
    const auto* schema = at.if_object();
    if (schema == nullptr)
      return true;
    if (is_marked(*schema)) {
      found.push_back(place);
      return true;
    }
    if (path_.size() >= depth_max || ++visits_ > visits_max)
      return false;
    if (std::ranges::count(path_, schema) > 0) {
      again_.insert(schema);
      return true;
    }
    path_.push_back(schema);
    const auto before = found.size();
    const bool all = walk_parts(*schema, place);
    path_.pop_back();
    // What contains itself has its places at any depth.
    if (again_.erase(schema) > 0)
      for (auto i = before, end = found.size(); i < end; ++i)
        found.push_back(place + "/**" + found[i].substr(place.size()));
    return all;
  }

  std::vector<std::string> found;

private:
  bool walk_parts(const json::object& schema, const std::string& place) {
    bool all = true;
    for (const auto* name : {"$ref", "$dynamicRef"})
      if (const auto* to = schema.if_contains(name);
          to != nullptr && to->is_string())
        if (const auto* other = schemas_.find(to->get_string().subview()))
          all = walk(*other, place) && all;
    if (const auto* members = schema.if_contains("properties");
        members != nullptr && members->is_object())
      for (const auto& member : members->get_object())
        all = walk(member.value(), pointer_join(place, member.key())) && all;
    // Which names a pattern means is not looked at: all could be meant.
    for (const auto* name :
         {"items", "prefixItems", "additionalItems", "contains",
          "unevaluatedItems", "patternProperties", "additionalProperties",
          "unevaluatedProperties"})
      all = walk_each(schema, name, place + "/*") && all;
    for (const auto* name : {"allOf", "anyOf", "oneOf", "dependentSchemas",
                             "dependencies", "if", "then", "else"})
      all = walk_each(schema, name, place) && all;
    return all;
  }

  // A schema, a list of some, or some by names.
  bool walk_each(const json::object& schema, const char* name,
                 const std::string& place) {
    const auto* inner = schema.if_contains(name);
    if (inner == nullptr)
      return true;
    const std::string_view what{name};
    bool all = true;
    if (const auto* list = inner->if_array()) {
      for (const auto& one : *list)
        all = walk(one, place) && all;
    } else if (what == "patternProperties" || what.starts_with("depend")) {
      if (const auto* members = inner->if_object())
        for (const auto& member : *members)
          all = walk(member.value(), place) && all;
    } else {
      all = walk(*inner, place);
    }
    return all;
  }

  static constexpr std::size_t visits_max = 20'000;

  named_schemas schemas_;
  std::vector<const json::object*> path_; ///< From the root to where it is.
  std::set<const json::object*> again_;   ///< Those that it met once more.
  std::size_t visits_ = 0;
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
  if (part == "**") { // Here, and at any depth.
    each_at(v, rest, visit);
    each_at(v, "/*" + std::string{pointer}, visit);
    return;
  }
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

// The place behind `root`; nothing if it is not below.
std::optional<std::string_view> below(std::string_view place,
                                      std::string_view root) {
  if (!place.starts_with(root)
      || (place.size() > root.size() && place[root.size()] != '/'))
    return std::nullopt;
  return place.substr(root.size());
}

// Hides what stands at the places below the member `root` of `shown`.
void hide(json::object& shown, std::string_view root, std::string_view member,
          const std::vector<std::string>& places) {
  auto* value = shown.if_contains(member);
  if (value == nullptr)
    return;
  for (const auto& place : places)
    if (const auto rest = below(place, root))
      each_at(*value, *rest, [](json::value& v) {
        if (!v.is_null())
          v = mark;
      });
}

// Whether `pointer` is one of the places, or below one.
bool is_at(std::string_view place, std::string_view pointer) {
  while (!place.empty()) {
    const auto [wanted, places] = step_of(place);
    if (wanted == "**") {
      for (auto rest = pointer;; rest = step_of(rest).second) {
        if (is_at(places, rest))
          return true;
        if (rest.empty())
          return false;
      }
    }
    if (pointer.empty())
      return false;
    const auto [part, rest] = step_of(pointer);
    if (wanted != "*" && wanted != part)
      return false;
    place = places;
    pointer = rest;
  }
  return true;
}

std::string task_in(const json::object& of) {
  const auto* task = of.if_contains("task");
  return task != nullptr && task->is_string() ? std::string{task->get_string()}
                                              : std::string{};
}

} // namespace

std::vector<std::string> sensitive_places(const json::value& schema,
                                          const std::string& root) {
  place_finder finder{schema};
  if (!finder.walk(schema, root))
    return {root};
  return std::move(finder.found);
}

void take_sensitive(const definition& of, std::string_view root,
                    const json::value& value, json::array& out) {
  for (const auto& place : of.sensitive)
    if (const auto rest = below(place, root))
      each_at(value, *rest, [&](const json::value& v) { out.push_back(v); });
}

void hide_sensitive(const definition& of, std::string_view root,
                    const json::value& value, std::vector<fault>& faults) {
  json::array values;
  take_sensitive(of, root, value, values);
  if (values.empty())
    return;
  const redactor hides{json::value(std::move(values))};
  for (auto& f : faults) {
    const bool there
      = std::ranges::any_of(of.sensitive, [&](const auto& place) {
          const auto rest = below(place, root);
          return rest && is_at(*rest, f.pointer);
        });
    f.detail = there ? "it does not fit, and must not be shown"
                     : hides(std::move(f.detail));
  }
}

masker::masker(const instance_state& s, const definition& of,
               redactor_ptr known) {
  if (of.sensitive.empty())
    return;
  places_ = &of.sensitive;
  known_ = std::move(known);
  if (known_)
    return;
  json::array values;
  const std::pair<std::string_view, const datum&> roots[]
    = {{"/input", s.raw_input}, {"/output", s.output}, {"/context", s.context}};
  for (const auto& [root, value] : roots)
    if (value)
      take_sensitive(of, root, *value, values);
  known_ = std::make_shared<const redactor>(json::value(std::move(values)));
}

json::object masker::instance(json::object shown) const {
  if (idle())
    return shown;
  for (const auto* name : {"input", "output", "context"})
    hide(shown, "/" + std::string{name}, name, *places_);
  return std::move(anything(json::value(std::move(shown))).get_object());
}

void masker::hide_task(std::string_view task, json::object& data) const {
  if (task.empty())
    return;
  for (const auto* name : {"input", "output"})
    hide(data, std::string{task} + "/" + name, name, *places_);
}

json::object masker::fact(std::string_view type, std::string_view task,
                          json::object data) const {
  if (idle())
    return data;
  if (type == "instance.created" || type == "instance.started")
    hide(data, "/input", "input", *places_);
  if (type == "instance.completed")
    hide(data, "/output", "output", *places_);
  hide(data, "/context", "context", *places_);
  hide_task(task, data);
  return std::move(anything(json::value(std::move(data))).get_object());
}

json::object masker::run(json::object shown) const {
  if (idle())
    return shown;
  hide_task(task_in(shown), shown);
  return std::move(anything(json::value(std::move(shown))).get_object());
}

json::value masker::lifecycle(json::value told) const {
  if (idle())
    return told;
  auto& data = told.at("data").as_object();
  if (const auto task = task_in(data); !task.empty())
    hide_task(task, data);
  else
    hide(data, "/output", "output", *places_);
  return anything(std::move(told));
}

json::value masker::anything(json::value shown) const {
  return idle() || known_->idle() ? shown : (*known_)(std::move(shown));
}

} // namespace pawl
