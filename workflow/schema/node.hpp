#pragma once

#include "base/json.hpp"
#include "workflow/uri.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <re2/re2.h>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pawl::schemas {

/// Whether a text has the form that a `format` names.
using format_check = bool (*)(std::string_view);

/// The six types of JSON and `integer`, as bits.
enum type_bit : std::uint8_t {
  type_null = 1,
  type_boolean = 2,
  type_object = 4,
  type_array = 8,
  type_number = 16,
  type_string = 32,
  type_integer = 64,
};

/// One compiled schema. What is absent does not constrain. Nodes point to one
/// another (by `$ref` also in circles) and live in the compiled schema.
struct node {
  std::string pointer; ///< Where it stands in the schema document.
  bool never = false;  ///< The schema `false`.

  std::uint8_t types = 0; ///< type_bits; 0 is any.
  std::optional<json::array> enumeration;
  std::optional<json::value> constant;
  std::optional<json::value> minimum, maximum;
  std::optional<json::value> exclusive_minimum, exclusive_maximum;
  std::optional<json::value> multiple_of;
  std::optional<std::uint64_t> min_length, max_length;
  std::shared_ptr<const RE2> pattern;
  format_check format = nullptr;
  std::string format_name;

  std::vector<const node*> prefix;
  const node* items = nullptr; ///< Of those behind the prefix.
  const node* contains = nullptr;
  std::uint64_t min_contains = 1;
  std::optional<std::uint64_t> max_contains;
  std::optional<std::uint64_t> min_items, max_items;
  bool unique_items = false;

  std::unordered_map<std::string_view, const node*> properties;
  std::vector<std::pair<std::shared_ptr<const RE2>, const node*>> patterns;
  const node* additional = nullptr;
  const node* names = nullptr;
  std::vector<std::string> required;
  std::optional<std::uint64_t> min_properties, max_properties;
  std::vector<std::pair<std::string, std::vector<std::string>>>
    dependent_required;

  /// What applies to the same value. `$ref` is the first of `all_of`.
  std::vector<const node*> all_of, any_of, one_of;
  const node* not_ = nullptr;
  const node* if_ = nullptr;
  const node* then = nullptr;
  const node* else_ = nullptr;
  std::vector<std::pair<std::string, const node*>> dependent_schemas;
  const node* unevaluated_properties = nullptr;
  const node* unevaluated_items = nullptr;
};

/// A compiled schema document.
struct compiled {
  json::value document; ///< Owns the texts that nodes refer to.
  std::vector<std::unique_ptr<node>> nodes;
  const node* root = nullptr;
  bool tracks = false; ///< An `unevaluated...` stands somewhere.
};

/// Checks `value` and returns its faults, at most 32.
[[nodiscard]] std::vector<fault> check(const compiled& schema,
                                       const json::value& value);

/// Compiles `document`; see compile_schema.
[[nodiscard]] result<std::shared_ptr<const compiled>>
compile(const json::value& document, std::size_t& pattern_budget);

/// The check behind the `format` named `name`. `known` says whether it is one
/// that we know: some are only annotations and have no check.
struct format_rule {
  bool known = false;
  format_check check = nullptr;
};
[[nodiscard]] format_rule find_format(std::string_view name);

/// Whether two values are equal as JSON Schema has it: 1 and 1.0 are.
[[nodiscard]] bool same_value(const json::value& a, const json::value& b);

/// -1, 0 or 1 for two numbers, exact also beyond 2^53.
[[nodiscard]] int compare_numbers(const json::value& a, const json::value& b);

/// Whether `n` has no fraction.
[[nodiscard]] bool is_whole(double n);

/// Whether the number `n` is a multiple of `of`, but for binary rounding.
[[nodiscard]] bool is_multiple(const json::value& n, const json::value& of);

} // namespace pawl::schemas
