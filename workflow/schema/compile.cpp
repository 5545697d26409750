#include "workflow/near_miss.hpp"
#include "workflow/schema/compiler.hpp"

#include <algorithm>
#include <charconv>

namespace pawl::schemas {

namespace {

constexpr int levels_max = 128;
constexpr std::size_t faults_max = 64;

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

/// The member or element of `value` that `token` names, or null.
const json::value* step(const json::value& value, std::string_view token) {
  if (const auto* object = value.if_object()) {
    const auto found = object->find(token);
    return found != object->end() ? &found->value() : nullptr;
  }
  if (const auto* list = value.if_array()) {
    std::size_t i = 0;
    const auto [end, ec]
      = std::from_chars(token.data(), token.data() + token.size(), i);
    if (ec == std::errc{} && end == token.data() + token.size()
        && i < list->size())
      return &(*list)[i];
  }
  return nullptr;
}

/// Whether `value` nests deeper than `levels`.
bool is_deeper(const json::value& value, int levels) {
  if (levels < 0)
    return true;
  if (const auto* list = value.if_array())
    return std::any_of(list->begin(), list->end(), [levels](const auto& each) {
      return is_deeper(each, levels - 1);
    });
  if (const auto* object = value.if_object())
    return std::any_of(object->begin(), object->end(),
                       [levels](const auto& each) {
                         return is_deeper(each.value(), levels - 1);
                       });
  return false;
}

std::string unescape(std::string token) {
  for (std::size_t at = 0; (at = token.find('~', at)) != std::string::npos;
       ++at)
    token.replace(at, 2, token.substr(at, 2) == "~1" ? "/" : "~");
  return token;
}

/// Calls `visit` with every node that applies to the same value as `from`.
template <class Visit>
void for_same_value(const node& from, Visit visit) {
  for (const auto* list : {&from.all_of, &from.any_of, &from.one_of})
    for (const auto* next : *list)
      visit(next);
  for (const auto* next : {from.not_, from.if_, from.then, from.else_})
    if (next != nullptr)
      visit(next);
  for (const auto& each : from.dependent_schemas)
    visit(each.second);
}

} // namespace

void compiler::blame(const spot& where, std::string detail) {
  if (faults_.size() < faults_max)
    faults_.push_back({where.pointer, 0, 0, std::move(detail)});
}

void compiler::read_draft(const spot& root) {
  const auto* object = root.value->if_object();
  const auto* found
    = object != nullptr ? object->if_contains("$schema") : nullptr;
  if (found == nullptr)
    return;
  const auto where = root.member("$schema", *found);
  if (!found->is_string())
    return blame(where, "'$schema' must be text");
  const auto uri = view(found->get_string());
  if (uri.find("json-schema.org/draft-07/schema") != std::string_view::npos)
    draft_ = draft::draft_07;
  else if (uri.find("json-schema.org/draft/2020-12/schema")
           != std::string_view::npos)
    draft_ = draft::draft_2020_12;
  else
    blame(where, "the dialect " + quoted(uri)
                   + " is not supported; draft-07 and 2020-12 are");
}

void compiler::name(const std::string& uri, const spot& where) {
  if (!named_.emplace(uri, where).second)
    blame(where, "two schemas are named " + quoted(uri));
}

void compiler::index_names(spot& where) {
  const auto& object = where.value->get_object();
  const auto* id = object.if_contains("$id");
  if (draft_ == draft::draft_07 && object.contains("$ref"))
    id = nullptr; // Draft-07 looks at nothing else beside a reference.
  if (id != nullptr && id->is_string()) {
    auto uri = resolve_uri(bases_[where.resource], view(id->get_string()));
    const auto hash = uri.find('#');
    const bool is_anchor = hash != std::string::npos && hash + 1 < uri.size();
    if (is_anchor && id->get_string().starts_with("#")
        && draft_ != draft::draft_2020_12)
      return name(uri, where); // Draft-07's way to write an anchor.
    if (is_anchor)
      blame(where, "'$id' cannot have a fragment");
    uri.resize(std::min(hash, uri.size()));
    bases_.push_back(uri);
    where.resource = static_cast<std::uint32_t>(bases_.size() - 1);
    name(uri, where);
  }
  const auto* anchor = object.if_contains("$anchor");
  if (anchor != nullptr && anchor->is_string())
    name(bases_[where.resource] + '#' + std::string{view(anchor->get_string())},
         where);
}

void compiler::index(const spot& where) {
  auto here = where;
  if (here.value->is_object())
    index_names(here);
  positions_.emplace(here.value, here.resource);
  if (here.value->is_object())
    index_children(here);
}

void compiler::index_children(const spot& where) {
  const auto is_one_of
    = [](std::string_view key, std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), key) != names.end();
      };
  for (const auto& [key, value] : where.value->get_object()) {
    const auto name = view(key);
    const auto there = where.member(name, value);
    const bool single = is_one_of(
      name, {"items", "additionalItems", "contains", "additionalProperties",
             "propertyNames", "not", "if", "then", "else",
             "unevaluatedProperties", "unevaluatedItems"});
    if (single && !value.is_array()) {
      index(there);
    } else if (is_one_of(name,
                         {"allOf", "anyOf", "oneOf", "prefixItems", "items"})
               && value.is_array()) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i)
        index(there.item(i));
    } else if (is_one_of(name,
                         {"properties", "patternProperties", "$defs",
                          "definitions", "dependentSchemas", "dependencies"})
               && value.is_object()) {
      for (const auto& [inner, schema] : value.get_object())
        if (!schema.is_array())
          index(there.member(view(inner), schema));
    }
  }
}

