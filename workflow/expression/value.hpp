#pragma once

#include "base/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace pawl::expression {

struct array_node;
struct object_node;

/// How a value is held. The order is not jq's order of types; see rank().
enum class holds : std::uint32_t {
  null,
  no,
  yes,
  integer, ///< Exact.
  real,
  text,        ///< Borrowed or in the arena.
  array,       ///< Of ours, in the arena.
  object,      ///< Of ours, in the arena.
  json_array,  ///< The caller's, borrowed.
  json_object, ///< The caller's, borrowed.
};

/// The two halves of a val.
struct val_payload {
  union {
    std::int64_t integer;
    double real;
    const char* text;
    const array_node* array;
    const object_node* object;
    const json::array* json_array;
    const json::object* json_object;
  };
  val_payload() : integer{0} {}
};
struct val_tag {
  std::uint32_t size = 0; ///< Bytes of a text.
  holds kind = holds::null;
};

/// A JSON value while an expression is evaluated: 16 bytes, freely copied,
/// owns nothing. What it points at is the caller's data or lies in the arena
/// of the evaluation, and is never changed.
struct val : val_payload, val_tag {
  val() = default;
  // By halves, as they are written: a processor that has just stored two
  // halves cannot load them as one for some 15 cycles.
  val(const val& other) : val_payload{other.payload()}, val_tag{other.tag()} {}
  val& operator=(const val& other) {
    payload() = other.payload();
    tag() = other.tag();
    return *this;
  }
  ~val() = default;

  [[nodiscard]] static val of(bool b) {
    val v;
    v.kind = b ? holds::yes : holds::no;
    return v;
  }
  [[nodiscard]] static val of(std::int64_t i) {
    val v;
    v.kind = holds::integer;
    v.integer = i;
    return v;
  }
  [[nodiscard]] static val of(double d) {
    val v;
    v.kind = holds::real;
    v.real = d;
    return v;
  }
  [[nodiscard]] static val of(std::string_view s) {
    val v;
    v.text = s.data();
    static_cast<val_tag&>(v) = std::bit_cast<val_tag>(
      (std::uint64_t{s.size()} & 0xFFFFFFFF)
      | static_cast<std::uint64_t>(holds::text) << 32U);
    return v;
  }
  /// Without this a literal would become a boolean.
  [[nodiscard]] static val of(const char* s) { return of(std::string_view{s}); }
  [[nodiscard]] static val of(const array_node* a) {
    val v;
    v.kind = holds::array;
    v.array = a;
    return v;
  }
  [[nodiscard]] static val of(const object_node* o) {
    val v;
    v.kind = holds::object;
    v.object = o;
    return v;
  }
  /// Borrows `j`.
  [[nodiscard]] static val of(const json::value& j);

  [[nodiscard]] bool truthy() const {
    return kind != holds::null && kind != holds::no;
  }
  [[nodiscard]] bool is_number() const {
    return kind == holds::integer || kind == holds::real;
  }
  [[nodiscard]] bool is_text() const { return kind == holds::text; }
  [[nodiscard]] bool is_array() const {
    return kind == holds::array || kind == holds::json_array;
  }
  [[nodiscard]] bool is_object() const {
    return kind == holds::object || kind == holds::json_object;
  }
  [[nodiscard]] std::string_view view() const { return {text, size}; }
  [[nodiscard]] double number() const {
    return kind == holds::integer ? static_cast<double>(integer) : real;
  }

private:
  val_payload& payload() { return *this; }
  [[nodiscard]] const val_payload& payload() const { return *this; }
  val_tag& tag() { return *this; }
  [[nodiscard]] const val_tag& tag() const { return *this; }
};
static_assert(sizeof(val) == 16 && std::endian::native == std::endian::little);

/// Storage behind arrays that share a beginning: only the array that ends at
/// `used` may grow in place, for nobody else sees what lies behind it.
struct room {
  std::uint32_t used = 0;
  std::uint32_t capacity = 0;
  std::uint32_t* index = nullptr; ///< Hash index of an object, or null.
  std::uint32_t slots = 0;        ///< Of the index; a power of two.
};

struct array_node {
  val* items;
  std::uint32_t size;
  room* behind;
};

struct entry {
  val key; ///< A text.
  val value;
};

struct object_node {
  entry* items; ///< In the order of insertion; keys are unique.
  std::uint32_t size;
  room* behind;
};

/// jq's order of types: null, false, true, number, string, array, object.
[[nodiscard]] int rank(const val& v);

/// jq's name of the type: "boolean".
[[nodiscard]] std::string_view type_name(const val& v);

/// Elements of an array, pairs of an object.
[[nodiscard]] std::uint32_t count(const val& v);

/// Element `i`, which must exist, of an array.
[[nodiscard]] val item(const val& array, std::uint32_t i);

/// Whether both are the same value at the same place; what jq uses to tell
/// whether a path still leads to a value.
[[nodiscard]] bool identical(const val& a, const val& b);

inline val val::of(const json::value& j) {
  val v;
  switch (j.kind()) {
  case json::kind::null:
    break;
  case json::kind::bool_:
    v.kind = *j.if_bool() ? holds::yes : holds::no;
    break;
  case json::kind::int64:
    v.kind = holds::integer;
    v.integer = *j.if_int64();
    break;
  case json::kind::uint64: {
    const auto u = *j.if_uint64();
    if (u > INT64_MAX)
      return of(static_cast<double>(u));
    return of(static_cast<std::int64_t>(u));
  }
  case json::kind::double_:
    v.kind = holds::real;
    v.real = *j.if_double();
    break;
  case json::kind::string:
    return of(std::string_view{*j.if_string()});
  case json::kind::array:
    v.kind = holds::json_array;
    v.json_array = j.if_array();
    break;
  case json::kind::object:
    v.kind = holds::json_object;
    v.json_object = j.if_object();
    break;
  }
  return v;
}

inline int rank(const val& v) {
  switch (v.kind) {
  case holds::null:
    return 0;
  case holds::no:
    return 1;
  case holds::yes:
    return 2;
  case holds::integer:
  case holds::real:
    return 3;
  case holds::text:
    return 4;
  case holds::array:
  case holds::json_array:
    return 5;
  case holds::object:
  case holds::json_object:
    break;
  }
  return 6;
}

inline std::uint32_t count(const val& v) {
  switch (v.kind) {
  case holds::array:
    return v.array->size;
  case holds::json_array:
    return static_cast<std::uint32_t>(v.json_array->size());
  case holds::object:
    return v.object->size;
  case holds::json_object:
    return static_cast<std::uint32_t>(v.json_object->size());
  default:
    return 0;
  }
}

inline val item(const val& array, std::uint32_t i) {
  if (array.kind == holds::json_array)
    return val::of((*array.json_array)[i]);
  return array.array->items[i];
}

} // namespace pawl::expression
