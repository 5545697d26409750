#include "workflow/expression/value.hpp"

#include "workflow/expression/workspace.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace pawl::expression {

int rank(const val& v) {
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

std::string_view type_name(const val& v) {
  constexpr std::string_view names[]{"null",   "boolean", "boolean", "number",
                                     "string", "array",   "object"};
  return names[rank(v)];
}

std::uint32_t count(const val& v) {
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

val item(const val& array, std::uint32_t i) {
  if (array.kind == holds::json_array)
    return val::of((*array.json_array)[i]);
  return array.array->items[i];
}

bool identical(const val& a, const val& b) {
  if (a.kind != b.kind)
    return false;
  switch (a.kind) {
  case holds::null:
  case holds::no:
  case holds::yes:
    return true;
  case holds::text:
    return a.text == b.text && a.size == b.size;
  default:
    return a.integer == b.integer; // The bits, whatever they mean.
  }
}

val sorted_keys(workspace& w, const val& object) {
  const auto n = count(object);
  const val made = w.new_array(n);
  auto* const node = const_cast<array_node*>(made.array);
  w.step(n);
  entry e;
  for (pairs all{object}; all.next(e);)
    node->items[node->size++] = e.key;
  node->behind->used = node->size;
  std::sort(node->items, node->items + node->size,
            [](const val& a, const val& b) { return a.view() < b.view(); });
  return made;
}

namespace {

void guard(int depth) {
  if (depth > depth_max)
    throw budget_spent{"The value nests too deeply."};
}

int compare_numbers(const val& a, const val& b) {
  if (a.kind == holds::integer && b.kind == holds::integer)
    return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  const double x = a.number();
  const double y = b.number();
  // jq sorts "not a number" below every number, itself included.
  if (std::isnan(x))
    return -1;
  if (std::isnan(y))
    return 1;
  return x < y ? -1 : x > y ? 1 : 0;
}

int compare_arrays(workspace& w, const val& a, const val& b, int depth) {
  const auto n = std::min(count(a), count(b));
  for (std::uint32_t i = 0; i < n; ++i)
    if (const int r = compare(w, item(a, i), item(b, i), depth + 1))
      return r;
  return count(a) < count(b) ? -1 : count(a) > count(b) ? 1 : 0;
}

int compare_objects(workspace& w, const val& a, const val& b, int depth) {
  const val keys = sorted_keys(w, a);
  if (const int r = compare_arrays(w, keys, sorted_keys(w, b), depth))
    return r;
  for (std::uint32_t i = 0; i < count(keys); ++i) {
    val x;
    val y;
    const auto key = item(keys, i).view();
    if (w.find(a, key, x) && w.find(b, key, y))
      if (const int r = compare(w, x, y, depth + 1))
        return r;
  }
  return 0;
}

} // namespace

int compare(workspace& w, const val& a, const val& b, int depth) {
  guard(depth);
  w.step();
  const int ra = rank(a);
  const int rb = rank(b);
  if (ra != rb)
    return ra < rb ? -1 : 1;
  switch (ra) {
  case 3:
    return compare_numbers(a, b);
  case 4:
    w.step(std::min(a.size, b.size) / 64);
    return a.view().compare(b.view());
  case 5:
    return compare_arrays(w, a, b, depth);
  case 6:
    return compare_objects(w, a, b, depth);
  default:
    return 0;
  }
}

bool equal(workspace& w, const val& a, const val& b, int depth) {
  guard(depth);
  w.step();
  if (rank(a) != rank(b))
    return false;
  switch (rank(a)) {
  case 3:
    if (a.kind == holds::integer && b.kind == holds::integer)
      return a.integer == b.integer;
    return a.number() == b.number();
  case 4:
    w.step(a.size / 64);
    return a.view() == b.view();
  case 5: {
    if (count(a) != count(b))
      return false;
    for (std::uint32_t i = 0; i < count(a); ++i)
      if (!equal(w, item(a, i), item(b, i), depth + 1))
        return false;
    return true;
  }
  case 6: {
    if (count(a) != count(b))
      return false;
    entry e;
    for (pairs all{a}; all.next(e);) {
      val other;
      if (!w.find(b, e.key.view(), other)
          || !equal(w, e.value, other, depth + 1))
        return false;
    }
    return true;
  }
  default:
    return true;
  }
}

namespace {

json::value number_to_json(const val& v) {
  if (v.kind == holds::integer)
    return v.integer;
  if (std::isnan(v.real))
    return nullptr;
  constexpr double exact = 9007199254740992.0; // 2^53
  if (std::abs(v.real) < exact && std::trunc(v.real) == v.real)
    return static_cast<std::int64_t>(v.real);
  constexpr double most = std::numeric_limits<double>::max();
  return std::clamp(v.real, -most, most);
}

} // namespace

json::value to_json(workspace& w, const val& v, int depth) {
  guard(depth);
  w.step();
  w.charge(sizeof(json::value));
  switch (v.kind) {
  case holds::null:
    return nullptr;
  case holds::no:
    return false;
  case holds::yes:
    return true;
  case holds::integer:
  case holds::real:
    return number_to_json(v);
  case holds::text:
    w.charge(v.size);
    return json::value(json::string_view{v.text, v.size});
  case holds::array:
  case holds::json_array: {
    json::array out;
    out.reserve(count(v));
    for (std::uint32_t i = 0; i < count(v); ++i)
      out.push_back(to_json(w, item(v, i), depth + 1));
    return out;
  }
  case holds::object:
  case holds::json_object:
    break;
  }
  json::object out;
  out.reserve(count(v));
  entry e;
  for (pairs all{v}; all.next(e);) {
    w.charge(e.key.size + sizeof(json::value));
    out.emplace(json::string_view{e.key.text, e.key.size},
                to_json(w, e.value, depth + 1));
  }
  return out;
}

} // namespace pawl::expression