node* compiler::make(const spot& where) {
  if (const auto found = made_.find(where.value); found != made_.end())
    return found->second;
  out_.nodes.push_back(std::make_unique<node>());
  auto* const made = out_.nodes.back().get();
  made_.emplace(where.value, made);
  made->pointer = where.pointer;
  auto here = where;
  if (const auto known = positions_.find(where.value);
      known != positions_.end())
    here.resource = known->second;
  if (const auto* all = here.value->if_bool())
    made->never = !*all;
  else if (here.value->is_object())
    fill(*made, here);
  else
    blame(here, "a schema is an object, true or false");
  return made;
}

std::optional<spot> compiler::find(const std::string& target) const {
  const auto hash = target.find('#');
  const auto uri = target.substr(0, hash);
  const auto fragment
    = hash == std::string::npos ? "" : percent_decode(target.substr(hash + 1));
  if (!fragment.empty() && fragment.front() != '/') {
    const auto found = named_.find(uri + '#' + fragment);
    return found != named_.end() ? std::optional{found->second} : std::nullopt;
  }
  const auto found = named_.find(uri);
  if (found == named_.end())
    return std::nullopt;
  auto where = found->second;
  for (std::string_view rest = fragment; !rest.empty();) {
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    const auto token = unescape(std::string{rest.substr(0, slash)});
    const auto* next = step(*where.value, token);
    if (next == nullptr)
      return std::nullopt;
    where = where.member(token, *next);
    rest.remove_prefix(std::min(slash, rest.size()));
  }
  return where;
}

void compiler::resolve(const pending_reference& reference) {
  const auto target
    = resolve_uri(bases_[reference.where.resource], reference.target);
  const auto found = find(target);
  if (!found)
    return blame(reference.where,
                 "the reference " + quoted(reference.target)
                   + " leads nowhere within this document; references to other "
                     "documents are not supported");
  reference.from->all_of.insert(reference.from->all_of.begin(), make(*found));
}

void compiler::refuse_loops() {
  // Takes away what leads to nothing untaken, again and again; what stays
  // leads into a circle that consumes no part of the value.
  std::unordered_map<const node*, std::vector<const node*>> from;
  std::unordered_map<const node*, std::size_t> open;
  std::vector<const node*> done;
  for (const auto& each : out_.nodes) {
    auto& count = open[each.get()];
    for_same_value(*each, [&](const node* next) {
      ++count;
      from[next].push_back(each.get());
    });
    if (count == 0)
      done.push_back(each.get());
  }
  std::size_t taken = 0;
  while (!done.empty()) {
    const auto* const leaf = done.back();
    done.pop_back();
    ++taken;
    for (const auto* parent : from[leaf])
      if (--open[parent] == 0)
        done.push_back(parent);
  }
  if (taken == out_.nodes.size())
    return;
  for (const auto& each : out_.nodes)
    if (open[each.get()] != 0)
      return blame({nullptr, each->pointer, 0},
                   "the references from here lead in a circle");
}

std::vector<fault> compiler::run() {
  const spot root{&out_.document, "", 0};
  read_draft(root);
  index(root);
  named_.emplace("", root); // Also when it has an `$id`.
  if (!faults_.empty())
    return std::move(faults_);
  out_.root = make(root);
  while (!pending_.empty()) {
    const auto next = std::move(pending_.back());
    pending_.pop_back();
    resolve(next);
  }
  if (faults_.empty())
    refuse_loops();
  return std::move(faults_);
}

result<std::shared_ptr<const compiled>> compile(const json::value& document,
                                                std::size_t& pattern_budget) {
  if (is_deeper(document, levels_max)) {
    error e{errc::invalid_definition, "the schema has more than 128 levels"};
    e.faults.push_back({"", 0, 0, e.detail});
    return e;
  }
  auto out = std::make_shared<compiled>();
  out->document = document;
  auto faults = compiler{*out, pattern_budget}.run();
  if (faults.empty())
    return std::shared_ptr<const compiled>{std::move(out)};
  error e{errc::invalid_definition, faults.front().detail};
  e.faults = std::move(faults);
  return e;
}

} // namespace pawl::schemas
