#pragma once

#include "workflow/schema/node.hpp"

#include <string>

/// Values and types in the words of a fault.
namespace pawl::schemas {

/// The type_bits of `value`; a whole number has two.
[[nodiscard]] std::uint8_t types_of(const json::value& value);

/// "a string or null" for the type_bits `types`.
[[nodiscard]] std::string names_of(std::uint8_t types);

/// `value` as a message can bear it: short scalars as JSON, else its type.
[[nodiscard]] std::string shown(const json::value& value);

/// The first ten of `values`.
[[nodiscard]] std::string allowed(const json::array& values);

/// How many characters the UTF-8 `text` has.
[[nodiscard]] std::uint64_t characters(std::string_view text);

} // namespace pawl::schemas
