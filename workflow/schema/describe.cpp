#include "workflow/schema/describe.hpp"

#include <algorithm>

namespace pawl::schemas {

std::uint8_t types_of(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return type_null;
  case json::kind::bool_:
    return type_boolean;
  case json::kind::object:
    return type_object;
  case json::kind::array:
    return type_array;
  case json::kind::string:
    return type_string;
  case json::kind::double_:
    return is_whole(value.get_double()) ? type_number | type_integer
                                        : type_number;
  case json::kind::int64:
  case json::kind::uint64:
    break;
  }
  return type_number | type_integer;
}

std::string names_of(std::uint8_t types) {
  std::string out;
  const auto add = [&](std::uint8_t bit, std::string_view name) {
    if ((types & bit) != 0)
      out.append(out.empty() ? "" : " or ").append(name);
  };
  add(type_null, "null");
  add(type_boolean, "a boolean");
  add(type_object, "an object");
  add(type_array, "an array");
  add(type_number, "a number");
  add(type_string, "a string");
  add(type_integer, "an integer");
  return out;
}

/// A value in a message, cut short.
std::string shown(const json::value& value) {
  if (value.is_array())
    return "an array";
  if (value.is_object())
    return "an object";
  auto text = to_text(value);
  constexpr std::size_t shown_max = 60;
  if (text.size() <= shown_max)
    return text;
  return value.is_string() ? "this string" : text.substr(0, shown_max) + "...";
}

std::uint64_t characters(std::string_view text) {
  return static_cast<std::uint64_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
    }));
}

std::string allowed(const json::array& values) {
  constexpr std::size_t shown_max = 10;
  std::string out;
  for (std::size_t i = 0; i < values.size() && i < shown_max; ++i)
    out += (i == 0 ? "" : ", ") + shown(values[i]);
  return values.size() > shown_max ? out + ", ..." : out;
}

} // namespace pawl::schemas
