#include "workflow/near_miss.hpp"
#include "workflow/schema/compiler.hpp"

#include <algorithm>
#include <array>

namespace pawl::schemas {

namespace {

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

} // namespace

/// Every keyword that we know, and what it does. What is not here is refused by
/// name.
struct keyword_table {
  using draft = compiler::draft;
  using handler = void (*)(compiler& c, node& to, const spot& where);
  struct row {
    std::string_view name;
    handler take;
    draft only = draft::both;
  };

  template <void (compiler::*Take)(node&, const spot&)>
  static void call(compiler& c, node& to, const spot& where) {
    (c.*Take)(to, where);
  }
  template <std::optional<std::uint64_t> node::*Field>
  static void count(compiler& c, node& to, const spot& where) {
    to.*Field = c.count(where);
  }
  template <std::optional<json::value> node::*Field>
  static void number(compiler& c, node& to, const spot& where) {
    to.*Field = c.number(where);
  }
  template <const node* node::*Field>
  static void schema(compiler& c, node& to, const spot& where) {
    to.*Field = c.make(where);
  }
  template <std::vector<const node*> node::*Field>
  static void schemas(compiler& c, node& to, const spot& where) {
    to.*Field = c.list(where);
  }
  static void min_contains(compiler& c, node& to, const spot& where) {
    to.min_contains = c.count(where).value_or(1);
  }
  static void required(compiler& c, node& to, const spot& where) {
    to.required = c.texts(where);
  }
  static void constant(compiler& /*c*/, node& to, const spot& where) {
    to.constant = *where.value;
  }

  static const row* find(std::string_view name);
  static std::vector<std::string_view> names();
  static const std::array<row, 61> rows;
};

using table = keyword_table;
constexpr auto draft_2020_12 = table::draft::draft_2020_12;

const std::array<table::row, 61> keyword_table::rows{{
  {"$schema", call<&compiler::ignore>},
  {"$id", call<&compiler::ignore>},
  {"$anchor", call<&compiler::ignore>, draft_2020_12},
  {"$ref", call<&compiler::reference>},
  {"$comment", call<&compiler::ignore>},
  {"$defs", call<&compiler::ignore>},
  {"definitions", call<&compiler::ignore>},
  {"title", call<&compiler::ignore>},
  {"description", call<&compiler::ignore>},
  {"default", call<&compiler::ignore>},
  {"example", call<&compiler::ignore>},
  {"examples", call<&compiler::ignore>},
  {"deprecated", call<&compiler::ignore>},
  {"readOnly", call<&compiler::ignore>},
  {"writeOnly", call<&compiler::ignore>},
  {"contentMediaType", call<&compiler::ignore>},
  {"contentEncoding", call<&compiler::ignore>},
  {"contentSchema", call<&compiler::ignore>},
  {"type", call<&compiler::type>},
  {"enum", call<&compiler::enumeration>},
  {"const", &constant},
  {"multipleOf", call<&compiler::multiple_of>},
  {"minimum", number<&node::minimum>},
  {"maximum", number<&node::maximum>},
  {"exclusiveMinimum", number<&node::exclusive_minimum>},
  {"exclusiveMaximum", number<&node::exclusive_maximum>},
  {"minLength", count<&node::min_length>},
  {"maxLength", count<&node::max_length>},
  {"pattern", call<&compiler::pattern_of>},
  {"format", call<&compiler::format>},
  {"prefixItems", schemas<&node::prefix>, draft_2020_12},
  {"items", call<&compiler::items>},
  {"additionalItems", call<&compiler::ignore>}, // See fill().
  {"contains", schema<&node::contains>},
  {"minContains", &min_contains, draft_2020_12},
  {"maxContains", count<&node::max_contains>, draft_2020_12},
  {"minItems", count<&node::min_items>},
  {"maxItems", count<&node::max_items>},
  {"uniqueItems", call<&compiler::unique_items>},
  {"properties", call<&compiler::properties>},
  {"patternProperties", call<&compiler::pattern_properties>},
  {"additionalProperties", schema<&node::additional>},
  {"propertyNames", schema<&node::names>},
  {"required", &required},
  {"minProperties", count<&node::min_properties>},
  {"maxProperties", count<&node::max_properties>},
  {"dependentRequired", call<&compiler::dependent_required>, draft_2020_12},
  {"dependentSchemas", call<&compiler::dependent_schemas>, draft_2020_12},
  {"dependencies", call<&compiler::dependencies>},
  {"allOf", call<&compiler::ignore>}, // See fill().
  {"anyOf", schemas<&node::any_of>},
  {"oneOf", schemas<&node::one_of>},
  {"not", schema<&node::not_>},
  {"if", schema<&node::if_>},
  {"then", schema<&node::then>},
  {"else", schema<&node::else_>},
  {"unevaluatedProperties", call<&compiler::unevaluated>, draft_2020_12},
  {"unevaluatedItems", call<&compiler::unevaluated>, draft_2020_12},
  // Known by name, so that a near miss is not taken for them.
  {"$dynamicRef", nullptr},
  {"$dynamicAnchor", nullptr},
  {"$vocabulary", nullptr},
}};

const table::row* keyword_table::find(std::string_view name) {
  const auto* found
    = std::find_if(rows.begin(), rows.end(),
                   [name](const row& each) { return each.name == name; });
  return found != rows.end() ? found : nullptr;
}

std::vector<std::string_view> keyword_table::names() {
  std::vector<std::string_view> out;
  for (const auto& each : rows)
    if (each.take != nullptr)
      out.push_back(each.name);
  return out;
}

void compiler::fill(node& to, const spot& where) {
  const auto& object = where.value->get_object();
  if (const auto* all = object.if_contains("allOf"))
    to.all_of = list(where.member("allOf", *all));
  if (const auto* rest = object.if_contains("additionalItems")) {
    const auto* made = make(where.member("additionalItems", *rest));
    // It says something only about what comes behind a list of `items`.
    const auto* items = object.if_contains("items");
    if (items != nullptr && items->is_array())
      to.items = made;
  }
  const bool alone = draft_ == draft::draft_07 && object.contains("$ref");
  for (const auto& [key, value] : object) {
    const auto name = view(key);
    const auto there = where.member(name, value);
    if (name.starts_with("x-"))
      continue; // Somebody's own: it says nothing about the value.
    const auto* row = table::find(name);
    if (row == nullptr || row->take == nullptr) {
      blame(there, "the keyword " + quoted(name) + " is not supported."
                     + (row == nullptr ? did_you_mean(name, table::names())
                                       : std::string{}));
    } else if (row->only != draft::both && draft_ != draft::both
               && row->only != draft_) {
      blame(there, "the keyword " + quoted(name)
                     + " does not belong to the draft that '$schema' names");
    } else if (alone && name != "$ref"
               && row->take != &table::call<&compiler::ignore>) {
      blame(there, "draft-07 ignores " + quoted(name)
                     + " beside '$ref'; put both into 'allOf'");
    } else {
      row->take(*this, to, there);
    }
  }
}

void compiler::ignore(node& /*to*/, const spot& /*where*/) {}

void compiler::reference(node& to, const spot& where) {
  if (!where.value->is_string())
    return blame(where, "'$ref' must be text");
  pending_.push_back(
    {&to, std::string{view(where.value->get_string())}, where});
}

void compiler::unevaluated(node& to, const spot& where) {
  out_.tracks = true;
  (where.pointer.ends_with("Items") ? to.unevaluated_items
                                    : to.unevaluated_properties)
    = make(where);
}

} // namespace pawl::schemas
