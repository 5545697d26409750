#include "workflow/near_miss.hpp"
#include "workflow/schema/compiler.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pawl::schemas {

namespace {

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

std::uint8_t type_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> types{{
    {"null", type_null},
    {"boolean", type_boolean},
    {"object", type_object},
    {"array", type_array},
    {"number", type_number},
    {"string", type_string},
    {"integer", type_integer},
  }};
  for (const auto& [text, bit] : types)
    if (text == name)
      return bit;
  return 0;
}

} // namespace

std::optional<std::uint64_t> compiler::count(const spot& where) {
  const auto& value = *where.value;
  if (value.is_int64() && value.get_int64() >= 0)
    return static_cast<std::uint64_t>(value.get_int64());
  if (value.is_uint64())
    return value.get_uint64();
  constexpr double exact_max = 9e15;
  if (const auto* real = value.if_double(); real != nullptr && *real >= 0
                                            && *real <= exact_max
                                            && std::floor(*real) == *real)
    return static_cast<std::uint64_t>(*real);
  blame(where, "it must be a whole number of at least 0");
  return std::nullopt;
}

std::optional<json::value> compiler::number(const spot& where) {
  if (where.value->is_number())
    return *where.value;
  blame(where, "it must be a number");
  return std::nullopt;
}

std::vector<std::string> compiler::texts(const spot& where) {
  std::vector<std::string> out;
  const auto* items = where.value->if_array();
  if (items == nullptr) {
    blame(where, "it must be a list of texts");
    return out;
  }
  for (std::size_t i = 0; i < items->size(); ++i) {
    if ((*items)[i].is_string())
      out.emplace_back(view((*items)[i].get_string()));
    else
      blame(where.item(i), "it must be text");
  }
  return out;
}

std::vector<const node*> compiler::list(const spot& where) {
  std::vector<const node*> out;
  const auto* items = where.value->if_array();
  if (items == nullptr || items->empty()) {
    blame(where, "it must be a list of at least one schema");
    return out;
  }
  for (std::size_t i = 0; i < items->size(); ++i)
    out.push_back(make(where.item(i)));
  return out;
}

std::shared_ptr<const RE2> compiler::pattern(const std::string& text,
                                             const spot& where) {
  if (const auto found = patterns_.find(text); found != patterns_.end())
    return found->second;
  if (pattern_budget_ == 0) {
    blame(where, "the document's regular expressions are too large together");
    return nullptr;
  }
  constexpr std::int64_t memory_max = std::int64_t{1024} * 1024;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_max);
  auto made = std::make_shared<const RE2>(text, options);
  constexpr std::size_t failed_cost = 1000;
  const auto cost
    = made->ok() ? static_cast<std::size_t>(made->ProgramSize()) : failed_cost;
  pattern_budget_ -= std::min(pattern_budget_, cost);
  if (!made->ok()) {
    blame(where, "the regular expression " + quoted(text)
                   + " does not compile (RE2): " + made->error());
    return nullptr;
  }
  patterns_.emplace(text, made);
  return made;
}

template <class Take>
void compiler::members(const spot& where, Take take) {
  const auto* object = where.value->if_object();
  if (object == nullptr)
    return blame(where, "it must be an object");
  for (const auto& [key, value] : *object)
    take(view(key), where.member(view(key), value));
}

void compiler::type(node& to, const spot& where) {
  const auto one = [&](const spot& at) {
    const auto* text = at.value->if_string();
    const auto bit = text != nullptr ? type_named(view(*text)) : 0;
    if (bit == 0)
      blame(at, "a type is one of null, boolean, object, array, number, "
                "string and integer");
    to.types = static_cast<std::uint8_t>(to.types | bit);
  };
  const auto* several = where.value->if_array();
  if (several == nullptr)
    return one(where);
  if (several->empty())
    blame(where, "it must name at least one type");
  for (std::size_t i = 0; i < several->size(); ++i)
    one(where.item(i));
}

void compiler::enumeration(node& to, const spot& where) {
  if (const auto* values = where.value->if_array())
    to.enumeration = *values;
  else
    blame(where, "'enum' must be a list");
}

void compiler::multiple_of(node& to, const spot& where) {
  to.multiple_of = number(where);
  if (to.multiple_of && compare_numbers(*to.multiple_of, json::value(0)) <= 0)
    blame(where, "'multipleOf' must be greater than 0");
}

void compiler::pattern_of(node& to, const spot& where) {
  if (!where.value->is_string())
    return blame(where, "'pattern' must be text");
  to.pattern = pattern(std::string{view(where.value->get_string())}, where);
}

void compiler::format(node& to, const spot& where) {
  if (!where.value->is_string())
    return blame(where, "'format' must be text");
  to.format_name = view(where.value->get_string());
  const auto rule = find_format(to.format_name);
  if (!rule.known)
    blame(where, "the format " + quoted(to.format_name)
                   + " is not supported; use 'pattern', or leave it out");
  to.format = rule.check;
}

void compiler::items(node& to, const spot& where) {
  if (!where.value->is_array()) {
    to.items = make(where);
    return;
  }
  if (draft_ == draft::draft_2020_12)
    return blame(where, "'items' as a list is 'prefixItems' in 2020-12");
  if (!where.value->get_array().empty())
    to.prefix = list(where);
}

void compiler::unique_items(node& to, const spot& where) {
  if (const auto* on = where.value->if_bool())
    to.unique_items = *on;
  else
    blame(where, "'uniqueItems' must be true or false");
}

void compiler::properties(node& to, const spot& where) {
  members(where, [&](std::string_view name, const spot& at) {
    to.properties.emplace(name, make(at));
  });
}

void compiler::pattern_properties(node& to, const spot& where) {
  members(where, [&](std::string_view name, const spot& at) {
    auto compiled_name = pattern(std::string{name}, at);
    to.patterns.emplace_back(std::move(compiled_name), make(at));
  });
}

void compiler::dependent_required(node& to, const spot& where) {
  members(where, [&](std::string_view name, const spot& at) {
    to.dependent_required.emplace_back(std::string{name}, texts(at));
  });
}

void compiler::dependent_schemas(node& to, const spot& where) {
  members(where, [&](std::string_view name, const spot& at) {
    to.dependent_schemas.emplace_back(std::string{name}, make(at));
  });
}

void compiler::dependencies(node& to, const spot& where) {
  members(where, [&](std::string_view name, const spot& at) {
    if (at.value->is_array())
      to.dependent_required.emplace_back(std::string{name}, texts(at));
    else
      to.dependent_schemas.emplace_back(std::string{name}, make(at));
  });
}

} // namespace pawl::schemas
